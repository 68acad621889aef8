"""Asking by connecting: a client that proved who it is, and has no access yet, waits for it.

The connection is what asks: it hears what is needed at once, goes on when people have assented,
and withdraws what it asked for when it hangs up.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from assent.control.access import Access
from assent.control.grants import Grants
from assent.control.held_words import refusal, restarting, still_waiting, waits
from assent.control.live import Patience
from assent.control.requests import Requests
from assent.control.sign_in import Caller, caller_as
from assent.control.waiting import Waiting
from assent.core.clock import Clock
from assent.core.evidence import Authentication, Connection
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Grant
from assent.core.ids import RequestId, SubjectId, TargetId
from assent.core.plugins import Held, RefusalKind, Refused, Wishes
from assent.core.request import Request, RequestState
from assent.core.resource import Target
from assent.core.session import Credential
from assent.core.subject import Subject
from assent.risk import explain
from assent.workflow.request import RequestEvent

METHOD = "personal-credential"
"""How somebody proved who they are who connected with one."""
STOPS_WITHIN_S = 2.0
NOT_AGAIN_FOR = timedelta(minutes=1)
"""How long a rejection answers whoever connects again: pools try again and again by themselves."""
MOST_WAITING = 64
"""Connections of one person that may wait for one request: each of them is a place less."""
_MOST_REJECTED = 10_000
# What was approved in time is minted at once; this is for when that takes its time.
_MINTED_WITHIN_S = 60.0
_WAITING = (RequestState.PENDING, RequestState.APPROVED)


@dataclass(slots=True, eq=False)
class Arrival:
    """A client that waits for access. nudged: set whenever something happened to it.

    gone: it hung up. patience: how long it stays; what it does not stay for is asked for all the
    same.
    """

    nudged: asyncio.Event = field(default_factory=asyncio.Event)
    gone: bool = False
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Arriving:
    """Who has come, to what, with which proof, from where, and what they said.

    credential: None where it is by being signed in, as `caller`, that they proved who they are.
    """

    subject: Subject
    target: Target
    credential: Credential | None
    connection: Connection
    wishes: Wishes
    caller: Caller | None = None


class Arrivals:
    """Asks for the access of clients that have none yet, and lets them in when it is there."""

    def __init__(
        self,
        *,
        access: Access,
        waiting: Waiting,
        requests: Requests,
        grants: Grants,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._access = access
        self._waiting = waiting
        self._requests = requests
        self._grants = grants
        self._clock = clock
        self._public_url = public_url
        self._here: dict[RequestId, set[Arrival]] = {}
        # Opened by a connection of this process: nobody else waits for it once all are gone.
        self._opened: set[RequestId] = set()
        self._rejected: dict[tuple[SubjectId, TargetId], tuple[Request, Wishes]] = {}
        self._asking: WeakValueDictionary[tuple[SubjectId, TargetId], asyncio.Lock] = (
            WeakValueDictionary()
        )
        self._stopping = False
        self._nobody_here = asyncio.Event()
        waiting.when_changed(self._changed)

    async def admit(
        self, arriving: Arriving, arrival: Arrival, tell: Callable[[Held], None]
    ) -> Grant | Refused:
        """Return a grant that gives access now, or why there is none; `tell` hears of a wait.

        Raises OutsideFault when nothing can be made durable.
        """
        # One after the other for one person and target: tools connect several times at once.
        key = arriving.subject.id, arriving.target.id
        async with self._asking.setdefault(key, asyncio.Lock()):
            valid = self._valid(arriving)
            if valid is not None:
                return valid
            rejected = self._rejected_just_now(arriving)
            if rejected is not None:
                return refusal(rejected)
            request = self._asked_already(arriving) or await self._ask(arriving)
            if isinstance(request, Refused):
                return request
        here = self._here.setdefault(request.id, set())
        if len(here) >= MOST_WAITING:
            return _too_many(arriving.target, request)
        here.add(arrival)
        try:
            return await self._wait(arriving, arrival, request, tell)
        finally:
            self._leave(request.id, arrival)

    async def stop(self) -> None:
        """Tell all that wait that their requests stay open; nobody waits from here on."""
        self._stopping = True
        for arrivals in self._here.values():
            for arrival in arrivals:
                arrival.nudged.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPS_WITHIN_S):
                while self._here:
                    # As in `Holding.stop`: somebody may have come while the others left.
                    self._nobody_here.clear()
                    await self._nobody_here.wait()

    def _valid(self, arriving: Arriving) -> Grant | None:
        now = self._clock.now()
        return next(iter(self._grants.valid(arriving.subject.id, arriving.target.id, now)), None)

    def _asked_already(self, arriving: Arriving) -> Request | None:
        """Return the person's request for this target that waits: ten connections ask once."""
        for place in self._waiting:
            request = place.request
            action = request.action
            if (
                action.verb == "access.request"
                and request.state in _WAITING
                and self._clock.now() < request.deadline_at
                and action.subject == arriving.subject.id
                and action.target == arriving.target.id
                and "extends" not in action.details
            ):
                return request
        return None

    async def _ask(self, arriving: Arriving) -> Request | Refused:
        caller, wishes = arriving.caller or self._as_caller(arriving), arriving.wishes
        caller = replace(caller, task=arriving.connection.task)
        lasts_for = wishes.lasts_for_s and timedelta(seconds=wishes.lasts_for_s)
        try:
            request = await self._access.ask(
                caller, arriving.target.name, lasts_for or None, wishes.reason, wishes.ticket
            )
        except (ForbiddenFault, ConflictFault) as fault:
            hint = f"what you can reach, and how: assent targets; {_HOW_TO_SAY}"
            return Refused(RefusalKind.DENIED, fault.detail, "", hint)
        if request.state in _WAITING:
            self._opened.add(request.id)
        return request

    def _as_caller(self, arriving: Arriving) -> Caller:
        credential = arriving.credential
        # As old as the sign-in that the credential was made with: that is what was proved.
        proved_at = credential.minted_at if credential else None
        return caller_as(
            arriving.subject,
            Authentication(METHOD, proved_at or self._clock.now()),
            "",
            arriving.connection.address,
            arriving.connection.door,
        )

    async def _wait(
        self,
        arriving: Arriving,
        arrival: Arrival,
        request: Request,
        tell: Callable[[Held], None],
    ) -> Grant | Refused:
        told: tuple[str, ...] = ()
        while True:
            arrival.nudged.clear()
            if arrival.gone:
                await self._hung_up(request.id, arrival)
            current = self._waiting.get(request.id)
            if current is None or current.state not in _WAITING:
                return await self._settled(arriving, request)
            if self._stopping:
                return restarting(current, "connect again")
            if arrival.gone:
                return Refused(RefusalKind.WITHDRAWN, "the client hung up", request=request.id)
            lines = self._lines(arriving, current)
            if lines != told and current.state is RequestState.PENDING:
                told = lines
                tell(Held(lines, current.deadline_at, current.id))
            until = arrival.patience.until
            if until is not None and self._clock.now() >= until:
                return still_waiting(current, lines)
            await self._nudge_or_deadline(arrival, current)

    async def _nudge_or_deadline(self, arrival: Arrival, request: Request) -> None:
        left = (request.deadline_at - self._clock.now()).total_seconds()
        if request.state is RequestState.APPROVED:
            left = _MINTED_WITHIN_S
        if (until := arrival.patience.until) is not None:
            left = min(left, (until - self._clock.now()).total_seconds())
        try:
            async with asyncio.timeout(max(left, 0.0)):
                await arrival.nudged.wait()
        except TimeoutError:
            await self._waiting.expire(self._clock.now())

    async def _settled(self, arriving: Arriving, request: Request) -> Grant | Refused:
        settled = await self._waiting.find(request.id) or request
        if settled.state is not RequestState.COMPLETED:
            if settled.state is RequestState.REJECTED:
                self._remember(arriving, settled)
            return refusal(settled)
        grant = self._valid(arriving)
        if grant is not None:
            return grant
        return Refused(
            RefusalKind.DENIED,
            f"access to `{arriving.target.name}` was granted, and is not open now",
            hint="when it is: assent grants",
            request=settled.id,
        )

    async def _hung_up(self, request: RequestId, arrival: Arrival) -> None:
        """Withdraw what only this connection asked for."""
        others = self._here.get(request, set()) - {arrival}
        if any(not other.gone for other in others) or request not in self._opened:
            return
        with suppress(ConflictFault):  # It was settled already.
            await self._waiting.advance(
                request, RequestEvent.WITHDRAWN, outcome="the client hung up"
            )

    def _leave(self, request: RequestId, arrival: Arrival) -> None:
        here = self._here.get(request, set())
        here.discard(arrival)
        if not here:
            self._here.pop(request, None)
            self._opened.discard(request)
        if not self._here:
            self._nobody_here.set()

    def _remember(self, arriving: Arriving, rejected: Request) -> None:
        if len(self._rejected) >= _MOST_REJECTED:
            self._rejected.clear()
        key = arriving.subject.id, arriving.target.id
        self._rejected[key] = rejected, arriving.wishes

    def _rejected_just_now(self, arriving: Arriving) -> Request | None:
        """Return a rejection of a moment ago, unless something else is said this time."""
        key = arriving.subject.id, arriving.target.id
        request, wishes = self._rejected.get(key, (None, None))
        if request is None or wishes != arriving.wishes:
            return None
        if _is_over(request, self._clock.now()):
            del self._rejected[key]
            return None
        return request

    def _lines(self, arriving: Arriving, request: Request) -> tuple[str, ...]:
        why = "; ".join(request.messages) or "this needs assent"
        return (
            f"access to `{arriving.target.name}` is asked for: {why}",
            *explain(request.assessment),
            *waits(
                request,
                self._requests.unmet(request),
                self._requests.asked(request),
                to_end_it="hanging up",
                public_url=self._public_url,
            ),
        )

    async def _changed(self, request: Request) -> None:
        for arrival in self._here.get(request.id, ()):
            arrival.nudged.set()


_HOW_TO_SAY = "a reason: PGOPTIONS='-c assent.reason=…'"


def _too_many(target: Target, request: Request) -> Refused:
    return Refused(
        RefusalKind.DENIED,
        f"{MOST_WAITING} connections of yours wait for access to `{target.name}` already",
        hint="let them wait, and open fewer at once",
        request=request.id,
    )


def _is_over(rejected: Request, now: datetime) -> bool:
    return not rejected.changed_at <= now < rejected.changed_at + NOT_AGAIN_FOR
