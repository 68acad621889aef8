"""Assent's own MCP server, at `/mcp`: for agents, with their tokens."""

import asyncio
import importlib
from typing import Any

from fastapi import APIRouter, Depends, Response
from starlette.types import Receive, Scope, Send

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import Door, TheDoor
from assent.control.sign_in import Caller
from assent.core.role import Permission

router = APIRouter(tags=["agents"])


class _Spoken(Response):
    """What the SDK answers; it reads the request and sends the response itself."""

    def __init__(self, door: Door, caller: Caller) -> None:
        super().__init__()
        self._door = door
        self._caller = caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The first call imports the SDK: half a second, in which others go on.
        serving: Any = await asyncio.to_thread(
            importlib.import_module, "assent.api.agent_server.serving"
        )
        await serving.Speaker(self._door, self._caller)(scope, receive, send)


# What it speaks is MCP, which OpenAPI cannot say.
@router.post("/mcp", dependencies=[Depends(needs(Permission.ASK))], include_in_schema=False)
async def speak(door: TheDoor, caller: SignedIn) -> Response:
    """Speak MCP: one message, and its answer."""
    return _Spoken(door, caller)
