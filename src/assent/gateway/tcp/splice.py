"""The two ends of a stream, joined: bytes both ways, with back-pressure, and counted.

Nothing in it is understood: what passes is passed, or all of it is ended.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from assent.gateway.presence import has_hung_up, keep_alive

CLIENT_GONE, TARGET_GONE = "the client hung up", "the target hung up"
_MOST_EARLY = 64 * 1024
_LOOK_EVERY_S = 1.0
# How long what was written last may take to reach a client whose stream was cut.
_LINGER_S = 0.5
# How long what a client sent last may take to reach its target, when it is gone.
_TARGET_LINGER_S = 2.0


class Watch(Protocol):
    """Looks at each piece of a stream before it passes."""

    def passes(self, end: "End", data: bytes) -> bool:
        """Return whether it may pass; the stream is ended by who says no."""
        ...


class End(asyncio.Protocol):
    """One end of a stream. passed: how many bytes of it went to the other one.

    sink: where they go without being looked at, None where they are, or must wait.
    """

    __slots__ = ("_splice", "ended", "passed", "sink", "transport")

    def __init__(self, splice: "Splice") -> None:
        self._splice = splice
        self.transport: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None
        self.passed = 0
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport  # type: ignore[assignment]
        keep_alive(transport)
        self._splice.connected(self)

    def data_received(self, data: bytes) -> None:
        """Pass it on. This is the hot path."""
        if self.sink is not None:
            self.passed += len(data)
            self.sink.write(data)
        else:
            self._splice.came(self, data)

    def eof_received(self) -> bool:
        """Pass on that nothing more comes from here; the other direction may go on."""
        return self._splice.half_closed(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the other end come to its end."""
        self.ended = True
        self._splice.lost(self)

    def pause_writing(self) -> None:
        """Stop reading from the other end while this one cannot take more."""
        self._splice.pace(self, writable=False)

    def resume_writing(self) -> None:
        """Read on."""
        self._splice.pace(self, writable=True)

    @property
    def is_tls(self) -> bool:
        """Whether it is encrypted, so that one direction cannot end alone."""
        return self.transport is not None and bool(self.transport.get_extra_info("ssl_object"))

    def close(self, abort_after_s: float | None) -> None:
        """Close it behind what was written. abort_after_s: None to wait as long as that takes."""
        if self.transport is None or self.ended:
            return
        self.transport.close()
        if abort_after_s is not None:
            asyncio.get_running_loop().call_later(abort_after_s, self.transport.abort)


class Splice:
    """A stream between a client and a target.

    stands: whether it flows. over: why it is, once it is. heard: takes what a client sends before
    its request is whole. gone: called when it hangs up.
    """

    def __init__(self, heard: Callable[[bytes], None], gone: Callable[[], None]) -> None:
        self.client, self.target = End(self), End(self)
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._heard = heard
        self._gone = gone
        self._watch: Watch | None = None
        self._asked = False
        self.stands = False
        self._half_closed: set[End] = set()
        self._early: dict[End, bytearray] = {self.client: bytearray(), self.target: bytearray()}
        # Why an end is not read from: the other one, or this object for the recording.
        self._paused: dict[End, set[object]] = {self.client: set(), self.target: set()}

    def asked(self, rest: bytes) -> None:
        """Hear that the request is whole; what comes from now on is of the stream."""
        self._asked = True
        if rest:
            self.came(self.client, rest)

    def join(self, established: bytes, watch: Watch | None) -> None:
        """Tell the client, and let the stream flow. Both ends are connected."""
        client, target = self.client, self.target
        if client.transport is None or target.transport is None:
            raise RuntimeError("a stream has two ends")
        self.stands, self._watch = True, watch
        client.transport.write(established)
        if watch is None:
            client.sink, target.sink = target.transport, client.transport
        for end, early in self._early.items():
            if early:
                end.data_received(bytes(early))
                early.clear()
            self._read(end)
        if target.ended:
            # It was gone before the client could be told that it is there.
            client.close(None)

    def pause(self, *, on: bool) -> None:
        """Read from neither end, or from both again."""
        for end, why in self._paused.items():
            (why.add if on else why.discard)(self)
            self._read(end)

    def cut(self, reason: str) -> None:
        """End both, at once for the target, and for the client behind what it was sent."""
        self._end(reason)
        self.client.sink = self.target.sink = None
        if self.target.transport is not None:
            self.target.transport.abort()
        self.client.close(_LINGER_S)

    def close(self) -> None:
        """End both, behind what they were sent last."""
        self._end("it was refused")
        self.target.close(_TARGET_LINGER_S)
        self.client.close(_LINGER_S)

    # What the ends call.

    def connected(self, end: End) -> None:
        """Drop a target that came when nobody waits for it any more."""
        if end is self.target and self.over.done() and end.transport is not None:
            end.transport.abort()

    def came(self, end: End, data: bytes) -> None:
        """Look at what came, or keep a little of it until the stream stands."""
        other = self._other(end)
        if self.over.done():
            return
        if not self._asked and end is self.client:
            self._heard(data)
        elif not self.stands:
            self._early[end] += data
            if len(self._early[end]) > _MOST_EARLY and end.transport is not None:
                end.transport.pause_reading()
                self._look()
        elif other.transport is not None and (self._watch is None or self._watch.passes(end, data)):
            end.passed += len(data)
            other.transport.write(data)

    def half_closed(self, end: End) -> bool:
        """Return whether the connection of an end stays open for the other direction."""
        other = self._other(end)
        self._half_closed.add(end)
        if not self.stands or end.is_tls or other.is_tls or other.transport is None:
            return False
        if other in self._half_closed:
            return False
        if not other.transport.is_closing():
            other.transport.write_eof()
        return True

    def lost(self, end: End) -> None:
        """Hear that an end is gone; what the other one was sent before still reaches it."""
        if end is self.client:
            self._end(CLIENT_GONE)
            self.target.close(_TARGET_LINGER_S)
            self._gone()
        elif self.stands and not self.over.done():
            # It is over when the client has what the target said last.
            self.client.close(None)

    def pace(self, end: End, *, writable: bool) -> None:
        """Read from the other end only while this one can be written to."""
        other = self._other(end)
        (self._paused[other].discard if writable else self._paused[other].add)(end)
        self._read(other)

    def _other(self, end: End) -> End:
        return self.target if end is self.client else self.client

    def _read(self, end: End) -> None:
        transport = end.transport
        if transport is None or transport.is_closing() or end.ended:
            return
        if self._paused[end] and transport.is_reading():
            transport.pause_reading()
        elif not self._paused[end] and self.stands and not transport.is_reading():
            transport.resume_reading()

    def _look(self) -> None:
        """Notice that a client whose bytes must wait has gone, so that nothing is done for it."""
        transport = self.client.transport
        if self.stands or self.over.done() or transport is None:
            return
        if has_hung_up(transport):
            transport.abort()
        else:
            asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look)

    def _end(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_result(reason)
