"""Chooses whom to tell that a request needs them, and how fast others are told as well."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from assent.control.delegations import Delegations
from assent.control.directory import Directory
from assent.control.eligibility import Eligibility
from assent.control.remedies import in_words
from assent.core.assenting import ALTERNATIVE, ONE_PERSON, Assenting, is_member
from assent.core.clock import Clock
from assent.core.decision import ApprovalRemedy
from assent.core.faults import Fault
from assent.core.ids import SubjectId
from assent.core.ports import OnCall
from assent.core.quorum import escalated, unmet
from assent.core.request import Request
from assent.core.subject import Subject
from assent.workflow.asking import Candidate, in_order, open_stage, whom_to_ask

ON_CALL_WITHIN_S = 2.0
"""How long a request waits for who is on call."""
_ON_CALL_RESTS = timedelta(seconds=15)

_log = structlog.get_logger("pacing")


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast more people are asked.

    widen_after: how long those who were asked have before others are asked too; a third of the
    request's whole time where that is shorter. remind_every: how long until the first reminder;
    each further one comes after twice the time. statements: whether notices say the
    statement's text.
    """

    widen_after: timedelta = timedelta(minutes=2)
    remind_every: timedelta = timedelta(minutes=5)
    statements: bool = False

    def widens_after(self, request: Request) -> timedelta:
        """Return how long those who were asked have."""
        return min(self.widen_after, (request.deadline_at - request.created_at) / 3)

    def reminds_at(self, request: Request, now: datetime) -> datetime:
        """Return when those who were asked are reminded next: after twice the time each."""
        waited, next_after = now - request.created_at, self.remind_every
        while next_after <= waited:
            next_after *= 2
        return request.created_at + next_after


class Choosing:
    """Chooses whom to ask, by who is on call, who is away and who has much to answer already."""

    def __init__(
        self,
        *,
        eligibility: Eligibility,
        delegations: Delegations,
        directory: Directory,
        clock: Clock,
        questions: Callable[[SubjectId], int],
        is_away: Callable[[SubjectId, datetime], bool],
        on_call: OnCall | None = None,
        within_s: float = ON_CALL_WITHIN_S,
    ) -> None:
        self._eligibility = eligibility
        self._delegations = delegations
        self._directory = directory
        self._clock = clock
        self._questions = questions
        self._is_away = is_away
        self._on_call = on_call
        self._on_call_rests_until = datetime.min.replace(tzinfo=UTC)
        self._within_s = within_s

    def able(self, request: Request) -> list[SubjectId]:
        """Return whose answer counts now, by name."""
        return [person.id for person in self._eligibility.asked(request)]

    def stages(self, request: Request) -> tuple[int, ...]:
        """Return which stage asks now, for each demand of assent."""
        requester = self._directory.subject(request.action.subject)
        given = self._eligibility.assented(request)
        return tuple(open_stage(one, requester, given) for one in self._demands(request))

    def needed(self, request: Request) -> tuple[str, ...]:
        """Return whose assent is missing still, in words."""
        requester = self._directory.subject(request.action.subject)
        given = self._eligibility.assented(request)
        missing = [
            replace(remedy, stages=stages)
            for remedy in self._demands(request)
            if (stages := unmet(remedy, requester, given))
        ]
        return in_words(missing, self._directory.names)

    async def further(
        self, request: Request, asked: Sequence[SubjectId], *, more: int = 0, group: str = ""
    ) -> tuple[SubjectId, ...]:
        """Return whom to ask besides `asked`, the first one first.

        more: at least so many, whoever is asked already. group: only of its members.
        """
        requester = self._directory.subject(request.action.subject)
        people = await self._people(request, requester)
        if group:
            people = [one for one in people if _stands_for(one, group)]
        given = self._eligibility.assented(request)
        found: dict[SubjectId, None] = {}
        for remedy in self._demands(request):
            known = (*asked, *found)
            chosen = whom_to_ask(remedy, requester, people, given, known, more)
            found |= dict.fromkeys(chosen)
        return tuple(found)

    def _demands(self, request: Request) -> list[ApprovalRemedy]:
        waited = self._clock.now() - request.created_at
        return [
            escalated(remedy, waited)
            for remedy in request.remedies
            if isinstance(remedy, ApprovalRemedy)
        ]

    async def _people(self, request: Request, requester: Subject) -> list[Assenting]:
        able = self._eligibility.asked(request)
        if not able:
            return []
        now = self._clock.now()
        turns = await self._turns(request, now)
        return in_order(
            [
                Candidate(
                    self._delegations.assenting(person, now),
                    turns.get(person.id),
                    self._is_away(person.id, now),
                    self._questions(person.id),
                )
                for person in able
            ],
            requester,
        )

    async def _turns(self, request: Request, now: datetime) -> dict[SubjectId, int]:
        """Return the places of those who are on call for a group that is asked."""
        if self._on_call is None:
            return {}
        if now < self._on_call_rests_until:
            return {}
        turns: dict[SubjectId, int] = {}
        try:
            async with asyncio.timeout(self._within_s), asyncio.TaskGroup() as tasks:
                for group in _groups(self._demands(request)):
                    tasks.create_task(self._take_turns(self._on_call, group, now, turns))
        except TimeoutError:
            # Whoever asks next must not wait for it as well.
            self._on_call_rests_until = now + _ON_CALL_RESTS
            _log.warning("on-call-slow")
        return turns

    async def _take_turns(
        self, source: OnCall, group: str, now: datetime, turns: dict[SubjectId, int]
    ) -> None:
        try:
            names = await source.on_call(group, now)
        except Fault as fault:
            # Who is on call is a preference: without it everybody is asked in usual order.
            _log.warning("on-call-unknown", group=group, code=fault.code)
            return
        for turn, name in enumerate(names):
            person = self._directory.subject_named(name)
            if person is not None:
                turns[person.id] = min(turn, turns.get(person.id, turn))


def _groups(remedies: Sequence[ApprovalRemedy]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            group
            for remedy in remedies
            for stage in remedy.stages
            for quorum in stage
            for group in quorum.group.split(ALTERNATIVE)
            if not group.startswith(ONE_PERSON)
        )
    )


def _stands_for(one: Assenting, group: str) -> bool:
    groups = group.split(ALTERNATIVE)
    return is_member(one.person, group) or any(item.group in groups for item in one.delegations)
