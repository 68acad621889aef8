"""Whether this person did this verb to this table before."""

from datetime import datetime

from assent.core.action import Action, Operation, Touch
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import SubjectKind
from assent.signals.words import list_words, verb_words

NAME = "first_time"

FIRST_READ = 40
FIRST_CHANGE = 100

# Clients read the catalogue on their own account; whether a person did so before says nothing.
_CATALOGUES = ("pg_catalog.", "information_schema.")

_WHO = {
    SubjectKind.HUMAN: "person",
    SubjectKind.WORKLOAD: "workload",
    SubjectKind.AGENT: "agent",
}


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how new the newest of the touches on tables is; a change weighs more than a read.

    UNAVAILABLE when the history could not be read, or when the statement is not fully
    understood: what it does cannot be looked up.
    """
    asked = [touch for touch in action.touches if _counts(touch)]
    if "history" in evidence.unavailable:
        reason = "whether this was done before is not known: the history cannot be read"
        return Signal(NAME, SignalStatus.UNAVAILABLE, 0, reason)
    # A key that is missing was never counted: it is a first time, not an unknown one.
    new = [touch for touch in asked if evidence.history.get(history_key(touch), 0) <= 0]
    if not action.statement.complete:
        reason = "whether this was done before is not known: it is not fully understood"
        return Signal(NAME, SignalStatus.UNAVAILABLE, _strength(new), reason)
    if not new:
        return Signal(NAME, SignalStatus.ABSENT, 0, "it was done before")
    return Signal(NAME, SignalStatus.OBSERVED, _strength(new), _reason(new, evidence))


def history_key(touch: Touch) -> str:
    """Return the key of `Evidence.history` for a touch."""
    return f"{touch.verb} {touch.resource.name}"


def _counts(touch: Touch) -> bool:
    if touch.resource.kind != "Table" or touch.operation is Operation.UNKNOWN:
        return False
    is_catalogue = touch.resource.name.startswith(_CATALOGUES)
    return not (is_catalogue and touch.operation is Operation.READ)


def _strength(new: list[Touch]) -> int:
    return max((FIRST_READ if _is_read(touch) else FIRST_CHANGE for touch in new), default=0)


def _is_read(touch: Touch) -> bool:
    return touch.operation is Operation.READ


def _reason(new: list[Touch], evidence: Evidence) -> str:
    strongest = next((touch for touch in new if not _is_read(touch)), new[0])
    names = [touch.resource.name for touch in new if touch.verb == strongest.verb]
    who = _WHO[evidence.subject.kind]
    return f"this {who} never did {verb_words(strongest.verb)} on {list_words(names)} before"


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
