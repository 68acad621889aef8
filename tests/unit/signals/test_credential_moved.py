"""Unit tests of signals/credential_moved.py."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.evidence import Presence
from assent.core.network import Network
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.credential_moved import measure, moved
from signal_evidence import HOUR, LYON, NOON, OSAKA, READ, evidence, sighting, weight


def measured(minted: Network, here: Network | None = LYON) -> Signal:
    presence = Presence(minted=sighting(minted, HOUR))
    return measure(READ, evidence(network=here, presence=presence), NOON)


@pytest.mark.parametrize(
    ("there", "bits"),
    [
        (LYON, 0.0),
        (replace(LYON, address="203.0.113.8"), 0.2),
        (replace(LYON, address="192.0.2.1", prefix="192.0.2.0/24"), 0.5),
        (replace(OSAKA, country="FR"), 3.0),
        (replace(OSAKA, country=""), 3.0),
        (OSAKA, 4.0),
        (replace(OSAKA, asn=None), 1.0),
    ],
)
def test_the_further_a_credential_moved_the_more_it_says(there: Network, bits: float) -> None:
    assert moved(sighting(there, HOUR), LYON)[0] == bits


def test_it_is_for_outsiders_and_tells_from_where_and_when() -> None:
    signal = measured(OSAKA)
    assert weight(signal, Attacker.TARGETED) == 4000
    assert weight(signal, Attacker.STOLEN_DEVICE) == weight(signal, Attacker.INSIDER) == 0
    assert signal.reason == "the credential was handed out to AS64999 in JP, another country"
    assert signal.at == NOON - HOUR


def test_private_networks_on_both_sides_say_nothing() -> None:
    signal = measured(Network("127.0.0.1"), Network("192.168.1.9"))
    assert (signal.status, signal.weights) == (SignalStatus.ABSENT, ())
    assert measured(Network("127.0.0.1")).weights[0] == 1000


def test_without_an_address_on_either_side_nothing_can_be_said() -> None:
    assert measure(READ, evidence(network=LYON), NOON).status is SignalStatus.ABSENT
    unknown = measured(OSAKA, None)
    assert (unknown.status, unknown.weights) == (SignalStatus.UNAVAILABLE, ())


def test_a_source_that_failed_counts() -> None:
    away = evidence(network=LYON, unavailable=frozenset({"presence"}))
    assert measure(READ, away, NOON).weights == (1500, 1500, 1500, 0, 0, 0, 0)


def test_a_date_that_no_calendar_has_is_left_out() -> None:
    presence = Presence(minted=replace(sighting(OSAKA, timedelta(0)), at_s=10**18))
    assert measure(READ, evidence(network=LYON, presence=presence), NOON).at is None
