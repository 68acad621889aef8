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
    "ssh.execute": 20,
    "ssh.shell": 40,
    "ssh.agent": 50,
    "ssh.forward": 50,
    "ssh.listen": 60,
    "ssh.elevate": 80,
    "file.list": 0,
    "file.read": 0,
    "file.write": 40,
    "file.delete": 60,
    "file.administer": 65,
    "http.get": 0,
    "http.head": 0,
    "http.options": 0,
    "http.upgrade": 20,
    "http.post": 30,
    "http.put": 40,
    "http.patch": 40,
    "http.delete": 60,
    "document.read": 0,
    "prompt.get": 0,
    "tool.admit": 70,
    "tcp.connect": 30,
}
"""Verb → strength, 0–100. A verb that is not listed is as strong as its operation.

A program that SSH runs may do anything that its account may; what of it is known to change files
or accounts is touched besides, and counts as that.
"""

OPERATION_STRENGTHS: Mapping[Operation, int] = {
    Operation.READ: 0,
    Operation.WRITE: 40,
    Operation.EXECUTE: 60,
    Operation.ADMINISTER: 80,
    Operation.UNKNOWN: 100,
}

TOOL_STRENGTHS: Mapping[Operation, int] = {**OPERATION_STRENGTHS, Operation.EXECUTE: 50}
"""Of a call of a tool, by what the tool says of itself; EXECUTE where it says nothing."""

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
    "ssh.shell": "it opens a shell as {}, in which more is done than is seen".format,
    "ssh.execute": "it runs {} on the server".format,
    "ssh.agent": "it lends the server the keys of the client's agent, as {}".format,
    "ssh.forward": "it reaches {} through the server".format,
    "ssh.listen": "it has the server listen on {}".format,
    "ssh.elevate": "it goes on as {}".format,
    "file.write": "it writes {}".format,
    "file.delete": "it deletes {}".format,
    "file.administer": "it changes owner, mode or links of {}".format,
    "http.post": "POST sends something to {}".format,
    "http.put": "PUT replaces {}".format,
    "http.patch": "PATCH changes {}".format,
    "http.delete": "DELETE removes {}".format,
    "http.upgrade": "it opens a stream to {}, which is not looked into".format,
    "tool.admit": "it admits the tool {} as it is defined now".format,
    "tcp.connect": "it opens a stream to {}, which is not looked into".format,
}
_TOOL_REASONS: Mapping[Operation, Callable[[str], str]] = {
    Operation.WRITE: "the tool {} adds something, as it says of itself".format,
    Operation.EXECUTE: "the tool {} does not say what it does".format,
    Operation.ADMINISTER: "the tool {} administers, as it says of itself".format,
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
    if touch.operation is Operation.UNKNOWN:
        return 100
    if touch.verb == "tool.call":
        return TOOL_STRENGTHS[touch.operation]
    usual = STRENGTHS.get(touch.verb, OPERATION_STRENGTHS[touch.operation])
    if not touch.verb.startswith(("http.", "ssh.", "file.")):
        return usual
    # Here one verb may read and administer: the operator says so of a route, and the program that
    # is run shows it.
    if touch.operation is Operation.READ:
        return 0
    administers = touch.operation is Operation.ADMINISTER
    return max(usual, OPERATION_STRENGTHS[touch.operation]) if administers else usual


def _reason(worst: Touch, action: Action) -> str:
    name = name_words(worst.resource.name)
    if worst.operation is Operation.UNKNOWN:
        return f"what it does to {name} is not known"
    if worst.verb in _NEEDS_WHERE and not action.statement.has_where:
        return _every_row(action)
    words = _REASONS.get(worst.verb)
    if worst.verb == "tool.call":
        words = _TOOL_REASONS.get(worst.operation)
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
