"""Unit tests of risk/session_filter.py."""

from assent.core.signal import ATTACKERS, Attacker, Signal, SignalStatus
from assent.risk.model import Model
from assent.risk.session_filter import told_by_behaviour


def signal(name: str, bits: int, status: SignalStatus = SignalStatus.OBSERVED) -> Signal:
    return Signal(name, status, name, (bits,) * len(ATTACKERS))


def test_nothing_done_tells_nothing() -> None:
    assert told_by_behaviour([]) == 0


def test_what_is_done_tells_who_acts_for_and_against_the_person() -> None:
    assert told_by_behaviour([signal("first_time_resource", 4000)]) == 4000
    assert told_by_behaviour([signal("volume", -2500)]) == -2500


def test_behaviour_and_volume_are_summed_and_each_is_combined_within() -> None:
    behaviour = [signal("first_time_resource", 4000), signal("first_time_action", 2000)]
    assert told_by_behaviour([*behaviour, signal("volume", 1000)]) == 4000 + 1000 + 1000


def test_the_connection_tells_nothing_as_it_stays_the_same() -> None:
    places = ("new_network", "new_device", "new_client", "off_hours", "impossible_travel")
    assert told_by_behaviour([signal(name, 9000) for name in places]) == 0


def test_what_a_session_was_so_far_is_not_counted_again() -> None:
    assert told_by_behaviour([signal("session_so_far", 9000)]) == 0


def test_only_what_whoever_took_over_a_device_shows_counts() -> None:
    weights = [9000] * len(ATTACKERS)
    weights[ATTACKERS.index(Attacker.STOLEN_DEVICE)] = 100
    one = Signal("volume", SignalStatus.OBSERVED, "v", tuple(weights))
    assert told_by_behaviour([one]) == 100


def test_what_could_not_be_measured_or_says_nothing_is_left_out() -> None:
    silent = Signal("volume", SignalStatus.ABSENT, "v")
    missing = signal("rare_sequence", 5000, SignalStatus.UNAVAILABLE)
    assert told_by_behaviour([silent, missing]) == 0


def test_the_order_of_signals_never_matters() -> None:
    found = [signal("volume", 300), signal("pace", -700), signal("fan_out", 1100)]
    assert told_by_behaviour(found) == told_by_behaviour(found[::-1]) == 550


def test_families_are_those_of_the_model() -> None:
    assert told_by_behaviour([signal("mine", 700)], Model({"mine": "volume"})) == 700
