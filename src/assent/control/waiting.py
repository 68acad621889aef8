"""The requests that are not settled: opened, moved on and settled here, each change durable.

`control.requests` is what people do with them; this is what happens to them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from assent.control import entries
from assent.control.decide import Outcome
from assent.control.events import Events
from assent.core.action import Action
from assent.core.changes import Change, PutRequest
from assent.core.clock import Clock
from assent.core.decision import Deny, code_of
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, MissingFault
from assent.core.grant import Grant
from assent.core.ids import Ids, RequestId, SubjectId
from assent.core.impact import Waiter
from assent.core.notice import Notice
from assent.core.ports import Store
from assent.core.request import Approval, Request, RequestState
from assent.policy.remedies import is_met
from assent.workflow.request import TERMINAL, RequestEvent, advance

UNSETTLED = tuple(state for state in RequestState if state not in TERMINAL)
MOST_EACH = 100
"""Requests of one subject that may wait at once."""

_MOST_RECOVERED = 1_000_000

# How long after the deadline what was assented to in time may still be let go.
_RELEASED_WITHIN = timedelta(minutes=1)


@dataclass(slots=True, eq=False)
class Place:
    """One request that waits. lock: held by whoever moves it, from reading to durable."""

    request: Request
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pacer(Protocol):
    """Says whom a request asks, and what is kept with it so that they hear of it."""

    async def opened(self, request: Request) -> tuple[Request, Sequence[Change]]:
        """Return a new request as it is to be kept, and what with it."""
        ...

    async def moved(self, before: Request, after: Request) -> tuple[Request, Sequence[Change]]:
        """Return a request that moved as it is to be kept, and what with it."""
        ...


class Waiting:
    """Every request that is not settled, in memory and in the store alike."""

    def __init__(self, *, store: Store, events: Events, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._events = events
        self._clock = clock
        self._ids = ids
        self._places: dict[RequestId, Place] = {}
        self._listeners: list[Callable[[Request], Awaitable[None]]] = []
        self._pacer: Pacer | None = None
        self._urgent: set[RequestId] = set()
        # Kept as requests come and go: ten thousand are not looked through for each new one.
        self._of_each: Counter[SubjectId] = Counter()
        self._questions: Counter[SubjectId] = Counter()

    def pace_by(self, pacer: Pacer) -> None:
        """Let `pacer` say whom every request asks; without one nobody is told."""
        self._pacer = pacer

    def __iter__(self) -> Iterator[Place]:
        return iter(tuple(self._places.values()))

    def when_changed(self, listener: Callable[[Request], Awaitable[None]]) -> None:
        """Await `listener` after every change of a request."""
        self._listeners.append(listener)

    def get(self, request: RequestId) -> Request | None:
        """Return a request that is not settled, None if it is (or never was)."""
        place = self._places.get(request)
        return place.request if place else None

    def questions(self, person: SubjectId) -> int:
        """Return how many requests this person was asked about and has not answered."""
        return self._questions[person]

    async def find(self, request: RequestId) -> Request | None:
        """Return a request, settled or not, None if there is none."""
        return self.get(request) or await self._store.request(request)

    async def place(self, request: RequestId) -> Place:
        """Return where a request waits. Raises ConflictFault once it is settled, MissingFault."""
        place = self._places.get(request)
        if place is not None:
            return place
        settled = await self._store.request(request)
        if settled is None:
            raise MissingFault("no-such-request", f"there is no request `{request}`")
        words = f"request `{request}` is {settled.state.value} already"
        raise ConflictFault("request-settled", f"{words}: {settled.outcome}".rstrip(": "))

    async def open(
        self, action: Action, outcome: Outcome, denial: Deny, *, reason: str = "", ticket: str = ""
    ) -> Request:
        """Return a new request for the remedies of `denial`, durable.

        Raises OutsideFault when the store cannot take it, ConflictFault `too-many-requests`.
        """
        if self._of_each[action.subject] >= MOST_EACH:
            words = f"{MOST_EACH} requests of yours wait already; withdraw some, or let them end"
            raise ConflictFault("too-many-requests", words)
        now = self._clock.now()
        wait = denial.hold_in_transaction_for if action.in_transaction else denial.hold_for
        request = Request(
            id=RequestId(self._ids.mint("request")),
            action=action,
            action_digest=action.digest(),
            assessment=outcome.assessment,
            remedies=denial.remedies,
            messages=denial.messages,
            denied_by=denial.denied_by,
            revision=denial.revision,
            state=RequestState.PENDING,
            created_at=now,
            deadline_at=now + wait,
            changed_at=now,
            reason=reason,
            ticket=ticket,
            impact=outcome.evidence.impact,
            ticket_said=outcome.evidence.ticket_said,
        )
        entry = entries.of_request(
            self._ids, EntryKind.REQUEST_OPENED, request, now, decision=outcome.entry
        )
        met = [
            entries.of_met_remedy(self._ids, request, code, now, action.subject, entry.id)
            for code in sorted(_met_before(action, outcome, denial))
        ]
        changes: Sequence[Change] = ()
        if self._pacer is not None:
            request, changes = await self._pacer.opened(request)
        await self._store.commit((PutRequest(request), *changes), (entry, *met))
        self._put(request)
        self._events.publish(Notice("request.opened", now, request.id))
        return request

    @asynccontextmanager
    async def moving(self, place: Place) -> AsyncIterator[Place]:
        """Hold a place while its request is moved; the listeners hear of it afterwards.

        Afterwards, because a listener may move it again: the lock is not reentrant.
        """
        async with place.lock:
            before = place.request
            yield place
        if place.request is not before:
            for listener in self._listeners:
                await listener(place.request)

    async def move(
        self,
        place: Place,
        event: RequestEvent,
        *,
        request: Request | None = None,
        approval: Approval | None = None,
        outcome: str = "",
        by: SubjectId | None = None,
        changes: Sequence[Change] = (),
        also: Sequence[Entry] = (),
    ) -> Request:
        """Move the request of a place in `moving` on by `event`; return it as it is then.

        request: it with further fields changed, to be kept with the move. changes, also: what
        is made durable in the same transaction. Raises ConflictFault where the event does not
        fit its state.
        """
        now = self._clock.now()
        moved = request or place.request
        after = advance(moved, event, now, approval=approval, outcome=outcome, by=by)
        return await self._keep(place, after, by, changes, also)

    async def keep(
        self,
        place: Place,
        request: Request,
        *,
        by: SubjectId | None = None,
        changes: Sequence[Change] = (),
        also: Sequence[Entry] = (),
    ) -> Request:
        """Keep further fields of the request of a place in `moving`; its state stays.

        Raises ConflictFault where it stands otherwise in the store by now.
        """
        changed_at = max(self._clock.now(), place.request.changed_at)
        after = replace(request, state=place.request.state, changed_at=changed_at)
        return await self._keep(place, after, by, changes, also)

    async def advance(
        self,
        request: RequestId,
        event: RequestEvent,
        *,
        outcome: str = "",
        by: SubjectId | None = None,
        also: Sequence[Entry] = (),
    ) -> Request:
        """Move a request on by `event`. Raises ConflictFault, MissingFault."""
        async with self.moving(await self.place(request)) as place:
            return await self.move(place, event, outcome=outcome, by=by, also=also)

    async def mint(
        self, request: RequestId, grant: Grant, changes: Sequence[Change], also: Sequence[Entry]
    ) -> Request:
        """Settle an approved request for access with the grant that it led to."""
        async with self.moving(await self.place(request)) as place:
            now = self._clock.now()
            released = advance(place.request, RequestEvent.RELEASED, now, grant=grant.id)
            after = advance(released, RequestEvent.COMPLETED, now, outcome="granted")
            return await self._keep(place, after, None, changes, also)

    async def finish(
        self, request: RequestId, changes: Sequence[Change], also: Sequence[Entry], outcome: str
    ) -> Request:
        """Settle an approved request with what it led to, in the transaction that does it."""
        async with self.moving(await self.place(request)) as place:
            now = self._clock.now()
            released = advance(place.request, RequestEvent.RELEASED, now)
            after = advance(released, RequestEvent.COMPLETED, now, outcome=outcome)
            return await self._keep(place, after, None, changes, also)

    async def reopen(self, request: RequestId, outcome: Outcome) -> Request:
        """Ask again, since what was approved is not permitted on the facts of now.

        A denial that nobody can lift settles the request.
        """
        denial = outcome.decision
        if not isinstance(denial, Deny):
            raise TypeError("only a denial asks again")
        words = "; ".join(denial.messages)
        async with self.moving(await self.place(request)) as place:
            if not denial.remedies:
                return await self.move(place, RequestEvent.REJECTED, outcome=words)
            asked_again = replace(
                place.request,
                assessment=outcome.assessment,
                remedies=denial.remedies,
                messages=denial.messages,
                denied_by=denial.denied_by,
                revision=denial.revision,
                impact=outcome.evidence.impact,
                ticket_said=outcome.evidence.ticket_said,
                outcome=f"asks again, for more is needed than was assented to: {words}",
            )
            return await self.move(place, RequestEvent.REOPENED, request=asked_again)

    def look_again(self, request: RequestId, waiters: tuple[Waiter, ...]) -> None:
        """Show who waits for locks now. It decides nothing, so it is not made durable by itself."""
        place = self._places.get(request)
        impact = place.request.impact if place else None
        if place is None or impact is None or impact.waiters == waiters:
            return
        place.request = replace(place.request, impact=replace(impact, waiters=waiters))
        if waiters:
            self._urgent.add(request)
        self._events.publish(Notice("request.changed", self._clock.now(), request))

    def take_urgent(self) -> tuple[RequestId, ...]:
        """Return the requests whose locks others have come to wait for since it was asked last."""
        urgent = tuple(self._urgent)
        self._urgent.clear()
        return urgent

    async def expire(self, now: datetime) -> None:
        """Settle what waits past its deadline, and what was approved and never released."""
        for place in self:
            if (words := _overdue(place.request, now)) is None:
                continue
            with suppress(ConflictFault):  # Somebody was faster.
                async with self.moving(place):
                    if _overdue(place.request, now) is not None:
                        await self.move(place, RequestEvent.EXPIRED, outcome=words)

    async def recover(self) -> None:
        """Read what an earlier process left; `control.resuming` says what becomes of it."""
        for request in await self._store.requests(UNSETTLED, limit=_MOST_RECOVERED):
            self._put(request)

    async def carry_out(self) -> None:
        """Tell the listeners of what was assented to and not carried out in an earlier process."""
        for place in self:
            if place.request.state is not RequestState.APPROVED:
                continue
            for listener in self._listeners:
                # Another one settled it, or what it is about is gone: the sweep ends it in time.
                with suppress(ConflictFault, MissingFault):
                    await listener(place.request)

    async def _keep(
        self,
        place: Place,
        after: Request,
        by: SubjectId | None,
        changes: Sequence[Change],
        also: Sequence[Entry],
    ) -> Request:
        settled = after.state in TERMINAL
        kind = EntryKind.REQUEST_SETTLED if settled else EntryKind.REQUEST_CHANGED
        entry = entries.of_request(self._ids, kind, after, after.changed_at, by)
        told: Sequence[Change] = ()
        if self._pacer is not None:
            after, told = await self._pacer.moved(place.request, after)
        put = PutRequest(after, place.request.state)
        try:
            await self._store.commit((put, *changes, *told), (*also, entry))
        except ConflictFault:
            # What is kept is the truth: an earlier commit may have been durable unheard.
            self._take(place, await self._store.request(after.id) or place.request)
            raise
        self._take(place, after)
        topic = "request.settled" if settled else "request.changed"
        self._events.publish(Notice(topic, after.changed_at, after.id))
        return after

    def _put(self, request: Request) -> None:
        self._places[request.id] = Place(request)
        self._of_each[request.action.subject] += 1
        self._questions.update(_unanswered(request))

    def _take(self, place: Place, request: Request) -> None:
        before, place.request = place.request, request
        if self._places.get(request.id) is not place:
            return
        self._questions.subtract(_unanswered(before))
        if request.state in TERMINAL:
            self._places.pop(request.id)
            self._of_each[request.action.subject] -= 1
        else:
            self._questions.update(_unanswered(request))


def _met_before(action: Action, outcome: Outcome, denial: Deny) -> set[str]:
    """Return the codes of what is demanded and was there when it was asked for."""
    evidence = outcome.evidence
    return {
        code_of(demand)
        for demand in denial.remedies
        if is_met(demand, action, evidence, evidence.at)
    }


def _unanswered(request: Request) -> tuple[SubjectId, ...]:
    """Return who was asked and has not answered yet, while it still asks."""
    if request.state is not RequestState.PENDING or not request.asked:
        return ()
    answered = {approval.approver for approval in request.approvals}
    return tuple(who for who in request.asked if who not in answered)


def _overdue(request: Request, now: datetime) -> str | None:
    """Return why a request must end now, empty for the usual words, None while it may wait."""
    if request.state is RequestState.PENDING and now >= request.deadline_at:
        return ""
    if request.state is RequestState.APPROVED and now >= request.deadline_at + _RELEASED_WITHIN:
        return "it was assented to and could not be released in time; it did not run"
    return None
