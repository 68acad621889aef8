"""What is done with each method that a client may send; whatever is not named here is refused.

The gateway answers for itself what says nothing of the target, and tells no client what a server
says of itself: its instructions would reach a model without anybody having assented to them.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from assent import __version__
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault, Fault
from assent.core.ids import RequestId
from assent.core.plugins import NO_WISHES, RefusalKind, Refused, Wishes
from assent.core.resource import Target
from assent.gateway.http.visits import Visit, Visits
from assent.gateway.mcp.calls import Attempted, Calls, cut_off
from assent.gateway.mcp.channel import Channel
from assent.gateway.mcp.clients import Client
from assent.gateway.mcp.desks import Desk
from assent.gateway.mcp.sessions import Desks
from assent.gateway.mcp.telling import Telling
from assent.gateway.waited import Waited
from assent.policy.sizes import parse_size
from assent.protocols.mcp import answers, eras, messages, reading
from assent.protocols.mcp.eras import Speaker
from assent.protocols.mcp.messages import Message, MessageId
from assent.protocols.mcp.reading import Reading

STAYS = timedelta(seconds=50)
"""How long a client waits that can neither come back nor send its person to a page: less than the
minute after which programs give up."""
ROUND = timedelta(seconds=25)
"""How long it waits each time where it can."""
_OPENING = timedelta(seconds=20)
_MOST_AT_ONCE = 64
_LARGEST_RESULT = 1024 * 1024
_LISTS: Mapping[str, str] = {
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
    "prompts/list": "prompts",
}
CAPABILITIES: Mapping[str, Any] = {
    "tools": {"listChanged": True},
    "resources": {"listChanged": True},
    "prompts": {"listChanged": True},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and who sends it. id: of the message.

    client: that shook hands, None for one of 2026-07-28. stays: how long it says that it waits for
    people, None where it does not say.
    """

    message: Message
    id: MessageId
    caller: Caller
    target: Target
    connection: Connection
    speaker: Speaker
    channel: Channel
    client: Client | None = None
    wishes: Wishes = NO_WISHES
    stays: timedelta | None = None

    @property
    def method(self) -> str:
        """What it asks for."""
        return self.message.method


