"""The door for agents: `/mcp/TARGET`, streamable HTTP as clients of every version speak it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from aiohttp import hdrs, web

from assent.control.directory import Directory
from assent.control.sign_in import Caller
from assent.core import declared_task
from assent.core.faults import Fault, MissingFault, PeerFault
from assent.core.resource import Target
from assent.gateway.http import preferences
from assent.gateway.http.callers import Callers
from assent.gateway.http.problems import problem
from assent.gateway.mcp import events
from assent.gateway.mcp.channel import OWN, PING_EVERY_S, Channel, begun_stream
from assent.gateway.mcp.clients import SESSION, Client, Clients, Owner
from assent.gateway.mcp.methods import CAPABILITIES, Asked, Methods, server_info
from assent.protocols.mcp import eras, messages
from assent.protocols.mcp.eras import Mismatch, Speaker
from assent.protocols.mcp.messages import LARGEST, MalformedFault, Message

_ONCE = ("mcp-protocol-version", "mcp-method", "mcp-name", SESSION)
_STATUS = {messages.METHOD_NOT_FOUND: 404}


class McpDoor:
    """Reads requests, knows who sends them, and sends the answers."""

    def __init__(
        self, callers: Callers, directory: Directory, clients: Clients, methods: Methods
    ) -> None:
        self._callers = callers
        self._directory = directory
        self._clients = clients
        self._methods = methods

    async def answer(self, request: web.BaseRequest, rest: str) -> web.StreamResponse:
        """Return the answer to a request below `/mcp/`. rest: the target's name. Raises Fault."""
        caller = await self._callers.by_token(request)
        target = self._directory.target_named(rest)
        if target is None or target.protocol != "mcp" or target.retired:
            words = f"there is no target `{rest[:80]}` for agents; see `assent targets`"
            raise MissingFault("no-such-target", words)
        owner = (caller.token_digest, target.id)
        for name in _ONCE:
            if len(request.headers.getall(name, ())) > 1:
                raise PeerFault("malformed", f"`{name}` is there more than once; send it once")
        if request.method == "POST":
            return await self._posted(request, caller, target, owner)
        if request.method == "GET":
            return await self._listened(request, owner)
        if request.method == "DELETE":
            return self._left(request, owner)
        return problem(405, "method", "send `POST`", {"Allow": "POST, GET, DELETE"})

    async def _posted(
        self, request: web.BaseRequest, caller: Caller, target: Target, owner: Owner
    ) -> web.StreamResponse:
        kind = request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return problem(415, "content-type", "send `application/json`")
        accepted = request.headers.get(hdrs.ACCEPT, "*/*")
        takes_events = events.MEDIA_TYPE in accepted or "*/*" in accepted
        if "application/json" not in accepted and "*/*" not in accepted:
            return problem(406, "accept", f"accept `application/json` and `{events.MEDIA_TYPE}`")
        channel = Channel(request, takes_events=takes_events)
        try:
            message = messages.parse(await _body(request))
            return await self._read(request, caller, target, owner, channel, message)
        except MalformedFault as fault:
            said = messages.error(fault.id, fault.number, fault.detail)
            return await channel.finish(said, 400)

    async def _read(
        self,
        request: web.BaseRequest,
        caller: Caller,
        target: Target,
        owner: Owner,
        channel: Channel,
        message: Message,
    ) -> web.StreamResponse:
        version = request.headers.get("mcp-protocol-version", "")
        if eras.META_VERSION in message.meta or version == eras.MODERN:
            return await self._modern(request, caller, target, channel, message)
        if message.method == "initialize" and message.id is not None:
            speaker = eras.said_at_handshake(message.params)
            session = self._clients.begin(owner, speaker)
            result = {
                "protocolVersion": speaker.version,
                "capabilities": CAPABILITIES,
                "serverInfo": server_info(target),
            }
            said = messages.answer(message.id, result)
            return await channel.finish(said, headers={SESSION: session})
        if version and version not in eras.HANDSHAKES:
            words = "this version is not spoken here"
            data = {"supported": [*eras.HANDSHAKES, eras.MODERN], "requested": version[:80]}
            said = messages.error(message.id, messages.UNSUPPORTED_VERSION, words, data)
            return await channel.finish(said, 400)
        client = self._client(request, owner)
        if isinstance(client, web.Response):
            return client
        return await self._of_client(request, caller, target, channel, message, client)

    async def _modern(
        self,
        request: web.BaseRequest,
        caller: Caller,
        target: Target,
        channel: Channel,
        message: Message,
    ) -> web.StreamResponse:
        """Answer a request that stands for itself."""
        if not message.method:
            raise MalformedFault(messages.INVALID_REQUEST, "send a request", message.id)
        if message.id is None:
            return await channel.finish(None)
        headers = {name: request.headers.get(name, "") for name in _ONCE}
        speaker = eras.said_in_request(message, headers)
        if isinstance(speaker, Mismatch):
            said = messages.error(message.id, speaker.number, speaker.words, speaker.data)
            return await channel.finish(said, 400)
        if message.method == "subscriptions/listen":
            return await self._subscribed(request, (caller.token_digest, target.id), message)
        asked = self._asked(request, caller, target, channel, message, speaker, None)
        return await self._answered(asked)

    async def _of_client(
        self,
        request: web.BaseRequest,
        caller: Caller,
        target: Target,
        channel: Channel,
        message: Message,
        client: Client,
    ) -> web.StreamResponse:
        """Answer what a client sends that shook hands."""
        if not message.method:
            # It was asked nothing.
            return await channel.finish(None)
        if message.id is None:
            if message.method == "notifications/cancelled":
                named = message.params.get("requestId")
                call = client.calls.get(named) if isinstance(named, int | str) else None
                if call is not None:
                    call.cancel()
            return await channel.finish(None)
        if message.id in client.calls:
            words = "a request with this id is under way"
            raise MalformedFault(messages.INVALID_REQUEST, words, message.id)
        asked = self._asked(request, caller, target, channel, message, client.speaker, client)
        task = asyncio.ensure_future(self._answered(asked))
        client.calls[message.id] = task
        try:
            return await task
        except asyncio.CancelledError:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            # It said itself that it does not wait any more.
            return await channel.finish(None)
        finally:
            client.calls.pop(message.id, None)

    async def _answered(self, asked: Asked) -> web.StreamResponse:
        try:
            said = await self._methods.answer(asked)
        except BaseException:
            asked.channel.drop()
            raise
        error = said.get("error")
        status = _STATUS.get(error["code"], 200) if error and asked.speaker.is_modern else 200
        return await asked.channel.finish(said, status)

    def _asked(
        self,
        request: web.BaseRequest,
        caller: Caller,
        target: Target,
        channel: Channel,
        message: Message,
        speaker: Speaker,
        client: Client | None,
    ) -> Asked:
        if message.id is None:
            raise MalformedFault(messages.INVALID_REQUEST, "send a request")
        connection = self._callers.connection_of(request)
        connection = replace(
            connection,
            application=speaker.name or connection.application,
            task=_task(request, message),
        )
        prefers = "prefer" in request.headers
        return Asked(
            message,
            message.id,
            caller,
            target,
            connection,
            speaker,
            channel,
            client,
            preferences.wishes(request),
            preferences.stays(request, browses=False) if prefers else None,
        )

    def _client(self, request: web.BaseRequest, owner: Owner) -> Client | web.Response:
        id = request.headers.get(SESSION)
        if id is None:
            return problem(400, "no-session", f"`{SESSION}` is missing: send `initialize` first")
        client = self._clients.get(id, owner)
        if client is None:
            return problem(404, "no-such-session", "this session is over: send `initialize` again")
        return client

    async def _listened(self, request: web.BaseRequest, owner: Owner) -> web.StreamResponse:
        """Send news of lists for as long as a client listens."""
        client = self._client(request, owner)
        if isinstance(client, web.Response):
            return client
        return await self._news(request, owner, {}, None)

    async def _subscribed(
        self, request: web.BaseRequest, owner: Owner, message: Message
    ) -> web.StreamResponse:
        """Send a client of 2026-07-28 the news that it asked for."""
        wanted = message.params.get("notifications")
        wanted = wanted if isinstance(wanted, dict) else {}
        lists = {
            name: True
            for name in ("toolsListChanged", "resourcesListChanged", "promptsListChanged")
            if wanted.get(name) is True
        }
        meta = {eras.META_SUBSCRIPTION: message.id}
        first = messages.notification(
            "notifications/subscriptions/acknowledged", {"_meta": meta, "notifications": lists}
        )
        return await self._news(request, owner, meta, first)

    async def _news(
        self,
        request: web.BaseRequest,
        owner: Owner,
        meta: Mapping[str, object],
        first: Mapping[str, object] | None,
    ) -> web.StreamResponse:
        with self._clients.listening(owner) as heard:
            if heard is None:
                return problem(429, "too-many", "too many streams of news are open already")
            response = await begun_stream(request)
            if first is not None:
                await response.write(events.event(messages.encoded(first)))
            while True:
                try:
                    async with asyncio.timeout(PING_EVERY_S):
                        what = await heard.get()
                except TimeoutError:
                    await response.write(events.PING)
                    try:
                        await self._callers.by_token(request)
                    except Fault:
                        # The token has ended meanwhile: there is no news for it any more. It
                        # cannot be told otherwise: another answer would be of another request.
                        await response.write_eof()
                        return response
                    continue
                params = {"_meta": meta} if meta else None
                said = messages.notification(f"notifications/{what}/list_changed", params)
                await response.write(events.event(messages.encoded(said)))

    def _left(self, request: web.BaseRequest, owner: Owner) -> web.Response:
        id = request.headers.get(SESSION, "")
        if self._clients.get(id, owner) is None:
            return problem(404, "no-such-session", "this session is over already")
        self._clients.end(id)
        return web.Response(status=204, headers=OWN)


async def _body(request: web.BaseRequest) -> bytes:
    whole = bytearray()
    async for chunk in request.content.iter_any():
        whole += chunk
        if len(whole) > LARGEST:
            raise PeerFault("body-too-large", f"a message has at most {LARGEST} bytes")
    return bytes(whole)


def _task(request: web.BaseRequest, message: Message) -> str:
    """Return what a program says that it does just now: of this call, or of all of them."""
    said = message.meta.get(declared_task.META)
    if not isinstance(said, str):
        said = request.headers.get(declared_task.HEADER, "")
    return declared_task.task_of(said) if said else ""
