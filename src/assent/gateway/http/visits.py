"""Sessions over HTTP: one for each token, target, address and declared task.

It ends when nothing was asked for a while, when access ends, and with the sign-in behind it.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiohttp import web

from assent.control.live import Patience
from assent.control.opening import Candidate, Proof
from assent.control.sign_in import Caller
from assent.core.evidence import Connection
from assent.core.faults import Fault, ForbiddenFault
from assent.core.plugins import NO_WISHES, Held, RefusalKind, Refused, Wishes
from assent.core.resource import Target
from assent.gateway.http.callers import Callers
from assent.gateway.sessions import Client, GatewayParts, GatewaySession

IDLE = timedelta(minutes=5)
_LOOK_EVERY_S = 0.4
_LOOK_AT_IDLE_EVERY = timedelta(seconds=15)
_OPENING_STAYS = timedelta(seconds=60)
_DECIDED_WITHIN_S = 10.0
_MOST = 10_000
_MOST_OF_ONE = 256
_SIGNED_OUT = "the sign-in behind this session is over; sign in again"
_IDLE = "nothing was asked for in five minutes"

Key = tuple[str, str, str, str]

_log = structlog.get_logger("gateway.http")


@dataclass(slots=True, eq=False)
class Flight:
    """One request under way. cut_with: why it was cut, empty as long as it was not.

    answer: what the client is being sent, None before its first byte.
    """

    task: "asyncio.Task[object]"
    cut_with: str = ""
    answer: web.StreamResponse | None = None


@dataclass(slots=True, eq=False)
class Visit:
    """One session, and the requests in it. held: what its opening waits for.

    asks: set once it waits for people. patience: how long its opening stays for them. over: why
    nothing more is done in it, empty while it lasts.
    """

    caller: Caller
    target: Target
    used_at: datetime
    looked_at: datetime
    session: GatewaySession | None = None
    opening: "asyncio.Task[Refused | None] | None" = None
    held: Held | None = None
    asks: asyncio.Event = field(default_factory=asyncio.Event)
    patience: Patience = field(default_factory=Patience)
    over: str = ""
    flights: set[Flight] = field(default_factory=set)

    @property
    def opened(self) -> GatewaySession:
        """The session, which is open."""
        if self.session is None:
            raise RuntimeError("the session is not open")
        return self.session

    @contextmanager
    def flight(self) -> Iterator[Flight]:
        """Count what this task does as under way: when the session is cut, it is cancelled.

        Then `cut_with` says why, so that it is told apart from a client that hung up.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can be under way")
        flight = Flight(task, self.over)
        self.flights.add(flight)
        try:
            yield flight
        finally:
            self.flights.discard(flight)

    def cut(self, message: str) -> None:
        """Let nothing more be done in it, and cancel what is under way."""
        self.over = self.over or message
        for flight in tuple(self.flights):
            flight.cut_with = message
            flight.task.cancel()


