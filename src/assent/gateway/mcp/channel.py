"""The way back to a client: one answer, and what it hears before that if it waits for it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiohttp import hdrs, web

from assent.gateway.mcp import events
from assent.protocols.mcp import messages

PING_EVERY_S = 10.0
"""How often a stream says that it is still there, for whoever is between."""
OWN = {"Server": "assent", "Cache-Control": "no-store, no-transform"}
_MOST_KEPT = 1_000


class Channel:
    """Answers one request. takes_events: the client reads a stream of events.

    Nothing is sent before there is something to say: then what is said makes it a stream, and
    otherwise it is one answer in JSON.
    """

    def __init__(self, request: web.BaseRequest, *, takes_events: bool) -> None:
        self._request = request
        self._takes_events = takes_events
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue(_MOST_KEPT)
        self._pump: asyncio.Task[web.StreamResponse] | None = None

    def open(self) -> None:
        """Make it a stream, if the client reads one: the answer takes a while."""
        if self._takes_events and self._pump is None:
            self._pump = asyncio.ensure_future(self._stream())

    def say(self, message: Mapping[str, Any]) -> None:
        """Send something before the answer; what does not fit any more is left out."""
        self.open()
        if self._pump is not None:
            with suppress(asyncio.QueueFull):
                self._said.put_nowait(events.event(messages.encoded(message)))

    async def finish(
        self, message: Mapping[str, Any] | None, status: int = 200, headers: Any = None
    ) -> web.StreamResponse:
        """Send the answer, and return what was sent. message: None for none at all."""
        if self._pump is not None:
            if message is not None:
                await self._said.put(events.event(messages.encoded(message)))
            await self._said.put(None)
            return await self._pump
        if message is None:
            return web.Response(status=202, headers=OWN)
        return web.Response(
            status=status,
            body=messages.encoded(message),
            headers={**OWN, hdrs.CONTENT_TYPE: "application/json", **(headers or {})},
        )

    def drop(self) -> None:
        """Send nothing more."""
        if self._pump is None:
            return
        # Nobody may wait for it any more, so what it meets on the way is heard here.
        self._pump.add_done_callback(_heard)
        if self._said.full():
            self._said.get_nowait()
        self._said.put_nowait(None)

    async def _stream(self) -> web.StreamResponse:
        response = await begun_stream(self._request)
        with suppress(ConnectionError):
            await self._written(response)
        return response

    async def _written(self, response: web.StreamResponse) -> None:
        """Write what is said until that is all. Raises ConnectionError."""
        while True:
            try:
                async with asyncio.timeout(PING_EVERY_S):
                    data = await self._said.get()
            except TimeoutError:
                data = events.PING
            if data is None:
                await response.write_eof()
                return
            await response.write(data)


def _heard(pump: "asyncio.Task[web.StreamResponse]") -> None:
    if not pump.cancelled():
        pump.exception()


async def begun_stream(request: web.BaseRequest) -> web.StreamResponse:
    """Return a stream of events whose head was sent."""
    headers = {**OWN, hdrs.CONTENT_TYPE: events.MEDIA_TYPE, "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    return response
