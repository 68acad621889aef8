"""Performs a relay's steps, in order, with back-pressure; the only loop around a relay."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import structlog

from assent.core.clock import Clock
from assent.core.faults import Fault
from assent.core.frame import Frame
from assent.core.plugins import (
    Answer,
    Ask,
    Authorize,
    Close,
    Question,
    Record,
    RefusalKind,
    Refused,
    Relay,
    Send,
    Side,
    StartTls,
    Step,
)
from assent.gateway.presence import has_hung_up, keep_alive

# Above this much in a relay's buffer the client is not read from.
_HIGH_WATER = 1 << 20
_LOW_WATER = 1 << 18
_TLS_DEADLINE_S = 10.0
# How long what was written last may take to reach a peer that is being closed.
_LINGER_S = 2.0
# How often a client that is not read from is looked after: its end is not heard meanwhile.
_LOOK_EVERY_S = 1.0

_UNRECORDED = "the recording has not kept up for too long, and nothing is done unrecorded"

_log = structlog.get_logger("gateway")


class Answerer(Protocol):
    """What a conversation asks its questions of, and tells what happened."""

    async def answer(self, conversation: "Conversation", ticket: int, question: Question) -> None:
        """Answer `question` through `conversation.answered`, once or (held) several times."""
        ...

    @property
    def behind(self) -> bool:
        """Whether what is recorded is behind, so that nothing more may go on before `ready`."""
        ...

    async def ready(self) -> None:
        """Wait until it is not behind. Raises OutsideFault when that takes too long."""
        ...

    def record(self, conversation: "Conversation", frame: Frame) -> None:
        """Write the frame. Raises OutsideFault when that is impossible."""
        ...

    def ended(self, conversation: "Conversation", reason: str) -> None:
        """Hear that the conversation is over; called once."""
        ...


@runtime_checkable
class Inquirable(Protocol):
    """A relay whose target can be asked by the gateway itself, between a client's statements."""

    def inquire(self, number: int, queries: tuple[str, ...], now: datetime) -> Sequence[Step]: ...


@runtime_checkable
class Talkative(Protocol):
    """A relay whose client can be told something meanwhile."""

    def say(self, lines: Sequence[str], now: datetime) -> Sequence[Step]: ...


class End(asyncio.Protocol):
    """One end of a conversation: the client's connection or the target's."""

    __slots__ = ("ahead", "conversation", "side", "transport")

    def __init__(self, conversation: "Conversation", side: Side) -> None:
        self.conversation = conversation
        self.side = side
        self.transport: asyncio.Transport | None = None
        # What came through TLS before the relay was told that it stands; None outside of that.
        self.ahead: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; TLS replaces it without calling this again."""
        if not isinstance(transport, asyncio.Transport) and not hasattr(transport, "write"):
            raise TypeError("a stream transport is needed")
        self.transport = transport  # type: ignore[assignment]
        self.conversation.connected(self)

    def data_received(self, data: bytes) -> None:
        """Feed the relay."""
        if self.ahead is None:
            self.conversation.feed(self.side, data)
        else:
            self.ahead += data

    def eof_received(self) -> bool:
        """Let the transport close; half-open connections carry no statements."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the relay that this side is gone."""
        self.conversation.lost(self.side)

    def pause_writing(self) -> None:
        """Stop reading from the other side while this one cannot take more."""
        self.conversation.pace(self.side, False)

    def resume_writing(self) -> None:
        """Read on."""
        self.conversation.pace(self.side, True)