class Methods:
    """Answers requests."""

    def __init__(
        self,
        *,
        visits: Visits,
        desks: Desks,
        calls: Calls,
        telling: Telling,
        waited: Waited,
        requests: Requests,
        clock: Clock,
    ) -> None:
        self._visits = visits
        self._desks = desks
        self._calls = calls
        self._telling = telling
        self._waited = waited
        self._requests = requests
        self._clock = clock

    async def answer(self, asked: Asked) -> Mapping[str, Any]:
        """Return the answer to a request. Never raises a Fault: it is an answer too."""
        if asked.method == "ping":
            return messages.answer(asked.id, _whole(asked, {}))
        if asked.method == "server/discover":
            return messages.answer(asked.id, _whole(asked, discovered(asked.target)))
        read_of = _reader(asked)
        if isinstance(read_of, str):
            return messages.error(asked.id, messages.INVALID_PARAMS, read_of)
        try:
            return await self._in_session(asked, read_of)
        except Fault as fault:
            if isinstance(fault, ConflictFault):
                refused = Refused(RefusalKind.UNAVAILABLE, fault.detail)
                return await self._refused(asked, refused)
            if asked.method == "tools/call":
                result = answers.failed_result(fault.code, fault.detail)
                return messages.answer(asked.id, _whole(asked, result))
            data = {"code": fault.code, "message": fault.detail}
            return messages.error(asked.id, messages.UNREACHABLE, fault.detail, data)

    async def _in_session(
        self, asked: Asked, read_of: "Callable[[Desk], Any] | None"
    ) -> Mapping[str, Any]:
        if answers.answered(asked.message.params) in ("decline", "cancel"):
            return await self._refused(asked, await self._declined(asked))
        visit = await self._entered(asked)
        if isinstance(visit, Refused):
            return await self._refused(asked, visit)
        if len(visit.flights) >= _MOST_AT_ONCE:
            words = f"{_MOST_AT_ONCE} requests are under way in this session; wait for some"
            return await self._refused(asked, Refused(RefusalKind.UNAVAILABLE, words))
        with visit.flight() as flight:
            try:
                return await self._at_desk(asked, visit, read_of)
            except asyncio.CancelledError:
                # Cancelled by the cut of its session, or because nobody waits for it.
                if not flight.cut_with:
                    raise
                task = asyncio.current_task()
                if task is not None:
                    task.uncancel()
                return await self._refused(asked, cut_off(flight.cut_with))

    async def _entered(self, asked: Asked) -> Visit | Refused:
        key = (asked.caller.subject.id, asked.target.id)
        ended = await self._waited.ended(key, asked.caller)
        if ended is not None:
            return ended
        until = self._clock.now() + min(self._stays(asked, again=True), _OPENING)
        visit = await self._visits.enter(
            asked.caller, asked.target, asked.connection, until, asked.wishes
        )
        if isinstance(visit, Refused):
            self._waited.told(key, visit)
        return visit

    async def _at_desk(
        self, asked: Asked, visit: Visit, read_of: "Callable[[Desk], Any] | None"
    ) -> Mapping[str, Any]:
        desk = await self._desks.of(visit)
        if asked.method == "tools/list":
            tools = [tool.said for tool in await desk.tools()]
            return messages.answer(asked.id, _whole(asked, {"tools": tools}))
        if asked.method in _LISTS:
            return messages.answer(asked.id, _whole(asked, await _listed(asked.method, desk)))
        read = await read_of(desk) if read_of is not None else None
        if isinstance(read, Reading):
            return await self._done(asked, visit, desk, read)
        refused = Refused(RefusalKind.DENIED, str(read))
        return await self._refused(asked, refused, desk)

    async def _done(
        self, asked: Asked, visit: Visit, desk: Desk, read: Reading
    ) -> Mapping[str, Any]:
        again = bool(answers.resumed(asked.message.params))
        if asked.client is not None:
            again = asked.client.was_told((asked.target.id, read.text))
        attempted = Attempted(
            asked.caller,
            read,
            asked.method,
            _sent(asked.method, asked.message.params),
            self._stays(asked, again=again),
            asked.message.progress_token,
        )
        largest = _largest(asked.target)
        heard = await self._calls.make(visit.opened, desk, attempted, asked.channel, largest)
        if isinstance(heard, Refused):
            return await self._refused(asked, heard, desk)
        if asked.client is not None:
            asked.client.told.pop((asked.target.id, read.text), None)
        if heard.result is not None:
            return messages.answer(asked.id, _whole(asked, heard.result))
        error = heard.error or {}
        return messages.error(asked.id, error["code"], error["message"])

    def _stays(self, asked: Asked, *, again: bool) -> timedelta:
        if asked.stays is not None:
            return asked.stays
        speaker = asked.speaker
        if not speaker.is_modern and not speaker.opens_pages:
            return STAYS
        # A person is shown the page at once; who comes back from there waits.
        return timedelta(0) if speaker.opens_pages and not again else ROUND

    async def _declined(self, asked: Asked) -> Refused:
        """Take back what people are asked, for the agent's person does not want it."""
        request = RequestId(answers.resumed(asked.message.params))
        if answers.answered(asked.message.params) == "decline":
            await self._requests.withdraw(asked.caller, request)
            return Refused(RefusalKind.WITHDRAWN, "its person does not want it", request=request)
        words = "nobody looked at it yet; send the same call again, without the state, to wait"
        return Refused(RefusalKind.WAITING, words, request=request)

    async def _refused(
        self, asked: Asked, refused: Refused, desk: Desk | None = None
    ) -> Mapping[str, Any]:
        others = desk.readers() if desk is not None and asked.method == "tools/call" else ()
        why = await self._telling.of(asked.caller, refused, others)
        comes_back = why.waits and bool(refused.request)
        if comes_back and asked.method in eras.MAY_NEED_INPUT:
            if asked.speaker.is_modern and answers.answered(asked.message.params) != "cancel":
                first = not answers.resumed(asked.message.params)
                opens = asked.speaker.opens_pages and first
                return messages.answer(asked.id, answers.input_required(why, opens_pages=opens))
            if asked.speaker.opens_pages and not asked.speaker.is_modern:
                return answers.elicitation_error(asked.id, why)
        if asked.method == "tools/call":
            return messages.answer(asked.id, _whole(asked, answers.refused_result(why)))
        return answers.refused_error(asked.id, why)


