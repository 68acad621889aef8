"""Privileged actions: every change, administration, masked read and held action, one row each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assent.audit.evidence.nouns import (
    UNREADABLE,
    Bars,
    Cell,
    Column,
    Figure,
    Findings,
    Known,
    Needs,
    Said,
    instant,
    listed,
    table,
    top,
)
from assent.core.action import Operation
from assent.core.entry import EntryKind

_OPERATIONS = frozenset({Operation.WRITE, Operation.ADMINISTER, Operation.UNKNOWN})
_NAMED = ("access.break-glass",)
_MASKS = ("mask", "mask_inference")
_MOST_TOUCHES = 12

_COLUMNS = (
    Column("when", "time", "when it was attempted"),
    Column("who"),
    Column("target"),
    Column("what", about="verbs"),
    Column("to what", about="what it touched"),
    Column("class", about="write, administer, unknown, masked or held; several where several hold"),
    Column("rows", "number", "as the target counted them"),
    Column("score", "number", "risk, 0 to 100"),
    Column("decision"),
    Column("by policies"),
    Column("approvers", about="who answered, where it was held"),
    Column("result"),
    Column("session", "id"),
    Column("request", "id"),
    Column("receipt", "id", "entry of the decision"),
)


@dataclass(slots=True)
class _Action:
    """What is known of one action. verbs, resources: None where its payload cannot be read."""

    at: datetime
    subject: str | None
    target: str | None
    session: str | None
    verb: str
    touches: tuple[tuple[str, str, str], ...] | None
    classes: set[str] = field(default_factory=set)
    request: str | None = None
    decision: Said | None = None
    state: str = ""
    result: Said | None = None
    answers: dict[str, Said] = field(default_factory=dict)


class PrivilegedActions:
    """Reads attempts, and what became of those that count."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Action] = {}
        self._found: dict[str, _Action] = {}
        self._permitted = 0
        self._denied = 0

    def take(self, said: Said) -> None:
        """Read an entry."""
        action = said.fact("action")
        match said.kind:
            case EntryKind.ATTEMPT:
                if action not in self._found:
                    self._waiting[action] = _attempted(said)
            case EntryKind.DECISION:
                self._decided(action, said)
            case EntryKind.REQUEST_OPENED:
                self._held(action, said)
            case EntryKind.REQUEST_CHANGED | EntryKind.REQUEST_SETTLED if action in self._found:
                self._found[action].state = said.fact("state")
                self._found[action].request = said.request
            case EntryKind.RESULT if action in self._found:
                self._found[action].result = said
            case EntryKind.APPROVAL if action in self._found:
                self._found[action].answers[said.fact("approval")] = said
            case EntryKind.APPROVAL_WITHDRAWN if said.request:
                for one in self._found.values():
                    if one.request == said.request:
                        one.answers.pop(said.fact("approval"), None)

    def _decided(self, action: str, said: Said) -> None:
        permitted = said.fact("outcome") == "permit"
        if permitted and said.fact("phase") == "prepare":
            # Nothing runs that is only prepared.
            self._waiting.pop(action, None)
            return
        found = self._found.get(action) or self._waiting.pop(action, None) or _unattempted(said)
        self._permitted += permitted
        self._denied += not permitted
        found.decision = said
        found.request = said.request or found.request
        found.classes |= _classes(found, said)
        if found.classes:
            self._found[action] = found
        elif not permitted:
            # It may be held yet, and then it counts.
            self._waiting[action] = found

    def _held(self, action: str, said: Said) -> None:
        found = self._found.get(action) or self._waiting.pop(action, None) or _unattempted(said)
        found.classes.add("held")
        found.state, found.request = said.fact("state"), said.request
        self._found[action] = found

    def needs(self) -> Needs:
        """Return nothing: the entries say it all."""
        return Needs()

    def finish(self, known: Known) -> Findings:
        """Return the report."""
        everything = list(self._found.values())
        counted = [one for one in everything if one.subject != known.own]
        counted.sort(key=lambda one: one.at)
        rows = [_row(one, known) for one in counted]
        own = len(everything) - len(counted)
        notes = [*_NOTES, *([f"The gateway's own canary did {own} more of them."] if own else [])]
        found = table(
            "actions",
            "Privileged actions",
            "Every action that changes or administers something, that was not understood, whose "
            "result was masked, or that was held for people; what was refused, too.",
            _COLUMNS,
            rows,
            "No such action was attempted in this period.",
        )
        return Findings(self._figures(counted), _bars(counted, known), (found,), tuple(notes))

    def _figures(self, counted: Sequence[_Action]) -> tuple[Figure, ...]:
        words = [_decision(one).partition(" ")[0].rstrip(",") for one in counted]
        approved = sum(any(_assents(answer) for answer in _said(one)) for one in counted)
        rows = sum(_number(one.result, "rows") or 0 for one in counted)
        return (
            Figure("privileged actions", len(counted), "rows of the table"),
            Figure("permitted", words.count("permitted"), "at once, by policy"),
            Figure("held", words.count("held"), "for people"),
            Figure("denied", words.count("denied")),
            Figure("with an approver", approved, "somebody assented"),
            Figure("self-approved", sum(_is_own(one) for one in counted)),
            Figure("rows", rows, "changed or returned by them"),
            Figure("decisions", self._permitted + self._denied, "of all actions in the period"),
        )


