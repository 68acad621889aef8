"""MCP for one call over HTTP, by the official SDK: every version of the protocol that it speaks.

Nothing is kept between calls: the token says who it is each time, so no session can be stolen or
outlive a suspension. Only what is imported lazily imports this, as the SDK takes half a second.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from assent import __version__
from assent.api.agent_server.answers import WAITING, fault_told
from assent.api.agent_server.bodies import RequestBody
from assent.api.agent_server.bounds import bounded
from assent.api.agent_server.tool import Tool
from assent.api.agent_server.tools import BY_NAME, INSTRUCTIONS, TOOLS
from assent.api.door import Door
from assent.api.limits import MAX_BODY_BYTES
from assent.control.sign_in import Caller
from assent.core.declared_task import META, task_of
from assent.core.faults import Fault
from assent.core.ids import RequestId

_MODERN = "2026-07-28"
_MOST_ERRORS = 10

Context = ServerRequestContext[Any, Any]


class Speaker:
    """Answers one caller's call."""

    def __init__(self, door: Door, caller: Caller) -> None:
        self._door = door
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request over HTTP."""
        server: Server[Any] = Server(
            "assent",
            version=__version__,
            instructions=INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
            get_tool_input_schema=_schema_of,
        )
        manager = StreamableHTTPSessionManager(
            app=server, stateless=True, max_request_body_size=MAX_BODY_BYTES
        )
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    async def _list(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[_shown(tool) for tool in TOOLS if tool.is_for(self._caller)],
            ttl_ms=0,
            cache_scope="private",
        )

    async def _call(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            words = f"there is no tool `{params.name[:80]}`; see tools/list"
            return _result({"error": "no-such-tool", "words": words}, failed=True)
        caller = self._declaring(context.meta)
        try:
            led = await self._led(tool, context, caller, params)
            return led or _result(
                await tool.called(self._door, caller, params.arguments or {}), failed=False
            )
        except ValidationError as error:
            return _result(_invalid(error), failed=True)
        except Fault as fault:
            return _result(fault_told(fault), failed=True)

    def _declaring(self, meta: Mapping[str, Any] | None) -> Caller:
        """Return the caller, with what this call says that it is for, if it does."""
        said = (meta or {}).get(META)
        if not isinstance(said, str) or not said.strip():
            return self._caller
        return replace(self._caller, task=task_of(said))

    async def _led(
        self,
        tool: Tool[Any],
        context: Context,
        caller: Caller,
        params: types.CallToolRequestParams,
    ) -> types.InputRequiredResult | None:
        """Return that the person at the client is to be shown the request that waits, once.

        None where it waits no more, where they were, or where the client shows nobody anything.
        """
        declared = context.session.client_capabilities
        shows = declared is not None and declared.elicitation is not None
        if not (
            tool.asks_person
            and context.protocol_version >= _MODERN
            and params.request_state is None
            and shows
            and declared
            and declared.elicitation
            and declared.elicitation.url is not None
        ):
            return None
        named = tool.body.model_validate(params.arguments or {})
        if not isinstance(named, RequestBody):
            return None
        request = await self._door.plane.requests.get(caller, RequestId(named.request))
        if request.state not in WAITING:
            return None
        unmet = "; ".join(self._door.plane.requests.unmet(request)) or "an answer"
        asked = types.ElicitRequestURLParams(
            message=f"a request of this agent waits: {unmet}",
            url=f"{self._door.public_url}/requests/{request.id}",
        )
        return types.InputRequiredResult(
            input_requests={"request": types.ElicitRequest(params=asked)},
            request_state=request.id,
        )


def _schema_of(name: str) -> Mapping[str, Any] | None:
    tool = BY_NAME.get(name)
    return tool.schema if tool else None


def _shown(tool: Tool[Any]) -> types.Tool:
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=tool.schema,
        annotations=types.ToolAnnotations(
            read_only_hint=tool.only_reads,
            destructive_hint=False,
            idempotent_hint=tool.only_reads or tool.repeats,
            open_world_hint=False,
        ),
    )


def _result(told: Mapping[str, Any], *, failed: bool) -> types.CallToolResult:
    """Return an answer for programs, and the same as text for clients that read only that."""
    content = bounded(dict(told))
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=content,
        is_error=failed,
    )


def _invalid(error: ValidationError) -> Mapping[str, Any]:
    # What was sent is not repeated: it may hold a secret.
    wrong = [
        {"argument": ".".join(str(part) for part in one["loc"]), "words": one["msg"]}
        for one in error.errors(include_url=False, include_input=False)[:_MOST_ERRORS]
    ]
    return {"error": "invalid-input", "words": "some arguments are wrong", "arguments": wrong}