class Visits:
    """All of them. ended: is told of each that is over, for what else was kept for it."""

    def __init__(
        self,
        parts: GatewayParts,
        callers: Callers,
        ended: Callable[[Visit], None] = lambda visit: None,
    ) -> None:
        self._parts = parts
        self._callers = callers
        self._ended = ended
        self._visits: dict[Key, Visit] = {}
        self._work: set[asyncio.Task[None]] = set()

    async def enter(
        self,
        caller: Caller,
        target: Target,
        connection: Connection,
        until: datetime,
        wishes: Wishes = NO_WISHES,
    ) -> Visit | Refused:
        """Return the open session of this caller on the target, opened if need be.

        until: how long the client stays for people who are asked first; then the answer is
        WAITING. What is asked for goes on without it.
        """
        now = self._parts.clock.now()
        key = (caller.token_digest, target.id, connection.address, connection.task)
        visit = self._visits.get(key)
        if visit is None or visit.over:
            own = sum(1 for one in self._visits if one[0] == caller.token_digest)
            if own >= _MOST_OF_ONE or len(self._visits) >= _MOST:
                words = "there are too many sessions; try again in a moment"
                return Refused(RefusalKind.UNAVAILABLE, words)
            visit = self._visits[key] = Visit(caller, target, now, now)
        visit.used_at = now
        if visit.opening is None:
            work = self._open(key, visit, connection, wishes)
            visit.opening = asyncio.ensure_future(work)
        elif visit.opening.done() and not visit.over:
            return visit
        stays_s = max(0.0, (until - now).total_seconds())
        await asyncio.wait({visit.opening}, timeout=stays_s)
        if not visit.opening.done():
            # Nobody is asked for longer than it takes to find out whether people are asked at all.
            told = asyncio.ensure_future(visit.asks.wait())
            either: set[asyncio.Future[Any]] = {visit.opening, told}
            await asyncio.wait(
                either, timeout=_DECIDED_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
            )
            told.cancel()
        if not visit.opening.done():
            return _waits(visit)
        refused = visit.opening.result()
        if refused is None and visit.over:
            refused = Refused(RefusalKind.UNAVAILABLE, visit.over)
        return refused or visit

    async def run(self) -> None:
        """End what is idle, and what rests on a sign-in that is over, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now = self._parts.clock.now()
            for key, visit in tuple(self._visits.items()):
                if visit.flights:
                    visit.used_at = now
                elif now - visit.used_at >= IDLE and _is_open(visit):
                    self._begin_end(key, visit, _IDLE)
                    continue
                if visit.flights or now - visit.looked_at >= _LOOK_AT_IDLE_EVERY:
                    visit.looked_at = now
                    await self._look(key, visit)

    async def stop(self, message: str) -> None:
        """End all of them."""
        openings = set()
        for key, visit in tuple(self._visits.items()):
            visit.cut(message)
            if visit.opening is not None and not visit.opening.done():
                # What it waits for waits on without it; it ends as soon as it hears of that.
                visit.patience.until = self._parts.clock.now()
                visit.patience.nudge()
                openings.add(visit.opening)
            self._begin_end(key, visit, message)
        if openings:
            await asyncio.wait(openings, timeout=_DECIDED_WITHIN_S)
        while self._work:
            await asyncio.gather(*self._work, return_exceptions=True)

    async def _open(
        self, key: Key, visit: Visit, connection: Connection, wishes: Wishes
    ) -> Refused | None:
        def cut(message: str) -> None:
            visit.cut(message)
            self._begin_end(key, visit, message)

        session = self._parts.begin(Client(connection, cut, lambda: None))
        candidate = Candidate(visit.caller.subject, visit.target, ())
        patience = visit.patience = Patience(self._parts.clock.now() + _OPENING_STAYS)

        def tell(held: Held) -> None:
            visit.held = held
            visit.asks.set()

        refused: Refused | None = None
        try:
            opened = await session.open(
                candidate,
                Proof(caller=visit.caller),
                wishes=wishes,
                tell=tell,
                patience=patience,
            )
            refused = opened if isinstance(opened, Refused) else None
        finally:
            if refused is None and session.live is not None:
                visit.session = session
                if visit.over:
                    # It was cut while it was opened, when there was nothing to end yet.
                    self._begin_end(key, visit, visit.over)
            else:
                visit.over = visit.over or "it was not opened"
                self._forget(key, visit)
        return refused

    async def _look(self, key: Key, visit: Visit) -> None:
        try:
            await self._callers.by_digest(visit.caller.token_digest, visit.caller.address)
        except ForbiddenFault:
            visit.cut(_SIGNED_OUT)
            self._begin_end(key, visit, _SIGNED_OUT)
        except Fault as fault:
            # Whatever is attempted meanwhile is refused by the same store.
            _log.warning("sign-in-unknown", code=fault.code)

    def _begin_end(self, key: Key, visit: Visit, reason: str) -> None:
        visit.over = visit.over or reason
        self._forget(key, visit)
        if visit.session is not None:
            task = asyncio.ensure_future(visit.session.end(reason))
            self._work.add(task)
            task.add_done_callback(self._work.discard)
        self._ended(visit)

    def _forget(self, key: Key, visit: Visit) -> None:
        if self._visits.get(key) is visit:
            del self._visits[key]


def _is_open(visit: Visit) -> bool:
    return visit.opening is not None and visit.opening.done()


def _waits(visit: Visit) -> Refused:
    held = visit.held
    if held is None:
        words = "access is being asked for"
        return Refused(RefusalKind.WAITING, words, hint="send the same again")
    return Refused(
        RefusalKind.WAITING,
        held.lines[0],
        detail="; ".join(held.lines[1:]),
        hint="send the same again: it goes on with this request",
        request=held.request,
    )
