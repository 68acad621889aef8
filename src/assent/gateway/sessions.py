"""Sessions of doors that stand on a library, which reads what clients send: SSH, HTTP, MCP, TCP.

PostgreSQL's own relay holds bytes back and asks; these doors await an answer before they go on.
Behind both is the same: an opening, attempts in it, what came of each, and an end.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from assent.control.arriving import Arrival
from assent.control.live import LiveSession, Patience, unheard
from assent.control.opening import Candidate, Handles, Proof
from assent.control.session_words import unavailable
from assent.control.sessions import Sessions
from assent.core.action import Action, Phase, Statement
from assent.core.clock import Clock
from assent.core.enforcement import Limit
from assent.core.evidence import Connection
from assent.core.faults import Fault
from assent.core.frame import Frame, ResultFrame, StatementFrame
from assent.core.ids import DeviceKeyId
from assent.core.lease import Lease
from assent.core.plugins import (
    NO_WISHES,
    Authorize,
    Exceed,
    Held,
    Permitted,
    RefusalKind,
    Refused,
    Wishes,
)
from assent.core.ports import Recorder
from assent.gateway.leases import Leases
from assent.protocols.reuse import Reuse

_MOST_SHAPES = 1_000
_CLOSED = "the session is over"
_UNRECORDED = "the recording cannot be kept, and nothing is done unrecorded"

Spawn = Callable[[Coroutine[Any, Any, None]], object]
Tell = Callable[[Held], None]

_log = structlog.get_logger("gateway")


def untold(held: Held) -> None:
    """Tell nobody that something is held."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who connects, and how they are reached.

    cut: ends the connection, with words for the client. cancel: stops what runs at the target for
    it. say: tells the client something meanwhile. shown: the device whose certificate it showed.
    """

    connection: Connection
    cut: Callable[[str], None]
    cancel: Callable[[], None] = lambda: None
    say: Callable[[tuple[str, ...]], None] = unheard
    shown: DeviceKeyId | None = None


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """What every such session rests on, one for all of them."""

    sessions: Sessions
    recorder: Recorder
    leases: Leases
    clock: Clock
    spawn: Spawn

    def begin(self, client: Client) -> "GatewaySession":
        """Return a session that is still to be opened."""
        return GatewaySession(self, client)


@dataclass(slots=True, eq=False)
class Attempt:
    """Something that was permitted and is under way: say what came of it by `finish` or `lose`.

    sequence: counts what the session did, from 1. action: None where an earlier decision served
    again. enforcement, entry and the rest: in `permitted`.
    """

    session: "GatewaySession"
    sequence: int
    permitted: Permitted
    action: Action | None
    began_at: datetime
    over: bool = field(default=False)

    def finish(self, *, rows: int = -1, bytes: int = 0, error: str = "") -> None:
        """Say what came of it. rows: -1 where that is not known. error: a short code."""
        if not self.over:
            self.over = True
            self.session.finished(self, rows, bytes, error)

    def lose(self, *, released: bool = True) -> None:
        """Say that nobody will hear what came of it. released: whether it went up at all."""
        if not self.over:
            self.over = True
            self.session.lost(self, released=released)


class GatewaySession:
    """One session, from before it is opened until it has ended.

    live: None until it is opened. Once `cut` of its client was called, it is over.
    """

    def __init__(self, parts: GatewayParts, client: Client) -> None:
        self.live: LiveSession | None = None
        self.closed = False
        self._parts = parts
        self._client = client
        self._draft: LiveSession | Arrival | None = None
        self._reuse: Reuse | None = None
        self._actions: dict[str, Action] = {}
        self._sequence = 0
        self._cut = False
        self._under_way: set[Attempt] = set()
        self._settling: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Task[None] | None = None

    async def open(
        self,
        candidate: Candidate,
        proof: Proof,
        *,
        database: str = "",
        wishes: Wishes = NO_WISHES,
        tell: Tell = untold,
        patience: Patience | None = None,
    ) -> LiveSession | Refused:
        """Return the open session, or why there is none; `tell` hears if people are asked first.

        patience: how long the client stays for them; then the answer is WAITING, and the same
        opening, tried again, goes on with what was asked.
        """
        client = self._client
        opened = await self._parts.sessions.opening.open(
            candidate,
            proof,
            database,
            client.connection,
            Handles(
                self._drafted,
                self._cut_off,
                client.cancel,
                say=client.say,
                shown=client.shown,
                patience=patience,
            ),
            tell,
            wishes,
        )
        if isinstance(opened, Refused):
            return opened
        self.live = opened
        self._reuse = Reuse(opened.epoch, _MOST_SHAPES)
        if self.closed:
            await self.end("the client hung up")
            return Refused(RefusalKind.WITHDRAWN, "the client hung up")
        return opened

    def hang_up(self) -> None:
        """Hear that the client is gone: what waits for people is withdrawn."""
        if self.live is not None and not self.closed:
            self._parts.sessions.revocations.closed(self.live)
        self.closed = True
        if self._draft is not None:
            self._draft.gone = True
            self._draft.nudged.set()

    async def lease(self) -> Lease:
        """Return the way in at the target, given back at the end. Raises Fault."""
        return await self._parts.leases.take(self._opened)

    async def attempt(
        self,
        statement: Statement,
        text: str,
        parameters: Sequence[str | None] = (),
        *,
        shape: Hashable | None = None,
        tell: Tell = untold,
        patience: Patience | None = None,
    ) -> Attempt | Refused:
        """Return that this may be done now, or why not; in the log, and the recording, by then.

        shape: what stands for it where only values differ that change nothing of what it touches;
        a decision may serve again for that, None for never.
        """
        live, parts = self._opened, self._parts
        try:
            if parts.recorder.behind:
                await parts.recorder.ready()
            reused = self._reused(shape, live)
            if reused is not None:
                return self._begun(reused, None, text, parameters, "reuse")
            question = Authorize(statement, text, tuple(parameters), Phase.EXECUTE, False)
            answer, action = await parts.sessions.attempts.authorize(live, question, tell, patience)
            if not isinstance(answer, Permitted):
                refused = answer if isinstance(answer, Refused) else _over()
                if refused.kind is not RefusalKind.WAITING:
                    self._note("refuse", text, parameters, refused.entry, refused.request)
                return refused
            turn = await parts.sessions.attempts.in_turn(live, action, answer)
            if isinstance(turn, Refused) or self.closed:
                await parts.sessions.results.abandon(live, action, answer.request, released=False)
                return turn if isinstance(turn, Refused) else _over()
            if self._reuse is not None:
                self._reuse.keep(Phase.EXECUTE, shape, statement, turn)
                if turn.reuse_until is not None:
                    self._kept(turn, action)
            try:
                return self._begun(turn, action, text, parameters, "permit")
            except Fault:
                await parts.sessions.results.abandon(live, action, answer.request, released=False)
                raise
        except Fault as fault:
            _log.error("attempt-failed", session=live.session.id, code=fault.code)
            self._client.cut(_UNRECORDED)
            return unavailable(fault)

    async def exceed(
        self,
        attempt: Attempt,
        limit: Limit,
        passed: int,
        *,
        tell: Tell = untold,
        patience: Patience | None = None,
    ) -> Permitted | Refused:
        """Return whether more of what came of an attempt may pass than its permit lets.

        passed: bytes that the client has. Where it may, `enforcement` of a limit of a budget says
        how much of it is left; any other limit binds the rest no more.
        """
        entry = attempt.permitted.entry
        action = attempt.action or self._actions.get(entry)
        if action is None:
            return Refused(RefusalKind.DENIED, "no more than this may pass; ask for less at once")
        question = Exceed(entry, limit.name, limit.most, 0, passed, limit.counted)
        attempts = self._parts.sessions.attempts
        return await attempts.exceed(self._opened, question, action, tell, patience)

    def record(self, frame: Frame) -> None:
        """Write a frame. Raises OutsideFault when that is impossible: then nothing goes on."""
        live = self._opened
        self._parts.recorder.record(live.session.id, frame)
        live.told_watchers()

    @property
    def clock(self) -> Clock:
        """What frames take their time from."""
        return self._parts.clock

    @property
    def behind(self) -> bool:
        """Whether the recording is behind, so that nothing more goes on before `ready`."""
        return self._parts.recorder.behind

    async def ready(self) -> None:
        """Wait until it is not. Raises OutsideFault when that takes too long."""
        await self._parts.recorder.ready()

    async def end(self, reason: str) -> None:
        """Count the session as ended; again, it waits for the same end."""
        self.hang_up()
        if self.live is None:
            # What opens after this is ended where it opens.
            return
        if self._ended is None:
            self._ended = asyncio.ensure_future(self._end(reason))
        await asyncio.shield(self._ended)

    # What attempts call.

    def finished(self, attempt: Attempt, rows: int, bytes: int, error: str) -> None:
        """Record what came of an attempt, and keep it in the log."""
        live, now = self._opened, self._parts.clock.now()
        self._under_way.discard(attempt)
        took = int((now - attempt.began_at).total_seconds() * 1_000_000)
        frame = ResultFrame(attempt.sequence, now, took, rows, bytes, error)
        results = self._parts.sessions.results
        try:
            self.record(frame)
        except Fault as fault:
            _log.error("recording-failed", session=live.session.id, code=fault.code)
            self._client.cut(_UNRECORDED)
        results.ran(live, frame)
        if attempt.action is not None:
            request = attempt.permitted.request
            self._settle(results.finish(live, attempt.action, request, frame))

    def lost(self, attempt: Attempt, *, released: bool) -> None:
        """Keep in the log that nobody knows what came of an attempt."""
        self._under_way.discard(attempt)
        if attempt.action is not None:
            request = attempt.permitted.request
            abandon = self._parts.sessions.results.abandon
            self._settle(abandon(self._opened, attempt.action, request, released=released))

    # Its own.

    @property
    def _opened(self) -> LiveSession:
        if self.live is None:
            raise RuntimeError("the session is not open")
        return self.live

    def _drafted(self, draft: LiveSession | Arrival) -> None:
        self._draft = draft
        if self.closed:
            self.hang_up()

    def _cut_off(self, message: str) -> None:
        self._cut = True
        self._client.cut(message)

    def _reused(self, shape: Hashable | None, live: LiveSession) -> Permitted | None:
        if shape is None or self._reuse is None or self.closed or live.pause is not None:
            return None
        return self._reuse.find(Phase.EXECUTE, shape, self._parts.clock.now())

    def _begun(
        self,
        permitted: Permitted,
        action: Action | None,
        text: str,
        parameters: Sequence[str | None],
        verdict: str,
    ) -> Attempt:
        sequence = self._note(verdict, text, parameters, permitted.entry, permitted.request)
        attempt = Attempt(self, sequence, permitted, action, self._parts.clock.now())
        self._under_way.add(attempt)
        return attempt

    def _note(
        self, verdict: str, text: str, parameters: Sequence[str | None], entry: str, request: str
    ) -> int:
        self._sequence += 1
        now = self._parts.clock.now()
        given = tuple(parameters)
        self.record(StatementFrame(self._sequence, now, text, given, verdict, entry, request))
        return self._sequence

    def _kept(self, permitted: Permitted, action: Action) -> None:
        """Keep the action of a decision that may serve again, for what comes of it then."""
        if len(self._actions) >= _MOST_SHAPES:
            self._actions.clear()
        self._actions[permitted.entry] = action

    def _settle(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(self._logged(work))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Fault as fault:
            # The attempt stays dangling in the log, and its verification says so.
            _log.error("not-logged", session=self._opened.session.id, code=fault.code)

    async def _end(self, reason: str) -> None:
        live = self.live
        if live is None:
            return
        for attempt in tuple(self._under_way):
            attempt.lose()
        while self._settling:
            await asyncio.gather(*self._settling)
        await self._logged(self._parts.sessions.ending.end(live, reason, cut=self._cut))
        await self._parts.leases.give_back(live.session.id)


def _over() -> Refused:
    return Refused(RefusalKind.UNAVAILABLE, _CLOSED)
