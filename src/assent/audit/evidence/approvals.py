"""Approvals: each request, what people answered to it, and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

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
from assent.core.decision import ApprovalRemedy
from assent.core.entry import EntryKind
from assent.core.request import Approval, Request
from assent.core.subject import Subject

_MOST_NAMED = 12
_REQUESTS = (
    Column("asked", "time"),
    Column("who"),
    Column("target"),
    Column("what", about="verb"),
    Column("to what", about="what it would touch"),
    Column("reason"),
    Column("ticket"),
    Column("needed", about="what policies asked for"),
    Column("answers", about="who answered what, in order"),
    Column("first answer after", "number", "seconds"),
    Column("outcome", about="its state at the end of the period"),
    Column("settled", "time"),
    Column("marks", about="self-approved, not needed, suspicious, withdrawn"),
    Column("request", "id"),
    Column("receipt", "id", "entry that opened it"),
)
_ANSWERS = (
    Column("at", "time"),
    Column("approver"),
    Column("in place of"),
    Column("answer"),
    Column("as", about="why it was rejected: not needed, or suspicious"),
    Column("stage", about="which of the demanded groups they are in, as groups are now"),
    Column("signed", about="key of the device that signed it; empty for none"),
    Column("own", about="yes where it was their own request"),
    Column("requester"),
    Column("after", "number", "seconds since it was asked"),
    Column("withdrawn", "time"),
    Column("comment"),
    Column("request", "id"),
    Column("receipt", "id"),
)


@dataclass(slots=True)
class _Asked:
    """A request as the log tells it. opened: None where that was before the period."""

    id: str
    first: Said
    opened: Said | None = None
    settled: Said | None = None
    state: str = ""
    answers: list[Said] = field(default_factory=list)


class Approvals:
    """Reads requests and answers."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}
        self._withdrawn: dict[str, Said] = {}
        self._answers: list[Said] = []

    def take(self, said: Said) -> None:
        """Read an entry."""
        match said.kind:
            case EntryKind.REQUEST_OPENED:
                asked = self._of(said)
                asked.opened, asked.state = said, said.fact("state")
            case EntryKind.REQUEST_CHANGED:
                self._of(said).state = said.fact("state")
            case EntryKind.REQUEST_SETTLED if said.request in self._asked or _was_asked(said):
                asked = self._of(said)
                asked.settled, asked.state = said, said.fact("state")
            case EntryKind.APPROVAL:
                self._answers.append(said)
                self._of(said).answers.append(said)
            case EntryKind.APPROVAL_WITHDRAWN:
                self._of(said)
                self._withdrawn[said.fact("approval")] = said

    def _of(self, said: Said) -> _Asked:
        return self._asked.setdefault(said.request or "", _Asked(said.request or "", said))

    def needs(self) -> Needs:
        """Return what has to be looked up: every request that the period speaks of."""
        return Needs(requests=frozenset(one for one in self._asked if one))

    def finish(self, known: Known) -> Findings:
        """Return the report."""
        asked = list(self._asked.values())
        waits = [wait for one in asked if (wait := self._wait(one, known)) is not None]
        requests = table(
            "requests",
            "Requests",
            "Every request that was opened, answered or settled in the period, one row each.",
            _REQUESTS,
            [self._request(one, known) for one in asked],
            "Nobody asked for anything that people have to answer in this period.",
        )
        answers = table(
            "answers",
            "Answers",
            "Every answer that somebody gave in the period, one row for each approval entry.",
            _ANSWERS,
            [self._answer(one, known) for one in self._answers],
            "Nobody answered anything in this period.",
        )
        figures = self._figures(asked, waits)
        return Findings(figures, self._bars(asked, known), (requests, answers), _NOTES)

    def _request(self, one: _Asked, known: Known) -> tuple[Cell, ...]:
        told = one.opened or one.settled
        request = known.requests.get(one.id)
        who = request.action.subject if request else one.first.subject
        return (
            instant(_asked_at(one, request)),
            known.who(who),
            known.where(one.first.target),
            request.action.verb if request else "",
            _resources(request),
            told.word("reason") if told else "",
            told.word("ticket") if told else "",
            _needed(told),
            listed([self._answered(answer, known) for answer in one.answers]),
            self._wait(one, known),
            one.state or "pending",
            instant(one.settled.at) if one.settled else None,
            listed(self._marks(one)),
            one.id,
            one.opened.id if one.opened else None,
        )

    def _answered(self, answer: Said, known: Known) -> str:
        return _phrase(
            known.who(answer.subject),
            answer.fact("verdict"),
            answer.fact("rejected_as"),
            "(signed)" if answer.fact("key") else "",
            "(their own)" if answer.facts.get("self") else "",
            "(withdrawn)" if answer.fact("approval") in self._withdrawn else "",
        )

    def _marks(self, one: _Asked) -> list[str]:
        marks = [answer.fact("rejected_as") for answer in one.answers]
        if any(_is_self_approval(answer) for answer in one.answers):
            marks.append("self-approved")
        if any(answer.fact("approval") in self._withdrawn for answer in one.answers):
            marks.append("withdrawn")
        return marks

    def _wait(self, one: _Asked, known: Known) -> int | None:
        at = _asked_at(one, known.requests.get(one.id))
        if at is None or not one.answers:
            return None
        return int((one.answers[0].at - at).total_seconds())

    def _answer(self, answer: Said, known: Known) -> tuple[Cell, ...]:
        request = known.requests.get(answer.request or "")
        asked_at = _asked_at(self._asked[answer.request or ""], request)
        withdrawn = self._withdrawn.get(answer.fact("approval"))
        return (
            instant(answer.at),
            known.who(answer.subject),
            known.who(answer.fact("in_place_of")),
            answer.fact("verdict"),
            answer.fact("rejected_as"),
            _stage(answer, request, known.people),
            answer.fact("key"),
            "yes" if answer.facts.get("self") else "",
            known.who(request.action.subject) if request else "",
            int((answer.at - asked_at).total_seconds()) if asked_at else None,
            instant(withdrawn.at) if withdrawn else None,
            answer.word("comment"),
            answer.request,
            answer.id,
        )

    def _figures(self, asked: list[_Asked], waits: list[int]) -> tuple[Figure, ...]:
        opened = sum(one.opened is not None for one in asked)
        answers = self._answers
        signed = sum(bool(one.fact("key")) for one in answers)
        suspicious = sum(one.fact("rejected_as") == "suspicious" for one in answers)
        return (
            Figure("requests", len(asked), "rows of the table"),
            Figure("opened", opened, "in the period; the others began before"),
            Figure("answers", len(answers), "approval entries in the period"),
            Figure("signed", signed, "with a key of a device"),
            Figure("self-approved", sum(_is_self_approval(one) for one in answers)),
            Figure("rejected", sum(one.fact("verdict") == "reject" for one in answers)),
            Figure("as suspicious", suspicious),
            Figure("seconds to the first answer", int(median(waits)) if waits else 0, "median"),
        )

    def _bars(self, asked: Iterable[_Asked], known: Known) -> tuple[Bars, ...]:
        states: dict[str, int] = {}
        for one in asked:
            state = one.state or "pending"
            states[state] = states.get(state, 0) + 1
        people: dict[str, int] = {}
        for answer in self._answers:
            name = known.who(answer.subject)
            people[name] = people.get(name, 0) + 1
        return (Bars("Outcomes", top(states)), Bars("Answers by person", top(people)))