def discovered(target: Target) -> dict[str, Any]:
    """Return what the gateway says of itself in the place of a server."""
    return {
        "supportedVersions": [*eras.HANDSHAKES, eras.MODERN],
        "capabilities": CAPABILITIES,
        "serverInfo": server_info(target),
    }


def server_info(target: Target) -> dict[str, str]:
    """Return the name of a target's place in the gateway."""
    return {"name": f"assent: {target.name}", "version": __version__}


def _whole(asked: Asked, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a result with what clients of 2026-07-28 need beside; others are spared it."""
    if not asked.speaker.is_modern:
        return result
    more: dict[str, Any] = {"resultType": "complete"}
    if asked.method in eras.CACHEABLE:
        # Who may see what changes with policies: nobody keeps it, and nobody shares it.
        more |= {"ttlMs": 0, "cacheScope": "private"}
    return {**more, **result} if asked.method not in eras.CACHEABLE else {**result, **more}


async def _listed(method: str, desk: Desk) -> dict[str, Any]:
    key = _LISTS[method]
    found = []
    for item in await desk.listed(method, key):
        read = _read_item(key, item)
        if read is not None and await desk.could(read):
            found.append(item)
    return {key: found}


def _read_item(key: str, item: Mapping[str, Any]) -> Reading | None:
    named = item.get({"resources": "uri", "resourceTemplates": "uriTemplate"}.get(key, "name"))
    if not isinstance(named, str):
        return None
    return reading.read_prompt(named, {}) if key == "prompts" else reading.read_document_at(named)


def _reader(asked: Asked) -> "Callable[[Desk], Any] | str | None":
    """Return what reads a request at a desk, None for lists; or what is wrong with it."""
    params, method = asked.message.params, asked.method
    if method == "tools/list" or method in _LISTS:
        return None
    arguments = params.get("arguments") or {}
    if not isinstance(arguments, dict):
        return "`arguments` is an object"
    if method == "tools/call":
        name = params.get("name")
        return _read_call(name, arguments) if isinstance(name, str) else "`name` is that of a tool"
    if method == "resources/read":
        uri = params.get("uri")
        if not isinstance(uri, str):
            return "`uri` is that of a resource"
        return _just(reading.read_document_at(uri))
    if method == "prompts/get":
        name = params.get("name")
        if not isinstance(name, str):
            return "`name` is that of a prompt"
        return _just(reading.read_prompt(name, arguments))
    return _just(reading.read_other(method, _sent(method, params)))


def _just(read: Reading) -> "Callable[[Desk], Any]":
    async def found(desk: Desk) -> Reading:
        return read

    return found


def _read_call(name: str, arguments: Mapping[str, Any]) -> "Callable[[Desk], Any]":
    async def found(desk: Desk) -> Reading | str:
        tool, why = await desk.tool(name)
        if tool is None:
            return f"`{name[:80]}` cannot be called: {why}"
        by_value = desk.by_value(reading.read_listed(tool))
        return reading.read_call(tool, arguments, by_value=by_value)

    return found


def _sent(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what goes on to the server: what was decided on, and nothing said beside it."""
    if method == "resources/read":
        return {"uri": params["uri"]}
    if method in ("tools/call", "prompts/get"):
        return {"name": params["name"], "arguments": params.get("arguments") or {}}
    own = ("_meta", "inputResponses", "requestState")
    return {key: value for key, value in params.items() if key not in own}


def _largest(target: Target) -> int:
    text = target.options.get("max_result")
    return parse_size(text) if isinstance(text, str) else _LARGEST_RESULT
