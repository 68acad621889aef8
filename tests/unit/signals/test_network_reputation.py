"""Unit tests of signals/network_reputation.py."""

from dataclasses import replace

from assent.core.network import Network
from assent.core.signal import Signal, SignalStatus
from assent.signals.network_reputation import MOST_BITS, bits_of, measure
from signal_evidence import LYON, NOON, READ, evidence

ASPECTS = frozenset({"asn", "place", "zones", "lists", "reports"})


def measured(network: Network | None, **changes: frozenset[str]) -> Signal:
    return measure(READ, evidence(network=network, **changes), NOON)


def listed(*kinds: str, reports: int = 0, zones: frozenset[str] = frozenset()) -> Network:
    return replace(LYON, lists=frozenset(kinds), reports=reports, zones=zones)


def test_tor_is_worse_than_a_vpn_and_that_than_hosting() -> None:
    assert bits_of(listed("tor")) > bits_of(listed("vpn")) > bits_of(listed("hosting")) > 0


def test_several_lists_of_one_machine_count_once() -> None:
    assert bits_of(listed("tor", "vpn", "hosting")) == bits_of(listed("tor"))


def test_all_together_never_decide_alone() -> None:
    assert bits_of(listed("tor", reports=1000)) == MOST_BITS


def test_the_operators_own_network_speaks_a_little_for_the_person() -> None:
    signal = measured(listed("hosting", zones=frozenset({"vpn-egress"})))
    assert signal.status is SignalStatus.ABSENT
    assert signal.weights == (-500, -500, -250, 0, 0, 0, 0)
    assert signal.reason == "203.0.113.7 belongs to your network vpn-egress"


def test_reports_count_in_the_operators_own_network_too() -> None:
    assert bits_of(listed(reports=4, zones=frozenset({"office"}))) == 1.5


def test_what_is_found_is_named() -> None:
    signal = measured(listed("hosting", "tor", "strange", reports=2))
    assert signal.reason == (
        "203.0.113.7 is of Tor, a hosting network and 1 more and stands on 2 block lists"
    )
    assert measured(LYON).reason == "203.0.113.7 is on no list"


def test_without_lists_it_says_so() -> None:
    signal = measured(replace(LYON, unavailable=ASPECTS))
    assert (signal.status, signal.weights) == (SignalStatus.UNAVAILABLE, ())
    assert signal.reason == "no list of addresses is configured"
    assert measured(None).status is SignalStatus.UNAVAILABLE


def test_lists_that_cannot_be_read_count_and_never_hide_what_was_found() -> None:
    away = frozenset({"lists"})
    assert measured(LYON, unavailable=away).weights == (1500, 1500, 1500, 0, 0, 0, 0)
    assert measured(listed("tor"), unavailable=away).weights[0] == 2500
    in_zone = measured(listed(zones=frozenset({"office"})), unavailable=away)
    assert in_zone.weights == (1500, 1500, 1500, 0, 0, 0, 0)
