"""Unit tests of signals/new_network.py."""

from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.aspects import network_chain
from assent.signals.new_network import measure
from signal_evidence import LYON, NOON, READ, evidence, familiar, knowing, weight

CHAIN = network_chain(LYON)


def measured(*own: int, peers: tuple[int, ...] = (90, 90, 90, 90, 90)) -> Signal:
    every = (90, 90, 90, 90, 900)
    seen = familiar("network", *CHAIN, own=own, peers=peers, every=every)
    return measure(READ, knowing(seen, network=LYON), NOON)


def test_the_most_general_level_that_is_new_is_named() -> None:
    assert measured(0, 0, 0, 0, 50).reason.startswith("country FR: never before by ana")
    assert measured(0, 0, 0, 50, 50).reason.startswith("AS64500: never before by ana")
    assert measured(0, 0, 50, 50, 50).reason.startswith("network 203.0.113.0/24: never before")
    assert measured(0, 50, 50, 50, 50).reason.startswith("203.0.113.7: never before by ana")


def test_a_network_that_is_used_speaks_for_the_person() -> None:
    signal = measured(41, 50, 50, 50, 50)
    assert signal.status is SignalStatus.ABSENT
    assert weight(signal, Attacker.NAIVE) < 0
    assert signal.reason == "203.0.113.7: 41 times by ana"


def test_who_sits_at_the_persons_own_network_is_not_betrayed_by_it() -> None:
    signal = measured(0, 0, 0, 0, 50)
    assert weight(signal, Attacker.NAIVE) > 0
    assert weight(signal, Attacker.INSIDER) == weight(signal, Attacker.STOLEN_DEVICE) == 0


def test_levels_that_no_file_tells_are_said_to_be_unknown() -> None:
    seen = familiar("network", "203.0.113.7", "?", "?", "?", own=(0, 0, 0, 0, 9))
    told = measure(READ, knowing(seen, network=LYON), NOON).reason
    assert told.startswith("an unknown country: never before")
    nearer = familiar("network", "203.0.113.7", "?", "?", "?", own=(0, 0, 0, 9, 9))
    assert "an unknown network" in measure(READ, knowing(nearer, network=LYON), NOON).reason


def test_without_an_address_nothing_can_be_said_and_where_it_failed_that_counts() -> None:
    none = measure(READ, evidence(), NOON)
    assert (none.status, none.weights) == (SignalStatus.UNAVAILABLE, ())
    failed = measure(READ, evidence(unavailable=frozenset({"network"})), NOON)
    assert failed.weights == (1500, 1500, 1500, 0, 0, 0, 0)
