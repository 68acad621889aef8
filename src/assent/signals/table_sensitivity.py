"""How much the data that is touched would be missed or misused, by the operator's labels."""

from collections.abc import Mapping
from datetime import datetime

from assent.core.action import Action, Operation, Touch
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal, SignalStatus
from assent.signals.words import name_words, reason_words

NAME = "table_sensitivity"

PERCENT = 25
"""What part of its strength a label counts as harm, in points."""

UNKNOWN = 50
"""The least strength where it is not known what is touched."""

FAMILY_STRENGTHS: Mapping[str, int] = {"pci": 100, "secret": 100, "pii": 50}
"""First part of a label → strength: `pii.email` is of the family `pii`."""

OTHER_LABEL = 20
"""The strength of any other label: somebody found it worth a label."""


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return the harm of the most sensitive label on what is touched.

    UNAVAILABLE, with what was found so far, when the target is not known or the statement
    is not fully understood: it may touch more.
    """
    if action.target is None and not action.touches:
        return Signal(NAME, SignalStatus.ABSENT, "it touches no data")
    if evidence.target is None or "target" in evidence.unavailable:
        return _signal(SignalStatus.UNAVAILABLE, UNKNOWN, "the target's labels are not known")
    found = _found(action.touches, evidence.target.labels)
    if not action.statement.complete:
        strength = max(UNKNOWN, strength_of(found[0]) if found else 0)
        return _signal(SignalStatus.UNAVAILABLE, strength, "what it touches is not fully known")
    if found is None:
        return Signal(NAME, SignalStatus.ABSENT, "nothing that it touches is labelled")
    label, name = found
    reason = f"{name_words(name)} is labelled {name_words(label)}"
    return _signal(SignalStatus.OBSERVED, strength_of(label), reason)


def _signal(status: SignalStatus, strength: int, reason: str) -> Signal:
    harm = (PERCENT * strength + 50) // 100
    return Signal(NAME, status, reason_words(reason), harm=harm, source="labels")


def strength_of(label: str) -> int:
    """Return the strength of one label, 0–100."""
    return FAMILY_STRENGTHS.get(label.partition(".")[0].lower(), OTHER_LABEL)


def _found(
    touches: tuple[Touch, ...], labels: Mapping[str, frozenset[str]]
) -> tuple[str, str] | None:
    """Return the most sensitive (label, resource name), the first by name among equals."""
    if not labels:
        return None
    hits = {
        (label, name)
        for touch in touches
        for name in _labelled_names(touch, labels)
        for label in labels[name]
    }
    return min(hits, key=lambda hit: (-strength_of(hit[0]), hit), default=None)


def _labelled_names(touch: Touch, labels: Mapping[str, frozenset[str]]) -> list[str]:
    table = touch.resource.name
    names = [table] if table in labels else []
    if _touches_all_columns(touch):
        return names + [name for name in labels if name.startswith(f"{table}.")]
    return names + [name for column in touch.columns if (name := f"{table}.{column}") in labels]


def _touches_all_columns(touch: Touch) -> bool:
    # A row that is deleted is deleted with all its columns, though none is named.
    return "*" in touch.columns or (not touch.columns and touch.operation is not Operation.READ)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"target"}), measure=measure)
