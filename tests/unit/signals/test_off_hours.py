"""Unit tests of signals/off_hours.py."""

from assent.core.signal import Attacker, SignalStatus
from assent.signals.aspects import hour_chain
from assent.signals.off_hours import measure
from signal_evidence import NOON, READ, familiar, knowing, weight

CHAIN = hour_chain(NOON, 60)


def test_an_hour_that_is_new_for_the_person_is_told_in_their_zone() -> None:
    seen = familiar("hour", *CHAIN, own=(0, 0, 9, 9), every=(9, 90, 900, 900))
    signal = measure(READ, knowing(seen, local_offset_min=60), NOON)
    assert signal.status is SignalStatus.OBSERVED
    assert signal.reason.startswith("13 h weekday (UTC+01:00, the zone of ana): never before")


def test_where_the_zone_is_not_known_it_says_so() -> None:
    seen = familiar("hour", *CHAIN, own=(9, 9, 9, 9))
    told = measure(READ, knowing(seen), NOON).reason
    assert told == "Wed 13 h (UTC, as the zone of ana is not known): 9 times by ana"


def test_zones_west_of_utc_are_written_with_a_minus() -> None:
    seen = familiar("hour", *CHAIN, own=(0, 0, 0, 9))
    told = measure(READ, knowing(seen, local_offset_min=-210), NOON).reason
    assert told.startswith("weekday day (UTC-03:30, the zone of ana): never before")


def test_whoever_acts_as_the_person_at_the_persons_time_is_not_betrayed_by_it() -> None:
    seen = familiar("hour", *CHAIN, own=(0, 0, 0, 9), every=(9, 9, 9, 900))
    signal = measure(READ, knowing(seen), NOON)
    assert weight(signal, Attacker.INSIDER) == 0
    assert weight(signal, Attacker.STOLEN_DEVICE) > 0
