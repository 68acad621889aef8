"""Tells people that a request needs them: few at first, more on a clock, all once at the end.

What is told is in the same commit as the state that it tells of. Whether somebody may answer
never depends on it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime

from assent.control.choosing import Choosing, Pace
from assent.control.directory import Directory
from assent.control.outbox import Outbox
from assent.control.telling import asking_lines, how_it_ended, what_is_asked
from assent.control.timers import Timers
from assent.control.waiting import Place, Waiting
from assent.core.changes import Change, DropTimer, PutNotice, PutTimer
from assent.core.clock import Clock, isoformat
from assent.core.decision import ApprovalRemedy
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import RequestId, SubjectId
from assent.core.notice import Notice
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.timer import Timer
from assent.workflow.request import TERMINAL

ASKED, REMINDER = "request.asked", "request.reminder"
SETTLED, ANSWERED = "request.settled", "request.answered"
WIDEN, REMIND, ESCALATE = "request.widen", "request.remind", "request.escalate"
MOST_TOLD = 500
"""People who are told of one request, whoever else may answer it."""


class Pacing:
    """Adds to every change of a request what people hear of it, and what comes later."""

    def __init__(
        self,
        *,
        store: Store,
        waiting: Waiting,
        choosing: Choosing,
        directory: Directory,
        outbox: Outbox,
        timers: Timers,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._store = store
        self._waiting = waiting
        self._choosing = choosing
        self._directory = directory
        self._outbox = outbox
        self._clock = clock
        self._pace = pace
        waiting.pace_by(self)
        timers.when(WIDEN, self._widen)
        timers.when(REMIND, self._remind)
        timers.when(ESCALATE, self._escalate)
        outbox.only_while(ASKED, self._still_asks)
        outbox.only_while(REMINDER, self._still_asks)

    async def opened(self, request: Request) -> tuple[Request, Sequence[Change]]:
        """Return a new request with whom it asks, and what is to be kept with it."""
        return await self._begin(request)

    async def moved(self, before: Request, after: Request) -> tuple[Request, Sequence[Change]]:
        """Return a request that moved with whom it asks now, and what is to be kept with it."""
        if after.state is RequestState.PENDING:
            if _asks_the_same(before, after):
                return after, ()
            if self._asks_anew(before, after):
                return await self._begin(after)
            return await self._ask(after, await self._choosing.further(after, after.asked))
        if after.state is RequestState.RELEASED or after.state in TERMINAL:
            if before.state is RequestState.RELEASED:
                return after, ()  # Everybody heard of it when it was let go.
            return after, self._settled(after)
        return after, ()

    async def hurry(self) -> None:
        """Ask everybody about requests whose locks others wait for by now."""
        for request in self._waiting.take_urgent():
            async with self._pending(request) as place:
                if place is not None:
                    now = self._clock.now()
                    await self._more(place, MOST_TOLD, f"hurry:{isoformat(now)}")

    async def _begin(self, request: Request) -> tuple[Request, Sequence[Change]]:
        """Ask for what asks now, whoever was asked for something else before."""
        now = self._clock.now()
        asking, changes = await self._ask(request, await self._choosing.further(request, ()))
        later: list[Change] = []
        if changes:
            reminds_at = self._pace.reminds_at(request, now)
            if reminds_at < request.deadline_at:
                later.append(PutTimer(Timer(REMIND, request.id, reminds_at)))
        if (escalates_at := _escalates_at(request, now)) is not None:
            later.append(PutTimer(Timer(ESCALATE, request.id, escalates_at)))
        return asking, (*changes, *later)

    async def _ask(
        self, request: Request, chosen: Sequence[SubjectId], mark: str = ""
    ) -> tuple[Request, Sequence[Change]]:
        """Return the request with those who are asked now, and the changes that say so.

        mark: what makes this asking another one than that of the same change of the request.
        """
        chosen = chosen[:MOST_TOLD]
        if not chosen:
            return request, ()
        asked = tuple(dict.fromkeys((*request.asked, *chosen)))
        asking = replace(request, asked=asked)
        key = f"{ASKED}:{request.id}:{mark or isoformat(request.changed_at)}:{len(asked)}"
        changes: list[Change] = [self._question(ASKED, asking, chosen, "needs your assent", key)]
        if set(self._choosing.able(asking)) - set(asked):
            due_at = self._clock.now() + self._pace.widens_after(request)
            if due_at < request.deadline_at:
                changes.append(PutTimer(Timer(WIDEN, request.id, due_at)))
        return asking, changes

    async def _more(self, place: Place, more: int, mark: str) -> bool:
        """Ask so many more; return whether there was anybody."""
        request = place.request
        chosen = await self._choosing.further(request, request.asked, more=more)
        asking, changes = await self._ask(request, chosen, mark)
        if not changes:
            return False
        # The next widening replaces this one; where everybody is asked there is none.
        goes_on = any(isinstance(change, PutTimer) for change in changes)
        done = () if goes_on else (DropTimer(request.id, WIDEN),)
        await self._waiting.keep(place, asking, changes=(*changes, *done))
        return True

    async def _widen(self, about: str, due_at: datetime) -> None:
        """Ask as many again as were asked, until everybody is."""
        async with self._pending(about) as place:
            if place is None:
                return
            able = self._choosing.able(place.request)
            told = [who for who in place.request.asked if who in able]
            if not await self._more(place, max(1, len(told)), isoformat(due_at)):
                await self._store.commit((DropTimer(about, WIDEN),), ())

    async def _remind(self, about: str, due_at: datetime) -> None:
        """Remind those who were asked and can answer still."""
        async with self._pending(about) as place:
            if place is None:
                return
            request = place.request
            able = self._choosing.able(request)
            told = [who for who in request.asked if who in able]
            changes: list[Change] = [DropTimer(about, REMIND)]
            next_at = self._pace.reminds_at(request, self._clock.now())
            if next_at < request.deadline_at:
                changes = [PutTimer(Timer(REMIND, about, next_at))]
            if told:
                key = f"{REMINDER}:{about}:{isoformat(due_at)}"
                changes.append(
                    self._question(REMINDER, request, told, "still needs your assent", key)
                )
            await self._store.commit(changes, ())

    async def _escalate(self, about: str, due_at: datetime) -> None:
        """Ask those who may answer from now on because nobody did."""
        async with self._pending(about) as place:
            if place is None:
                return
            request, now = place.request, self._clock.now()
            chosen: dict[SubjectId, None] = {}
            for group in _escalated_to(request, due_at):
                further = await self._choosing.further(request, (), group=group)
                chosen |= dict.fromkeys(further)
            asking, changes = await self._ask(request, tuple(chosen), isoformat(due_at))
            next_at = _escalates_at(request, now)
            timer: Change = (
                DropTimer(about, ESCALATE)
                if next_at is None
                else PutTimer(Timer(ESCALATE, about, next_at))
            )
            await self._waiting.keep(place, asking, changes=(*changes, timer))

    @asynccontextmanager
    async def _pending(self, about: str) -> AsyncIterator[Place | None]:
        """Hold a request that waits for people; its timers are dropped where it does not."""
        try:
            place = await self._waiting.place(RequestId(about))
        except (ConflictFault, MissingFault):
            await self._store.commit((DropTimer(about),), ())
            yield None
            return
        async with self._waiting.moving(place):
            now = self._clock.now()
            if place.request.state is RequestState.PENDING and now < place.request.deadline_at:
                yield place
                return
            # It is set again where it asks again; what is overdue is settled by the sweep.
            await self._store.commit((DropTimer(about),), ())
            yield None

    def _asks_anew(self, before: Request, after: Request) -> bool:
        return (
            before.state is not RequestState.PENDING
            or before.remedies != after.remedies
            or before.action_digest != after.action_digest
            or self._choosing.stages(before) != self._choosing.stages(after)
        )

    def _question(
        self, topic: str, request: Request, to: Sequence[SubjectId], words: str, key: str
    ) -> PutNotice:
        needed = self._choosing.needed(request)
        return self._outbox.notice(
            topic,
            to=to,
            headline=f"{words}: {self._title(request)}",
            lines=asking_lines(request, needed, statements=self._pace.statements),
            request=request.id,
            key=key,
        )

    def _settled(self, request: Request) -> Sequence[Change]:
        """Return what everybody who was asked hears at the end, and the requester too."""
        people = {person.id: person for person in self._directory.subjects()}
        words = how_it_ended(request, self._title(request), people)
        changes: list[Change] = [DropTimer(request.id)]
        if request.asked:
            changes.append(
                self._outbox.notice(
                    SETTLED,
                    to=request.asked,
                    headline=words,
                    request=request.id,
                    key=f"{SETTLED}:{request.id}",
                )
            )
        requester = request.action.subject
        # Whoever waits on an open connection hears it there.
        if request.action.session is None and request.settled_by != requester:
            changes.append(
                self._outbox.notice(
                    ANSWERED,
                    to=(requester,),
                    headline=words,
                    request=request.id,
                    key=f"{ANSWERED}:{request.id}",
                    thread=f"{request.id}:requester",
                )
            )
        return changes

    def _title(self, request: Request) -> str:
        requester, target = None, None
        # Whatever is gone by now: what it asked for must be possible to settle.
        with suppress(MissingFault):
            requester = self._directory.subject(request.action.subject)
            if request.action.target is not None:
                target = self._directory.target(request.action.target)
        return what_is_asked(request.action, requester, target)

    def _still_asks(self, notice: Notice) -> bool:
        request = self._waiting.get(notice.request) if notice.request else None
        return request is not None and request.state is RequestState.PENDING


def _asks_the_same(before: Request, after: Request) -> bool:
    """Return whether nothing changed that says who is needed, such as by a comment."""
    return (
        before.state is after.state
        and before.remedies == after.remedies
        and before.action_digest == after.action_digest
        and before.approvals == after.approvals
    )


def _escalates_at(request: Request, now: datetime) -> datetime | None:
    """Return when further people may answer next, None where that is never in its time."""
    times = sorted(
        request.created_at + escalation.after
        for remedy in request.remedies
        if isinstance(remedy, ApprovalRemedy)
        for escalation in remedy.escalations
    )
    return next((at for at in times if now < at < request.deadline_at), None)


def _escalated_to(request: Request, due_at: datetime) -> tuple[str, ...]:
    """Return the groups that may answer from `due_at` on, and not before."""
    return tuple(
        escalation.group
        for remedy in request.remedies
        if isinstance(remedy, ApprovalRemedy)
        for escalation in remedy.escalations
        if request.created_at + escalation.after == due_at
    )
