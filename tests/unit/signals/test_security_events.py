"""Unit tests of signals/security_events.py."""

from datetime import datetime

import pytest

from assent.core.evidence import Authentication
from assent.core.security_event import SecurityEvent
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.security_events import EVENTS, MOST_BITS, measure, strength
from signal_evidence import ANA, DAY, NOON, READ, evidence, weight


def event(kind: str, at: datetime = NOON, level: str = "", source: str = "idp") -> SecurityEvent:
    return SecurityEvent(kind, ANA.id, at, source, level)


def measured(*events: SecurityEvent) -> Signal:
    return measure(READ, evidence(events=events), NOON)


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_event_that_is_listed_speaks_against_the_person(kind: str) -> None:
    signal = measured(event(kind))
    assert signal.status is SignalStatus.OBSERVED
    assert max(signal.weights) == 1000 * EVENTS[kind][0]
    assert (signal.at, signal.source) == (NOON, "security events")


def test_events_fade_by_half_in_three_days_and_end_after_thirty() -> None:
    new, older, oldest = (event("credential-compromise", NOON - n * DAY) for n in (0, 3, 31))
    assert strength(new, NOON) == 2 * strength(older, NOON) == 8.0
    assert strength(oldest, NOON) == 0.0
    assert measured(oldest).status is SignalStatus.ABSENT


def test_an_event_dated_in_the_future_is_new() -> None:
    assert strength(event("not-me", NOON + DAY), NOON) == 8.0


def test_a_risk_level_counts_by_what_it_was_changed_to() -> None:
    levels = [strength(event("risk-level-change", level=one), NOON) for one in ("high", "medium")]
    assert levels == [6.0, 3.0]
    assert measured(event("risk-level-change", level="low")).weights == ()


def test_what_is_not_listed_or_in_order_says_nothing() -> None:
    for harmless in ("account-enabled", "session-established", "made-up"):
        assert measured(event(harmless)).status is SignalStatus.ABSENT
    assert measured(event("device-compliance-change", level="compliant")).weights == ()


def test_a_compromised_credential_is_no_matter_of_insiders_but_bad_conduct_is() -> None:
    stolen, conduct = measured(event("credential-compromise")), measured(event("not-me"))
    assert weight(stolen, Attacker.INSIDER) == 2000
    assert weight(conduct, Attacker.INSIDER) == weight(conduct, Attacker.NAIVE) == 8000


def test_the_same_thing_said_again_counts_once_and_another_one_adds() -> None:
    once = measured(event("credential-change"))
    again = measured(event("credential-change", NOON - DAY), event("credential-change"))
    assert once.weights == again.weights
    more = measured(event("credential-change"), event("identifier-recycled"))
    assert weight(more, Attacker.NAIVE) == 4000
    assert (
        more.reason
        == "idp said identifier-recycled less than an hour ago, and 1 more kind of event"
    )


def test_all_together_are_bounded() -> None:
    assert max(measured(*map(event, EVENTS)).weights) == 1000 * MOST_BITS


def test_who_said_it_and_when_is_told() -> None:
    told = measured(event("not-me", NOON - 5 * DAY, source="person")).reason
    assert told == "the person said not-me 5 days ago"
    risk = measured(event("risk-level-change", level="high")).reason
    assert risk == "idp said risk-level-change high less than an hour ago"


def test_events_that_cannot_be_read_count_and_never_hide_what_was_found() -> None:
    away = frozenset({"events"})
    assert measure(READ, evidence(unavailable=away), NOON).weights == (1500,) * 7
    found = evidence(unavailable=away, events=(event("credential-compromise"),))
    assert measure(READ, found, NOON).weights[0] == 8000


@pytest.mark.parametrize(("days", "floor"), [(0, 60), (3, 60), (4, 40), (10, 40), (11, 25)])
def test_after_a_grave_event_nothing_is_low_for_a_while(days: int, floor: int) -> None:
    told = evidence(events=(event("not-me", NOON - days * DAY),))
    assert measure(READ, told, NOON).floor == floor


def test_a_fresh_proof_ends_the_floor_but_not_of_credentials_that_others_may_have() -> None:
    proof = Authentication("password", NOON, stepped_up_at=NOON)
    for kind, floor in (("not-me", 0), ("credential-compromise", 60)):
        told = evidence(events=(event(kind, NOON - DAY),), authentication=proof)
        assert measure(READ, told, NOON).floor == floor
    old = Authentication("password", NOON, stepped_up_at=NOON - 2 * DAY)
    told = evidence(events=(event("not-me", NOON - DAY),), authentication=old)
    assert measure(READ, told, NOON).floor == 60


def test_lesser_events_set_no_floor() -> None:
    assert measure(READ, evidence(events=(event("credential-change"),)), NOON).floor == 0
