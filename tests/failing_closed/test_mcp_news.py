"""Failing closed: streams of news to agents whose token ends, and what agents take back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import httpx2
import pytest

from assent.core.faults import ForbiddenFault
from assent.gateway.http.server import HttpServer
from assent.gateway.mcp import door
from assent.gateway.mcp.clients import Clients
from builders import CountingIds

HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


class Callers:
    """Knows one caller, as long as its token lasts."""

    def __init__(self) -> None:
        self.ended = False

    async def by_token(self, request: object) -> Any:
        """Return the caller."""
        if self.ended:
            raise ForbiddenFault("not-signed-in", "this token has ended")
        return SimpleNamespace(token_digest="one")


@asynccontextmanager
async def served() -> AsyncIterator[tuple[httpx2.AsyncClient, Callers]]:
    """Give a client that shook hands with the door for agents."""
    callers = Callers()
    target = SimpleNamespace(id="tgt_1", name="near", protocol="mcp", retired=False)
    directory: Any = SimpleNamespace(target_named=lambda name: target)
    clients, methods = Clients(cast(Any, CountingIds())), cast(Any, None)
    server = HttpServer("example.org", None, 10)
    server.take("mcp", door.McpDoor(cast(Any, callers), directory, clients, methods).answer)
    host, port = await server.start("127.0.0.1", 0)
    base = f"http://{host}:{port}"
    try:
        async with httpx2.AsyncClient(base_url=base, headers=HEADERS, trust_env=False) as client:
            opened = await client.post("/mcp/near", json=HELLO)
            client.headers["mcp-session-id"] = opened.headers["mcp-session-id"]
            yield client, callers
    finally:
        await server.stop()


async def test_news_for_a_token_that_ended_end_as_a_stream_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "PING_EVERY_S", 0.05)
    async with served() as (client, callers), asyncio.timeout(10):
        async with client.stream("GET", "/mcp/near") as answer:
            assert answer.status_code == 200
            pieces = answer.aiter_bytes()
            assert await anext(pieces) == b": waiting\n\n"
            callers.ended = True
            rest = b"".join([piece async for piece in pieces])
        # Nothing of another answer is in it, which whoever is between would take for one.
        assert rest.replace(b": waiting\n\n", b"") == b""
        refused = await client.get("/mcp/near")
        assert refused.status_code == 401


@pytest.mark.parametrize("named", [[], {}, None, 1.5, True, "x" * 10_000, 7])
async def test_taking_back_what_nobody_asked_for_is_no_fault_of_the_gateways(named: Any) -> None:
    async with served() as (client, _):
        message = {
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": {"requestId": named},
        }
        assert (await client.post("/mcp/near", json=message)).status_code == 202
