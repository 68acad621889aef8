"""Unit tests of signals/concurrent_sessions.py."""

from dataclasses import replace

from assent.core.evidence import Presence
from assent.core.network import Network
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.concurrent_sessions import apart, measure
from signal_evidence import HOUR, LYON, NOON, OSAKA, READ, evidence, sighting, weight


def measured(*others: Network, here: Network | None = LYON) -> Signal:
    presence = Presence(others=tuple(sighting(other, HOUR) for other in others))
    return measure(READ, evidence(network=here, presence=presence), NOON)


def test_sessions_from_two_networks_at_once_speak_against_outsiders() -> None:
    signal = measured(OSAKA, LYON)
    assert signal.status is SignalStatus.OBSERVED
    assert weight(signal, Attacker.NAIVE) == 2000
    assert weight(signal, Attacker.INSIDER) == 0
    assert signal.reason == ("ana has 1 other session open from AS64999, and this one from AS64500")


def test_sessions_from_one_network_say_nothing() -> None:
    assert measured(LYON, replace(LYON, address="192.0.2.1")).status is SignalStatus.ABSENT
    assert measured().reason == "ana has no other session open"


def test_the_operators_own_networks_are_where_people_are_besides_their_homes() -> None:
    office = replace(OSAKA, zones=frozenset({"office"}))
    assert measured(office).weights == ()
    assert apart(office, LYON) == apart(LYON, office) == 0.0


def test_networks_that_are_not_known_say_little_and_private_ones_nothing() -> None:
    assert apart(Network("203.0.113.1"), Network("198.51.100.1")) == 0.5
    assert apart(Network("10.0.0.1"), Network("127.0.0.1")) == 0.0


def test_what_is_not_known_is_said_openly() -> None:
    assert measured(OSAKA, here=None).status is SignalStatus.UNAVAILABLE
    away = evidence(network=LYON, unavailable=frozenset({"network"}))
    assert measure(READ, away, NOON).weights == (1500, 1500, 1500, 0, 0, 0, 0)
