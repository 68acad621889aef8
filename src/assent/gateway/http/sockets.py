"""WebSockets (RFC 6455): opened when that is permitted, and then passed message by message."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
from aiohttp import WSMsgType, hdrs, web
from multidict import CIMultiDict

from assent.core.faults import Fault, ForbiddenFault, PeerFault
from assent.core.frame import InputFrame, OutputFrame
from assent.gateway.http.limits import LimitReached, Meter
from assent.gateway.http.passing import TOO_LARGE, Passage
from assent.gateway.http.upstreams import CONNECT_S, Upstream, Upstreams, away

_LARGEST_MESSAGE = 16 * 1024 * 1024
_CLOSES_WITHIN_S = 2.0
_MOST_PROTOCOLS = 20
_PONG_WITHIN_S = 60.0

Socket = web.WebSocketResponse | aiohttp.ClientWebSocketResponse
_TOO_MUCH = 1009
_CUT = 1008


def is_upgrade(request: web.BaseRequest) -> bool:
    """Return whether a request opens a WebSocket. Raises PeerFault for any other upgrade."""
    wanted = request.headers.get(hdrs.UPGRADE)
    if wanted is None:
        return False
    if wanted.strip().lower() != "websocket" or request.method != "GET":
        words = f"`upgrade: {wanted[:80]}` leads to nothing that is understood here"
        raise PeerFault("malformed", words)
    return True


async def pass_socket(
    passage: Passage, upstreams: Upstreams, upstream: Upstream
) -> web.StreamResponse:
    """Return once the socket is closed. Raises OutsideFault where the target opens none."""
    attempt = passage.attempt
    if passage.masks.looks:
        attempt.lose(released=False)
        words = "what goes through a WebSocket cannot be masked, and something here must be"
        raise ForbiddenFault("masks", words)
    asked = passage.request.headers.getall("sec-websocket-protocol", ())
    protocols = [one.strip() for value in asked for one in value.split(",")][:_MOST_PROTOCOLS]
    try:
        headers = await _headers(passage, upstreams, upstream)
        async with asyncio.timeout(CONNECT_S):
            target = await upstream.client.ws_connect(
                upstream.url(passage.reading.target),
                headers=headers,
                protocols=protocols,
                max_msg_size=_LARGEST_MESSAGE,
                autoclose=False,
                heartbeat=None,
            )
    except (aiohttp.ClientError, TimeoutError) as fault:
        said = away(upstream.target, fault)
        attempt.finish(error=said.code)
        raise said from fault
    except Fault as fault:
        attempt.finish(error=fault.code)
        raise
    except asyncio.CancelledError:
        # The target may have opened it all the same.
        attempt.lose()
        raise
    client = web.WebSocketResponse(
        protocols=[target.protocol] if target.protocol else (),
        max_msg_size=_LARGEST_MESSAGE,
        autoclose=False,
        heartbeat=_PONG_WITHIN_S,
    )
    both = _Both(passage, client, target)
    try:
        await client.prepare(passage.request)
        passage.flight.answer = client
        await both.run()
    finally:
        attempt.finish(bytes=both.bytes, error=both.error)
        await both.close()
    return client


async def _headers(passage: Passage, upstreams: Upstreams, upstream: Upstream) -> CIMultiDict[str]:
    headers = passage.headers.copy()
    for name, value in (await upstreams.credentials(upstream.target)).items():
        headers[name] = value.reveal()
    if hdrs.ORIGIN in headers:
        # The target compares it with where it is itself.
        headers[hdrs.ORIGIN] = upstream.origin
    return headers


class _Both:
    """The two ends of a socket. bytes: what the client was sent. error: why it ended early."""

    def __init__(
        self,
        passage: Passage,
        client: web.WebSocketResponse,
        target: aiohttp.ClientWebSocketResponse,
    ) -> None:
        self._passage = passage
        self._client = client
        self._target = target
        self._records = passage.enforcement.record_results
        self._meter = Meter(passage.session, passage.attempt)
        self.bytes = 0
        self.error = ""

    async def run(self) -> None:
        """Pass messages both ways until one end closes."""
        ways = (
            asyncio.ensure_future(self._pass(self._client, self._target, self._typed)),
            asyncio.ensure_future(self._pass(self._target, self._client, self._shown)),
        )
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.result()
        except (ConnectionError, aiohttp.ClientError):
            self.error = self.error or "broken"
        except Fault as fault:
            # What cannot be recorded does not pass.
            self.error = fault.code
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def close(self) -> None:
        """Close both ends, with what the target said, or that it was cut."""
        cut = self._passage.flight.cut_with
        code = _CUT if cut else self._target.close_code or self._client.close_code or 1000
        if self.error == TOO_LARGE:
            code = _TOO_MUCH
        code = code if code not in (1005, 1006, 1015) else 1011
        words = cut.encode()[:120].decode("utf-8", "ignore").encode()
        # Side by side: the target hears it even where the client reads nothing any more.
        await asyncio.gather(*(_closed(one, code, words) for one in (self._client, self._target)))

    async def _pass(
        self, near: Socket, far: Socket, seen: Callable[[str | bytes], Awaitable[None]]
    ) -> None:
        async for message in near:
            if message.type is WSMsgType.TEXT:
                await seen(message.data)
                await far.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await seen(message.data)
                await far.send_bytes(message.data)
            if self.error:
                return

    async def _typed(self, data: str | bytes) -> None:
        if self._records:
            attempt, now = self._passage.attempt, self._passage.session.clock.now()
            self._passage.session.record(InputFrame(attempt.sequence, now, _shown_as(data)))

    async def _shown(self, data: str | bytes) -> None:
        try:
            await self._meter.check(self.bytes + len(data))
        except LimitReached as fault:
            self.error = TOO_LARGE
            raise ConnectionResetError(str(fault)) from fault
        self.bytes += len(data)
        session = self._passage.session
        if self._records:
            if session.behind:
                await session.ready()
            now = session.clock.now()
            session.record(OutputFrame(self._passage.attempt.sequence, now, _shown_as(data)))


async def _closed(end: Socket, code: int, words: bytes) -> None:
    with suppress(TimeoutError, ConnectionError, aiohttp.ClientError, RuntimeError):
        async with asyncio.timeout(_CLOSES_WITHIN_S):
            await end.close(code=code, message=words)


def _shown_as(data: str | bytes) -> str:
    return data if isinstance(data, str) else f"({len(data)} bytes)"
