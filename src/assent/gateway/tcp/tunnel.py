"""One connection to the TCP door: who it is, whether it may, and the stream that follows."""

import asyncio
from datetime import timedelta
from http import HTTPStatus

import structlog

from assent.control.live import Patience
from assent.control.opening import Candidate, Proof
from assent.core.evidence import Connection
from assent.core.faults import Fault
from assent.core.frame import MarkFrame
from assent.core.plugins import RefusalKind, Refused
from assent.core.resource import Target
from assent.gateway.certificates import target_side
from assent.gateway.device_certificates import device_of
from assent.gateway.dial import dial
from assent.gateway.sessions import Attempt, Client, GatewayParts, GatewaySession
from assent.gateway.tcp.head import (
    ESTABLISHED,
    NO_PASSWORD,
    BadHead,
    Head,
    HeadReader,
    answered,
    refused,
)
from assent.gateway.tcp.splice import Splice
from assent.gateway.tcp.watch import Obliged, unkept, watches
from assent.protocols.tcp import connecting

_HEAD_DEADLINE_S = 10.0
_LONGEST_WAIT_S = 3600
_ANSWERS_WITHIN_S = 0.3

_log = structlog.get_logger("gateway")


class _Done(Exception):
    """The connection is answered, and that was all."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer


class Tunnel:
    """One client's connection, from its first byte to its last."""

    def __init__(self, parts: GatewayParts) -> None:
        self.splice = Splice(self._heard, self._gone)
        self._parts = parts
        self._reader = HeadReader()
        self._head: asyncio.Future[Head] = asyncio.get_running_loop().create_future()
        self._session: GatewaySession | None = None
        self._cut_for = ""

    def cut(self, message: str) -> None:
        """End it; a client whose stream does not stand yet is told why."""
        if self._cut_for:
            return
        self._cut_for = message
        if self.splice.stands or self._session is None:
            self.splice.cut(message)
        else:
            # What is held is answered first, with what its request came to.
            asyncio.get_running_loop().call_later(_ANSWERS_WITHIN_S, self._cut_unanswered)

    async def run(self) -> None:
        """Serve the client until it is gone."""
        try:
            try:
                async with asyncio.timeout(_HEAD_DEADLINE_S):
                    head = await self._head
            except TimeoutError:
                words = f"no whole request came within {_HEAD_DEADLINE_S:.0f} s"
                raise _Done(answered(HTTPStatus.REQUEST_TIMEOUT, [words])) from None
            except BadHead as bad:
                raise _Done(bad.answer) from None
            await self._serve(head)
        except _Done as done:
            self._say(done.answer)
        finally:
            if self._session is not None:
                await self._session.end(self._ended())
            self.splice.close()

    async def _serve(self, head: Head) -> None:
        candidate = await self._proved(head)
        target = candidate.target
        if target.protocol != "tcp":
            words = f"target `{target.name}` speaks {target.protocol}, and has a door of its own"
            raise _Done(answered(HTTPStatus.FORBIDDEN, [words]))
        if target.port != head.port:
            words = f"target `{target.name}` is reached as `{target.name}:{target.port}`"
            raise _Done(answered(HTTPStatus.FORBIDDEN, [words]))
        session = self._session = self._parts.begin(self._client(head))
        opened = await session.open(
            candidate,
            Proof(candidate.credentials[0]),
            wishes=head.wishes,
            patience=self._patience(head),
        )
        if isinstance(opened, Refused):
            raise _Done(refused(opened))
        attempt = await session.attempt(
            connecting(target.name),
            f"CONNECT {target.name}:{target.port}",
            patience=self._patience(head),
        )
        if isinstance(attempt, Refused):
            raise _Done(refused(attempt))
        await self._connected(target, attempt)

    async def _proved(self, head: Head) -> Candidate:
        opening = self._parts.sessions.opening
        try:
            candidate = await opening.prove(head.name, head.target, head.password)
            if candidate is not None:
                return candidate
            named, _ = await opening.identify(head.name, head.target)
        except Fault as fault:
            _log.error("store-away", code=fault.code)
            words = "who this is cannot be found out now, so it is denied"
            raise _Done(answered(HTTPStatus.SERVICE_UNAVAILABLE, [words])) from None
        opening.refused(named, self._peer)
        raise _Done(answered(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, NO_PASSWORD))

    async def _connected(self, target: Target, attempt: Attempt) -> None:
        """Reach the target for what was permitted, and carry the stream to its end."""
        enforcement = attempt.permitted.enforcement
        if words := unkept(enforcement):
            attempt.lose(released=False)
            raise _Done(refused(Refused(RefusalKind.DENIED, words, entry=attempt.permitted.entry)))
        try:
            tls = target_side(target) if target.tls in ("require", "verify") else None
            await dial(target, lambda: self.splice.target, tls)
        except Fault as fault:
            attempt.lose(released=False)
            _log.error("target-away", target=target.name, code=fault.code, detail=fault.detail)
            words = f"target `{target.name}` cannot be reached now"
            hint = "tell the operator; your access itself is unchanged"
            raise _Done(answered(HTTPStatus.BAD_GATEWAY, [words, hint])) from None
        if self._cut_for or self.splice.over.done():
            attempt.lose(released=False)
            raise _Done(answered(HTTPStatus.FORBIDDEN, [self._cut_for]))
        watch = None
        if enforcement is not None and watches(enforcement):
            watch = Obliged(self.splice, attempt, enforcement, self._parts.clock, self.cut)
        self.splice.join(ESTABLISHED, watch)
        await asyncio.shield(self.splice.over)
        self._count(attempt)

    def _count(self, attempt: Attempt) -> None:
        """Keep how much passed; what was cut ended badly."""
        sent, received = self.splice.client.passed, self.splice.target.passed
        words = f"{sent} bytes to the target, {received} bytes to the client"
        mark = MarkFrame(attempt.sequence, self._parts.clock.now(), "notice", words)
        try:
            attempt.session.record(mark)
        except Fault as fault:
            _log.error("recording-failed", code=fault.code)
        attempt.finish(bytes=received, error="cut" if self._cut_for else "")

    def _client(self, head: Head) -> Client:
        tls = self._transport.get_extra_info("ssl_object")
        shown = device_of(tls.getpeercert(binary_form=True)) if tls is not None else None
        return Client(
            Connection(self._peer, head.application),
            cut=self.cut,
            cancel=lambda: self.cut("it was cancelled"),
            shown=shown,
        )

    def _patience(self, head: Head) -> Patience | None:
        if head.wait_s is None:
            return None
        wait = timedelta(seconds=min(head.wait_s, _LONGEST_WAIT_S))
        return Patience(until=self._parts.clock.now() + wait)

    @property
    def _transport(self) -> asyncio.Transport:
        if self.splice.client.transport is None:
            raise RuntimeError("the client has not connected")
        return self.splice.client.transport

    @property
    def _peer(self) -> str:
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else ""

    def _ended(self) -> str:
        if self._cut_for:
            return self._cut_for
        return self.splice.over.result() if self.splice.over.done() else "it was refused"

    def _cut_unanswered(self) -> None:
        self._say(answered(HTTPStatus.FORBIDDEN, [self._cut_for]))
        self.splice.cut(self._cut_for)

    def _say(self, answer: bytes) -> None:
        transport = self.splice.client.transport
        if transport is not None and not self.splice.over.done():
            transport.write(answer)

    # What the client's end calls.

    def _heard(self, data: bytes) -> None:
        if self._head.done():
            return
        try:
            head = self._reader.feed(data)
        except BadHead as bad:
            self._head.set_exception(bad)
            return
        if head is not None:
            self._head.set_result(head)
            self.splice.asked(head.rest)

    def _gone(self) -> None:
        if not self._head.done():
            self._head.set_exception(_Done(b""))
        if self._session is not None:
            self._session.hang_up()
