"""Unit tests of signals/impossible_travel.py."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.evidence import Presence
from assent.core.network import Sighting
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.impossible_travel import MOST_BITS, SAME_NETWORK_BITS, measure, travel
from signal_evidence import DAY, HOUR, LYON, NOON, OSAKA, READ, evidence, sighting, weight

IN_OSAKA = sighting(OSAKA, 2 * HOUR)
VPN = frozenset({"vpn"})


def measured(last: Sighting | None, *others: Sighting, network: object = LYON) -> Signal:
    return measure(READ, evidence(network=network, presence=Presence(None, last, others)), NOON)


def test_nobody_flies_from_osaka_to_lyon_in_two_hours() -> None:
    signal = measured(IN_OSAKA)
    assert signal.status is SignalStatus.OBSERVED
    assert weight(signal, Attacker.NAIVE) > 4000
    assert weight(signal, Attacker.STOLEN_DEVICE) == weight(signal, Attacker.INSIDER) == 0
    assert signal.reason.startswith("Lyon (FR), 9,791 ")
    assert "km from Osaka (JP) 2 hours ago" in signal.reason


def test_a_day_is_enough() -> None:
    signal = measured(sighting(OSAKA, DAY))
    assert (signal.status, signal.weights) == (SignalStatus.ABSENT, ())
    assert signal.reason == "Lyon (FR) can be reached from Osaka (JP) 24 hours ago"


def test_a_session_that_is_open_elsewhere_counts_as_well() -> None:
    assert measured(None, sighting(OSAKA, timedelta(0))).weights[0] == 1000 * MOST_BITS


def test_the_most_impossible_of_all_ways_counts() -> None:
    here = sighting(LYON, HOUR)
    assert measured(here, here, IN_OSAKA).weights == measured(IN_OSAKA).weights


@pytest.mark.parametrize("friend", [{"lists": VPN}, {"zones": frozenset({"office"})}])
def test_an_address_of_a_vpn_at_either_end_is_a_false_friend(
    friend: dict[str, frozenset[str]],
) -> None:
    there = measured(replace(IN_OSAKA, **friend))  # type: ignore[arg-type]
    here = measured(IN_OSAKA, network=replace(LYON, **friend))  # type: ignore[arg-type]
    for signal in (there, here):
        assert (signal.status, signal.weights) == (SignalStatus.ABSENT, ())
        assert "VPN" in signal.reason


def test_a_mobile_network_moves_its_customers_within_a_country_a_little() -> None:
    marseille = sighting(LYON, timedelta(minutes=1), latitude_e4=400_000, address="203.0.113.99")
    assert measured(marseille).weights[0] == 1000 * SAME_NETWORK_BITS


def test_short_ways_are_never_impossible() -> None:
    near = sighting(LYON, timedelta(0), latitude_e4=440_000)
    assert measured(near).weights == ()


def test_inaccurate_places_may_be_near() -> None:
    assert measured(replace(IN_OSAKA, accuracy_km=9600)).weights == ()


def test_the_way_there_is_the_way_back() -> None:
    here = sighting(LYON, timedelta(0))
    assert travel(here, IN_OSAKA) == travel(IN_OSAKA, here)


def test_what_is_not_known_is_said_openly() -> None:
    nowhere = sighting(OSAKA, HOUR, latitude_e4=None)
    for signal in (
        measured(IN_OSAKA, network=None),
        measured(IN_OSAKA, network=replace(LYON, latitude_e4=None)),
        measured(nowhere),
        measure(READ, evidence(network=LYON, not_configured=frozenset({"place"})), NOON),
    ):
        assert (signal.status, signal.weights) == (SignalStatus.UNAVAILABLE, ())
    assert signal.reason == "no database of places is configured"


def test_somebody_who_was_nowhere_else_did_not_travel() -> None:
    assert measured(None).status is SignalStatus.ABSENT


def test_a_source_that_failed_speaks_against_those_who_would_travel() -> None:
    away = evidence(network=LYON, unavailable=frozenset({"presence"}))
    assert measure(READ, away, NOON).weights == (1500, 1500, 1500, 0, 0, 0, 0)
