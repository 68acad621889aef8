"""How much harm this kind of statement can do, whatever it touches."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from assent.core.action import Action, Operation, Touch
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal, SignalStatus
from assent.signals.words import list_words, name_words, reason_words, verb_words

NAME = "statement_class"

PERCENT = 45
"""What part of its strength a statement counts as harm, in points."""

STRENGTHS: Mapping[str, int] = {
    "access.request": 0,
    "session.open": 0,
    "sql.session": 0,
    "sql.read": 0,
    "sql.notify": 5,
    "sql.maintain": 20,
    "sql.lock": 20,
    "sql.configure": 30,
    "sql.insert": 30,
    "sql.update": 40,
    "sql.delete": 40,
    "sql.create": 50,
    "sql.execute": 60,
    "sql.alter": 65,
    "sql.truncate": 95,
    "sql.drop": 95,
    "sql.grant": 100,
    "sql.impersonate": 100,
    "sql.program": 100,
    "sql.unknown": 100,
}
"""Verb → strength, 0–100. A verb that is not listed is as strong as its operation."""

OPERATION_STRENGTHS: Mapping[Operation, int] = {
    Operation.READ: 0,
    Operation.WRITE: 40,
    Operation.EXECUTE: 60,
    Operation.ADMINISTER: 80,
    Operation.UNKNOWN: 100,
}

EVERY_ROW = 85
"""The strength of an update or delete without WHERE."""

_NEEDS_WHERE = frozenset({"sql.update", "sql.delete"})

_REASONS: Mapping[str, Callable[[str], str]] = {
    "sql.insert": "INSERT adds rows to {}".format,
    "sql.update": "UPDATE with WHERE changes rows of {}".format,
    "sql.delete": "DELETE with WHERE removes rows of {}".format,
    "sql.truncate": "TRUNCATE removes every row of {}".format,
    "sql.drop": "DROP removes {} for good".format,
    "sql.create": "CREATE adds {}".format,
    "sql.alter": "ALTER changes the definition of {}".format,
    "sql.grant": "GRANT or REVOKE changes who may use {}".format,
    "sql.impersonate": "it goes on under another identity: {}".format,
    "sql.program": "it reaches the server's files or programs: {}".format,
    "sql.execute": "it runs {}, which has side effects".format,
    "sql.lock": "it locks {} for others".format,
    "sql.maintain": "maintenance of {} costs time and locks".format,
    "sql.configure": "it changes the setting {}".format,
    "sql.notify": "it sends a notification on {}".format,
}


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return the harm of the most dangerous touch; a statement not understood does most."""
    statement = action.statement
    if not statement.complete:
        problem = f": {name_words(statement.problems[0])}" if statement.problems else ""
        return _observed(100, f"it cannot be fully understood{problem}")
    if not statement.touches:
        return Signal(NAME, SignalStatus.ABSENT, "it touches nothing")
    worst = max(statement.touches, key=lambda touch: _strength(touch, statement.has_where))
    strength = _strength(worst, statement.has_where)
    if strength == 0:
        return Signal(NAME, SignalStatus.ABSENT, "it only reads or keeps house")
    return _observed(strength, _reason(worst, action))


def with_where(action: Action) -> Signal | None:
    """Return what this signal would say if each update and delete had a WHERE.

    None where they have one, where there is none, or where the statement is not understood.
    """
    statement = action.statement
    if statement.has_where or not statement.complete:
        return None
    careful = replace(statement, has_where=True)
    strength = max((_strength(touch, True) for touch in careful.touches), default=0)
    return _observed(strength, "with a WHERE")


def _strength(touch: Touch, has_where: bool) -> int:
    if not has_where and touch.verb in _NEEDS_WHERE:
        return EVERY_ROW
    floor = 100 if touch.operation is Operation.UNKNOWN else 0
    return max(floor, STRENGTHS.get(touch.verb, OPERATION_STRENGTHS[touch.operation]))


def _reason(worst: Touch, action: Action) -> str:
    name = name_words(worst.resource.name)
    if worst.operation is Operation.UNKNOWN:
        return f"what it does to {name} is not known"
    if worst.verb in _NEEDS_WHERE and not action.statement.has_where:
        return _every_row(action)
    words = _REASONS.get(worst.verb)
    return words(name) if words else f"{verb_words(worst.verb)} acts on {name}"


def _every_row(action: Action) -> str:
    # One statement of several may be the one without WHERE; all that it may be are named.
    touches = [touch for touch in action.touches if touch.verb in _NEEDS_WHERE]
    # What goes with them, by a key or a trigger, has no WHERE of its own to be left out.
    touches = [touch for touch in touches if not touch.through] or touches
    verbs = " or ".join(dict.fromkeys(verb_words(touch.verb) for touch in touches))
    names = list(dict.fromkeys(touch.resource.name for touch in touches))
    return f"{verbs} without WHERE touches every row of {list_words(names, 'or')}"


def _observed(strength: int, reason: str) -> Signal:
    harm = (PERCENT * strength + 50) // 100
    return Signal(NAME, SignalStatus.OBSERVED, reason_words(reason), harm=harm)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset(), measure=measure)
