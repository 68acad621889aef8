"""Calls of an MCP tool over connections that stay open, by a client that does next to nothing."""

import asyncio
import time
from types import TracebackType

import aiohttp
import msgspec

_VERSION = "2025-06-18"
_ACCEPT = "application/json, text/event-stream"


class Calls:
    """A session at an MCP server, streamable HTTP (MCP 2025-06-18, transports)."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._headers = {"accept": _ACCEPT, "mcp-protocol-version": _VERSION}
        if token:
            self._headers["authorization"] = f"Bearer {token}"
        self._number = 0

    async def __aenter__(self) -> "Calls":
        self._client = aiohttp.ClientSession()
        hello = {
            "protocolVersion": _VERSION,
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "1"},
        }
        await self._post("initialize", hello)
        await self._post("notifications/initialized", None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.close()

    async def one_by_one(self, count: int) -> list[float]:
        """Return how long each of so many calls took, in ms."""
        took = []
        for _ in range(count):
            began = time.perf_counter()
            await self._call()
            took.append((time.perf_counter() - began) * 1e3)
        return took

    async def rate(self, count: int, wide: int) -> float:
        """Return calls a second, `wide` of them at once."""

        async def some() -> None:
            for _ in range(count // wide):
                await self._call()

        began = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(wide)))
        return count // wide * wide / (time.perf_counter() - began)

    async def _call(self) -> None:
        answer = await self._post("tools/call", {"name": "order", "arguments": {"number": 7}})
        if b"2 pieces" not in answer:
            raise RuntimeError(f"the tool was not called: {answer[:2000]!r}")

    async def _post(self, method: str, params: object) -> bytes:
        self._number += 1
        message: dict[str, object] = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message |= {"id": self._number, "params": params}
        async with self._client.post(
            self._address,
            data=msgspec.json.encode(message),
            headers={**self._headers, "content-type": "application/json"},
        ) as answer:
            if session := answer.headers.get("mcp-session-id"):
                self._headers["mcp-session-id"] = session
            return await answer.read()
