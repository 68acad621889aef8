"""Whether somebody vouched that the person is who, and has the role that, their record says."""

from datetime import datetime, timedelta

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import SubjectKind
from assent.signals.weighing import found, usual, weights
from assent.signals.words import age_words, name_words, person_words, reason_words

NAME = "unverified_role"
_SOURCE = "people"

FLOOR = 40
"""The least score of somebody nobody vouched for: people must assent."""

OLD_AFTER = timedelta(days=365)
OLD_BITS = 0.5


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return a floor for whom nobody vouched for, and a little where that is long ago."""
    subject, who = evidence.subject, person_words(evidence)
    if not subject.verified:
        return _floor(f"nobody verified that {who} has the role that is on record")
    if subject.kind is SubjectKind.AGENT and subject.on_behalf_of is None:
        return _floor(f"the agent {who} acts on behalf of nobody known")
    at = evidence.verified_at
    by = f" by {name_words(evidence.verified_by)}" if evidence.verified_by else ""
    if at is None:
        return usual(NAME, f"the role of {who} was verified{by}", _SOURCE)
    age = age_words(max(0.0, (now - at) / timedelta(days=1)))
    bits = OLD_BITS if now - at > OLD_AFTER else 0.0
    return found(NAME, f"the role of {who} was verified{by} {age} ago", weights(bits), _SOURCE, at)


def _floor(reason: str) -> Signal:
    return Signal(NAME, SignalStatus.OBSERVED, reason_words(reason), floor=FLOOR, source=_SOURCE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset(), measure=measure)
