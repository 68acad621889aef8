"""What other systems and people said of the person's security lately (CAEP 1.0, RISC 1.0)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.security_event import SecurityEvent
from assent.core.signal import Signal
from assent.signals.weighing import added, bounded, failed, found, has_failed, usual, weights
from assent.signals.words import age_words, count_words, name_words, person_words

NAME = "security_events"
_SOURCE = "security events"

#             naive VPN targeted stolen insider agent poisoner
_IDENTITY = (1.0, 1.0, 1.0, 1.0, 0.25, 0.5, 0.5)
_CONDUCT = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
"""Who is meant: somebody who has the person's credentials, or whoever acts under their name."""

EVENTS: Mapping[str, tuple[float, Sequence[float]]] = {
    "session-revoked": (8.0, _IDENTITY),
    "sessions-revoked": (8.0, _IDENTITY),
    "credential-compromise": (8.0, _IDENTITY),
    "account-credential-change-required": (4.0, _IDENTITY),
    "credential-change": (1.0, _IDENTITY),
    "device-compliance-change": (3.0, _IDENTITY),
    "assurance-level-change": (1.0, _IDENTITY),
    "identifier-recycled": (3.0, _IDENTITY),
    "recovery-activated": (3.0, _IDENTITY),
    "account-disabled": (8.0, _CONDUCT),
    "account-purged": (8.0, _CONDUCT),
    "not-me": (8.0, _CONDUCT),
    "rejected-as-suspicious": (5.0, _CONDUCT),
}
"""Type of event → bits when it is new, and whom it concerns; what is not listed says nothing."""

LASTING = frozenset({"credential-compromise", "account-disabled", "account-purged"})
GRAVE = LASTING | {"session-revoked", "sessions-revoked", "not-me", "rejected-as-suspicious"}
FLOORS = ((3.0, 60), (10.0, 40), (30.0, 25))
"""Days since a grave event → the least score: for three days nothing is less than HIGH."""

RISK_LEVELS: Mapping[str, float] = {"high": 6.0, "medium": 3.0}
HALF_LIFE_DAYS = 3.0
LONGEST_DAYS = 30.0
MOST_BITS = 10.0


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return what the events of the last 30 days say, each kind once, fading with their age."""
    if has_failed(evidence, "events"):
        reason = "what was said of the person's security could not be read"
        return failed(NAME, reason, _SOURCE, weighed=_weighed(_strongest(evidence, now), now))
    strongest = _strongest(evidence, now)
    if not strongest:
        return usual(NAME, f"nothing was said against {person_words(evidence)} lately", _SOURCE)
    first = max(strongest, key=lambda one: (strength(one, now), one.at))
    more = len(strongest) - 1
    also = f", and {count_words(more, 'more kind')} of event" if more else ""
    reason = f"{_words(first, now)}{also}"
    signal = found(NAME, reason, _weighed(strongest, now), _SOURCE, first.at)
    least = max(_floor(event, evidence, now) for event in strongest)
    return replace(signal, floor=least) if least else signal


def _floor(event: SecurityEvent, evidence: Evidence, now: datetime) -> int:
    """Return what the score may not be below after an event that says it is not the person.

    A fresh proof of who they are ends it, but for credentials that others may have as well.
    """
    if event.type not in GRAVE:
        return 0
    proof = evidence.authentication
    proved_at = proof.stepped_up_at if proof else None
    if event.type not in LASTING and proved_at is not None and proved_at > event.at:
        return 0
    age_days = (now - event.at) / timedelta(days=1)
    return next((floor for days, floor in FLOORS if age_days <= days), 0)


def strength(event: SecurityEvent, now: datetime) -> float:
    """Return the bits of an event at `now`; one dated in the future is new."""
    age_days = max(0.0, (now - event.at) / timedelta(days=1))
    if age_days > LONGEST_DAYS:
        return 0.0
    return float(_bits_when_new(event) * 0.5 ** (age_days / HALF_LIFE_DAYS))


def _bits_when_new(event: SecurityEvent) -> float:
    if event.type == "risk-level-change":
        return RISK_LEVELS.get(event.level.lower(), 0.0)
    if event.type == "device-compliance-change" and event.level == "compliant":
        return 0.0
    return EVENTS.get(event.type, (0.0, _CONDUCT))[0]


def _strongest(evidence: Evidence, now: datetime) -> list[SecurityEvent]:
    """Return the strongest event of each type; several of one type are one thing said again."""
    best: dict[str, SecurityEvent] = {}
    for event in evidence.events:
        bits = strength(event, now)
        if bits > 0.0 and (event.type not in best or bits > strength(best[event.type], now)):
            best[event.type] = event
    return list(best.values())


def _weighed(events: Sequence[SecurityEvent], now: datetime) -> tuple[int, ...]:
    total: tuple[int, ...] = ()
    for event in events:
        shares = EVENTS.get(event.type, (0.0, _CONDUCT))[1]
        total = added(total, weights(strength(event, now), shares))
    return bounded([min(1000.0 * MOST_BITS, weight) for weight in total])


def _words(event: SecurityEvent, now: datetime) -> str:
    age = age_words(max(0.0, (now - event.at) / timedelta(days=1)))
    level = f" {name_words(event.level, 20)}" if event.type == "risk-level-change" else ""
    source = name_words(event.source) if event.source != "person" else "the person"
    return f"{source} said {name_words(event.type)}{level} {age} ago"


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"events"}), measure=measure)