def _attempted(said: Said) -> _Action:
    return _Action(
        said.at,
        said.subject,
        said.target,
        said.session,
        said.fact("verb"),
        _touches(said),
        request=said.request,
    )


def _unattempted(said: Said) -> _Action:
    """Return what is known of an action that was attempted before the period began."""
    return _Action(said.at, said.subject, said.target, said.session, "", None)


def _touches(said: Said) -> tuple[tuple[str, str, str], ...] | None:
    """Return verb, operation and resource of each touch, None where it cannot be read."""
    if not said.readable:
        return None
    statement = said.content.get("statement", said.content)
    touches = statement.get("touches") if isinstance(statement, dict) else None
    found: list[tuple[str, str, str]] = []
    for one in touches if isinstance(touches, list) else ():
        match one:
            case {"verb": str(verb), "operation": str(operation), "resource": {"name": str(name)}}:
                found.append((verb, operation, name))
    return tuple(dict.fromkeys(found))


def _classes(found: _Action, decision: Said) -> set[str]:
    if found.touches is None:
        # What an erased person did may have been a change: it is not left out.
        classes = {Operation.UNKNOWN.value}
    else:
        classes = {operation for _, operation, _ in found.touches} & _OPERATIONS
        if not found.touches and found.verb.endswith(".unknown"):
            classes = {Operation.UNKNOWN.value}
    if found.verb in _NAMED:
        classes = classes | {Operation.ADMINISTER.value}
    if any(words.partition(":")[0] in _MASKS for words in decision.words("obligations")):
        classes = classes | {"masked"}
    return {str(one) for one in classes}


def _row(one: _Action, known: Known) -> tuple[Cell, ...]:
    decision = one.decision
    return (
        instant(one.at),
        known.who(one.subject),
        known.where(one.target),
        listed([verb for verb, _, _ in one.touches or ()]) or one.verb,
        _resources(one),
        listed(sorted(one.classes)),
        _number(one.result, "rows"),
        decision.number("score") if decision else None,
        _decision(one),
        listed(_policies(decision)),
        listed([_answered(answer, known) for answer in _said(one)]),
        _result(one),
        one.session,
        one.request,
        decision.id if decision else None,
    )


def _resources(one: _Action) -> str:
    if one.touches is None:
        return UNREADABLE
    names = list(dict.fromkeys(name for _, _, name in one.touches if name))
    more = len(names) - _MOST_TOUCHES
    return listed([*names[:_MOST_TOUCHES], *([f"and {more} more"] if more > 0 else [])])


def _decision(one: _Action) -> str:
    if "held" in one.classes:
        return f"held, {one.state or 'pending'}"
    if one.decision is None or one.decision.fact("outcome") == "permit":
        return "permitted"
    return f"denied {one.decision.fact('code')}".strip()


def _policies(decision: Said | None) -> list[str]:
    policies = decision.facts.get("policies") if decision else None
    return [str(one) for one in policies] if isinstance(policies, list) else []


def _result(one: _Action) -> str:
    if one.result is None:
        return ""
    error = one.result.fact("error")
    return f"{one.result.fact('outcome')} {error}".strip()


def _number(said: Said | None, name: str) -> int | None:
    return said.number(name) if said else None


def _said(one: _Action) -> Sequence[Said]:
    return tuple(one.answers.values())


def _assents(answer: Said) -> bool:
    return answer.fact("verdict") != "reject"


def _answered(answer: Said, known: Known) -> str:
    """Return who answered, and what is to be known of it."""
    marks = (
        ("" if _assents(answer) else "rejected"),
        ("signed" if answer.fact("key") else ""),
        ("their own" if answer.facts.get("self") else ""),
    )
    said = ", ".join(mark for mark in marks if mark)
    return f"{known.who(answer.subject)} ({said})" if said else known.who(answer.subject)


def _is_own(one: _Action) -> bool:
    return any(_assents(answer) and answer.facts.get("self") for answer in _said(one))


def _bars(counted: Sequence[_Action], known: Known) -> tuple[Bars, ...]:
    verbs: dict[str, int] = {}
    people: dict[str, int] = {}
    for one in counted:
        verb = one.touches[0][0] if one.touches else one.verb or "unknown"
        verbs[verb] = verbs.get(verb, 0) + 1
        who = known.who(one.subject)
        people[who] = people.get(who, 0) + 1
    return (Bars("By verb", top(verbs)), Bars("By person", top(people)))


_NOTES = (
    "Statements themselves are not in this report: `assent explain` and the receipt lead to them.",
    "Reads that no policy masks or holds are not privileged, and are not here.",
)
