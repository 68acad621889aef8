"""A server that is elsewhere: streamable HTTP (MCP, transports), a POST for each question."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import hdrs

from assent.core.faults import OutsideFault
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway.http.upstreams import Upstreams, away
from assent.gateway.mcp import events
from assent.gateway.mcp.servers import ToolServer
from assent.protocols.mcp import eras, messages
from assent.protocols.mcp.messages import LARGEST, MalformedFault, Message

_SESSION = "mcp-session-id"
_LONGEST_SESSION = 1_000
_NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_MOST_EVENTS = 10_000
_CLOSES_WITHIN_S = 1.0
_MOST_DRAINED = 65_536


class _NoSession(Exception):
    """The server has forgotten the session that it gave."""


class RemoteServer(ToolServer):
    """One session at a server by HTTP. upstreams: the connections, and how to sign in there."""

    def __init__(
        self, target: Target, upstreams: Upstreams, changed: Callable[[str], None]
    ) -> None:
        super().__init__(target.name, changed)
        self._target = target
        self._upstreams = upstreams
        self._session = ""
        self._work: set[asyncio.Task[None]] = set()

    async def ask(self, *arguments: Any, **more: Any) -> Message:
        """Return the answer, as `ToolServer.ask` does; a session that was forgotten begins anew."""
        try:
            return await super().ask(*arguments, **more)
        except _NoSession:
            self._ready, self._session = False, ""
        try:
            return await super().ask(*arguments, **more)
        except _NoSession as fault:
            raise self._away("forgets its sessions at once") from fault

    async def close(self) -> None:
        """End the session there, and what was still being said to it."""
        if self._work:
            await asyncio.wait(tuple(self._work), timeout=_CLOSES_WITHIN_S)
        for task in tuple(self._work):
            task.cancel()
        if not self._session:
            return
        with suppress(OutsideFault, TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(_CLOSES_WITHIN_S):
                upstream = await self._upstreams.of(self._target)
                headers = self._headers({}, await self._upstreams.credentials(self._target))
                async with upstream.client.delete(upstream.url(""), headers=headers):
                    self._session = ""

    async def _exchange(self, id: int, message: Mapping[str, Any]) -> Message:
        answers: list[Message] = []

        def hear(heard: Message) -> bool:
            if heard.method:
                self._answer(heard)
            elif heard.id == id or (heard.id is None and heard.error is not None):
                answers.append(heard)
            return bool(answers)

        try:
            await self._posted(message, hear)
        except asyncio.CancelledError:
            if self.version != eras.MODERN:
                said = {"requestId": id, "reason": "nobody waits for it any more"}
                self._begin(self._told(messages.notification("notifications/cancelled", said)))
            raise
        if not answers:
            raise self._away("ended its answer before it was whole")
        return answers[0]

    async def _tell(self, message: Mapping[str, Any]) -> None:
        await self._posted(message, lambda heard: False)

    def _answer(self, heard: Message) -> None:
        answer = self._heard(heard)
        if answer is not None:
            self._begin(self._told(answer))

    async def _told(self, message: Mapping[str, Any]) -> None:
        with suppress(OutsideFault, _NoSession):
            await self._tell(message)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _posted(self, message: Mapping[str, Any], hear: Callable[[Message], bool]) -> None:
        """Send a message; `hear` takes what comes back and says when that was all.

        Raises OutsideFault, _NoSession.
        """
        data = messages.encoded(message)
        for again in (True, False):
            credentials = await self._upstreams.credentials(self._target)
            upstream = await self._upstreams.of(self._target)
            try:
                response = await upstream.client.post(
                    upstream.url(""),
                    data=data,
                    headers=self._headers(message, credentials),
                    allow_redirects=False,
                )
                try:
                    refused = response.status == 401 and again
                    if refused and await self._upstreams.refused(self._target, credentials):
                        continue
                    await self._read(response, hear)
                    return
                finally:
                    self._let_go(response)
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as fault:
                raise away(self._target, fault) from fault

    def _let_go(self, response: aiohttp.ClientResponse) -> None:
        """Give a connection back once its answer is over, without waiting for that."""
        if response.content.at_eof():
            response.release()
        elif response.connection is None:
            return
        else:
            self._begin(_drained(response))

    async def _read(
        self, response: aiohttp.ClientResponse, hear: Callable[[Message], bool]
    ) -> None:
        if response.status == 404 and self._session:
            raise _NoSession
        given = response.headers.get(_SESSION, "")
        if given and len(given) <= _LONGEST_SESSION:
            self._session = given
        kind = response.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
        if kind == events.MEDIA_TYPE and response.status == 200:
            count, cutter = 0, events.Cutter(LARGEST)
            async for chunk in response.content.iter_any():
                for data in cutter.feed(chunk):
                    count += 1
                    if count > _MOST_EVENTS:
                        raise self._away("sends more than can be of one answer")
                    if hear(self._parsed(data)):
                        return
        elif kind == "application/json":
            # What takes a notification may say that it answers in JSON, and say nothing.
            if data := await self._whole(response):
                hear(self._parsed(data))
        elif response.status not in (200, 202, 204):
            raise self._away(f"answers with {response.status}")

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        whole = bytearray()
        async for chunk in response.content.iter_any():
            whole += chunk
            if len(whole) > LARGEST:
                raise OutsideFault("too-large", f"the answer has more than {LARGEST} bytes")
        return bytes(whole)

    def _parsed(self, data: bytes) -> Message:
        try:
            return messages.parse(data)
        except MalformedFault as fault:
            raise self._away("answered with what is no message") from fault

    def _headers(
        self, message: Mapping[str, Any], credentials: Mapping[str, Secret[str]]
    ) -> dict[str, str]:
        headers = {
            "accept": f"application/json, {events.MEDIA_TYPE}",
            "content-type": "application/json",
            **{name: value.reveal() for name, value in credentials.items()},
        }
        if self._session:
            headers[_SESSION] = self._session
        if self.version:
            headers["mcp-protocol-version"] = self.version
        if self.version == eras.MODERN:
            method = message.get("method", "")
            headers["mcp-method"] = method
            name = message.get("params", {}).get(_NAMED.get(method, ""))
            if isinstance(name, str):
                headers["mcp-name"] = eras.header_of(name)
        return headers


async def _drained(response: aiohttp.ClientResponse) -> None:
    """Read what is left of an answer, for the connection to serve again; not for long."""
    try:
        async with asyncio.timeout(_CLOSES_WITHIN_S):
            async for chunk in response.content.iter_any():
                if len(chunk) > _MOST_DRAINED:
                    break
    except (TimeoutError, aiohttp.ClientError, ConnectionError):
        response.close()
        return
    response.release()