def _was_asked(said: Said) -> bool:
    """Return whether people were asked: what was permitted at once is settled only."""
    return "decision" not in said.facts


def _phrase(*words: str) -> str:
    """Return words as one phrase, without those that are empty."""
    return " ".join(word for word in words if word)


def _resources(request: Request | None) -> str:
    if request is None:
        return ""
    names = list(dict.fromkeys(one.resource.name for one in request.action.touches))
    more = len(names) - _MOST_NAMED
    return listed([*names[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def _asked_at(one: _Asked, request: Request | None) -> datetime | None:
    if one.opened is not None:
        return one.opened.at
    return request.created_at if request is not None else None


def _needed(told: Said | None) -> str:
    if told is None:
        return ""
    return listed(told.words("remedies")) if told.readable else UNREADABLE


def _is_self_approval(answer: Said) -> bool:
    return bool(answer.facts.get("self")) and answer.fact("verdict") != "reject"


def _stage(answer: Said, request: Request | None, people: Iterable[Subject]) -> str:
    """Return the stages whose groups the approver, or whose place they took, is in."""
    approval = _approval(answer, request)
    if request is None or approval is None:
        return ""
    stands_for = approval.in_place_of or approval.approver
    groups = next((one.groups for one in people if one.id == stands_for), frozenset())
    found: list[str] = []
    for remedy in request.remedies:
        for number, stage in enumerate(_stages(remedy), 1):
            found += [
                f"{number}: {'in person' if name.startswith('@') else name}"
                for name in stage
                if name == f"@{stands_for}" or name in groups
            ]
    return listed(found)


def _stages(remedy: object) -> list[list[str]]:
    if not isinstance(remedy, ApprovalRemedy):
        return []
    stages = [[one.group for one in stage] for stage in remedy.stages]
    return [[name for group in stage for name in group.split("|")] for stage in stages]


def _approval(answer: Said, request: Request | None) -> Approval | None:
    wanted = answer.fact("approval")
    return next((one for one in request.approvals if one.id == wanted), None) if request else None


_NOTES = (
    "Access that policies permit at once asks nobody and is not here; it is in the access review.",
    "What was asked in the period and answered later counts as it stood at the end of the period.",
)