class Conversation:
    """One client connection, its relay, and the connection to the target once there is one."""

    def __init__(
        self,
        relay: Relay,
        answerer: Answerer,
        clock: Clock,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        client_tls: ssl.SSLContext | None,
    ) -> None:
        self.relay = relay
        self.client = End(self, Side.CLIENT)
        self.target = End(self, Side.TARGET)
        self.peer = ""
        self.target_tls: tuple[ssl.SSLContext, str] | None = None
        self.closed = False
        # Called when the client's connection is gone, whoever ended it.
        self.when_gone: Callable[[], None] | None = None
        self._answerer = answerer
        self._clock = clock
        self._spawn = spawn
        self._client_tls = client_tls
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for: datetime | None = None
        self._looks: asyncio.TimerHandle | None = None
        self._full = False
        self._target_waits = False
        self._blocked: set[Side] = set()
        # What came while the recording was behind, in order; None for an end that hung up.
        self._delayed: list[tuple[Side, bytes | None]] = []

    # What the sockets call.

    def connected(self, end: End) -> None:
        """Start the relay's clock when the client has come."""
        if end.transport is None:
            return
        if self.closed:
            # It ended while the target was dialled.
            end.transport.abort()
            return
        keep_alive(end.transport)
        if end.side is Side.CLIENT:
            peer = end.transport.get_extra_info("peername")
            self.peer = peer[0] if isinstance(peer, tuple) else ""
            self._arm()

    def feed(self, side: Side, data: bytes) -> None:
        """Feed the relay and perform its steps. This is the hot path."""
        if self.closed:
            return
        if self._answerer.behind or self._delayed:
            self._delay(side, data)
            return
        self.perform(self.relay.feed(side, data, self._clock.now()))
        if self.relay.wake_at is not self._armed_for:
            self._arm()
        if side is Side.TARGET and self.relay.target_waits is not self._target_waits:
            self._pace_target()
        if side is Side.CLIENT and not self._full and self.relay.buffered_bytes > _HIGH_WATER:
            self._full = True
            self._pace_client()
            if self._looks is None:
                self._looks = self._loop.call_later(_LOOK_EVERY_S, self._look)

    def lost(self, side: Side) -> None:
        """Tell the relay that one side hung up."""
        if self._delayed and side is Side.TARGET and not self.closed:
            # What it said last is not told yet.
            self._delayed.append((side, None))
            return
        if not self.closed:
            self.perform(self.relay.hang_up(side, self._clock.now()))
            if not self.closed and side is Side.CLIENT:
                self.close("the client hung up")
        if side is Side.CLIENT and self.when_gone is not None:
            self.when_gone()

    def pace(self, side: Side, writable: bool) -> None:
        """Read from the other side only while `side` can be written to."""
        if writable:
            self._blocked.discard(side)
        else:
            self._blocked.add(side)
        if side is Side.TARGET:
            self._pace_client()
        else:
            self._pace_target()

    # What answers call.

    def answered(self, ticket: int, answer: Answer) -> None:
        """Hand the relay an answer, if it is still there to hear it."""
        if self.closed:
            return
        self.perform(self.relay.answer(ticket, answer, self._clock.now()))
        self._after()

    def inquire(self, number: int, queries: tuple[str, ...]) -> None:
        """Ask the target statements of the gateway's own; the question `Inquired` is the answer."""
        relay = self.relay
        if isinstance(relay, Inquirable) and not self.closed:
            self.perform(relay.inquire(number, queries, self._clock.now()))
            self._after()

    def say(self, lines: Sequence[str]) -> None:
        """Tell the client something soon, in its own protocol.

        Never in the middle of other steps: whoever says it may have been called by one of them.
        """
        self._loop.call_soon(self._say, tuple(lines))

    def _say(self, lines: tuple[str, ...]) -> None:
        relay = self.relay
        if isinstance(relay, Talkative) and not self.closed:
            self.perform(relay.say(lines, self._clock.now()))

    def cut(self, message: str) -> None:
        """End the session for a reason that the client is told."""
        if not self.closed:
            self.perform(self.relay.cut(message, self._clock.now()))
            if not self.closed:
                self.close(message)

    def client_certificate(self) -> bytes | None:
        """Return the certificate that the client showed and that was verified, DER."""
        transport = self.client.transport
        tls = transport.get_extra_info("ssl_object") if transport is not None else None
        found: bytes | None = tls.getpeercert(binary_form=True) if tls is not None else None
        return found

    # Performing.

    def perform(self, steps: Sequence[Step]) -> None:
        """Do what the relay decided, in order; a frame that cannot be written ends it all."""
        for step in steps:
            kind = type(step)
            if kind is Send:
                end = self.client if step.side is Side.CLIENT else self.target  # type: ignore[union-attr]
                if end.transport is not None:
                    end.transport.write(step.data)  # type: ignore[union-attr]
            elif kind is Record:
                try:
                    self._answerer.record(self, step.frame)  # type: ignore[union-attr]
                except Fault as fault:
                    # What is not recorded is not released: the steps that follow never happen.
                    _log.error("recording-failed", code=fault.code)
                    self._end_unrecorded("the recording cannot be kept")
                    return
            elif kind is Ask:
                self._spawn(self._ask(step.ticket, step.question))  # type: ignore[union-attr]
            elif kind is StartTls:
                self._spawn(self._start_tls(step.side))  # type: ignore[union-attr]
            elif kind is Close:
                self.close(step.reason)  # type: ignore[union-attr]
                return

    def close(self, reason: str) -> None:
        """End both connections; what was written last still reaches the client."""
        if self.closed:
            return
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        for end in (self.target, self.client):
            if end.transport is not None:
                end.transport.close()
                self._loop.call_later(_LINGER_S, end.transport.abort)
        self._answerer.ended(self, reason)

    def _end_unrecorded(self, message: str) -> None:
        """End it with nothing but words for the client: frames would fail again."""
        for step in self.relay.cut(message, self._clock.now()):
            if isinstance(step, Send) and step.side is Side.CLIENT and self.client.transport:
                self.client.transport.write(step.data)
        self.close(message)

    def _delay(self, side: Side, data: bytes) -> None:
        """Keep what came, and read no more, until the recording has caught up."""
        self._delayed.append((side, data))
        if len(self._delayed) == 1:
            self._pace_client()
            self._pace_target()
            self._spawn(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            await self._answerer.ready()
        except Fault as fault:
            _log.error("recording-failed", code=fault.code)
            self._delayed.clear()
            if not self.closed:
                self._end_unrecorded(_UNRECORDED)
            return
        waiting, self._delayed = self._delayed, []
        for side, data in waiting:
            # It may be behind again by what came first; then the rest is kept, in order.
            if data is None:
                self.lost(side)
            else:
                self.feed(side, data)
        self._pace_client()
        self._pace_target()

    async def _ask(self, ticket: int, question: Question) -> None:
        try:
            if isinstance(question, Authorize) and self._answerer.behind:
                await self._answerer.ready()
            await self._answerer.answer(self, ticket, question)
        except Fault as fault:
            _log.warning("question-failed", code=fault.code, detail=fault.detail)
            self.answered(ticket, _unavailable(fault.code))
        except Exception:
            # A fault of ours: this one is denied, the process lives, somebody must look.
            _log.exception("question-broke", question=type(question).__name__)
            self.answered(ticket, _unavailable("internal"))

    async def _start_tls(self, side: Side) -> None:
        end = self.client if side is Side.CLIENT else self.target
        if side is Side.CLIENT:
            context, name = self._client_tls, None
        else:
            context, name = self.target_tls or (None, None)
        if end.transport is None or context is None:
            self.close("there is no TLS to start")
            return
        # INVARIANT: the loop hands the connection to TLS before anything else can be received, so
        # that what comes from here on was encrypted. What came in the clear was fed already.
        end.ahead = b""
        try:
            async with asyncio.timeout(_TLS_DEADLINE_S):
                transport = await self._loop.start_tls(
                    end.transport,
                    end,
                    context,
                    server_side=side is Side.CLIENT,
                    server_hostname=name if side is Side.TARGET else None,
                )
        except (OSError, ssl.SSLError, TimeoutError) as fault:
            # OpenSSL's own words, none of the peer's; they say which certificate was wrong.
            reason = getattr(fault, "verify_message", None) or getattr(fault, "reason", None)
            tell = _log.warning if side is Side.TARGET else _log.info
            tell(
                "tls-failed", side=side.value, fault=type(fault).__name__, reason=reason, host=name
            )
            if side is Side.TARGET and not self.closed:
                self.cut("TLS with the target could not be established")
            self.close("TLS could not be established")
            return
        if transport is None:
            self.close("the peer hung up during TLS")
            return
        end.transport = transport
        ahead, end.ahead = end.ahead, None
        if not self.closed:
            self.perform(self.relay.tls_started(side, self._clock.now()))
            if ahead:
                self.feed(side, ahead)
            self._after()

    # Time and pace.

    def _after(self) -> None:
        if self.relay.target_waits is not self._target_waits:
            self._pace_target()
        if self._full and self.relay.buffered_bytes < _LOW_WATER:
            self._full = False
            self._pace_client()
        if self.relay.wake_at is not self._armed_for:
            self._arm()

    def _pace_target(self) -> None:
        """Leave unread what the target sends while the client, or the relay, cannot take it."""
        self._target_waits = self.relay.target_waits
        waits = self._target_waits or bool(self._delayed)
        _read(self.target, Side.CLIENT not in self._blocked and not waits)

    def _pace_client(self) -> None:
        waits = self._full or bool(self._delayed)
        _read(self.client, Side.TARGET not in self._blocked and not waits)

    def _look(self) -> None:
        """Notice that a client whose bytes must wait has gone, so that nothing runs for it."""
        self._looks = None
        if self.closed or not self._full or self.client.transport is None:
            return
        if has_hung_up(self.client.transport):
            self.lost(Side.CLIENT)
        else:
            self._looks = self._loop.call_later(_LOOK_EVERY_S, self._look)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._armed_for = wake_at = self.relay.wake_at
        if wake_at is not None and not self.closed:
            left = (wake_at - self._clock.now()).total_seconds()
            self._timer = self._loop.call_later(max(left, 0.0) + 0.001, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._armed_for = None
        if not self.closed:
            self.perform(self.relay.wake(self._clock.now()))
            self._after()


def _read(end: End, on: bool) -> None:
    transport = end.transport
    if transport is None or transport.is_closing():
        return
    if on and not transport.is_reading():
        transport.resume_reading()
    elif not on and transport.is_reading():
        transport.pause_reading()


def _unavailable(code: str) -> Refused:
    return Refused(
        RefusalKind.UNAVAILABLE,
        "this cannot be decided now, so it is denied",
        detail=code,
        hint="nothing was sent to the target; try again, and tell the operator if it stays so",
    )
