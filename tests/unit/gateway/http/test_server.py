"""The listener for HTTP: how long a client may take before it has asked for anything."""

import asyncio

import pytest

from assent.gateway.http import server
from assent.gateway.http.server import HttpServer

IDLE_S = 0.3


@pytest.mark.parametrize("said", [b"GET /ping HTTP/1.1\r\nHost: a", b"GET / HTTP/1.1\r\n"])
async def test_a_head_that_never_ends_takes_no_place_for_long(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_IDLE_S", IDLE_S)
    listening = HttpServer("example.org", None, most=1)
    host, port = await listening.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(said)
        # Byte by byte it goes on, as of somebody who wants to keep the place.
        dribbling = asyncio.create_task(_dribble(writer))
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        dribbling.cancel()
    finally:
        writer.close()
        await listening.stop()


async def _dribble(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        await asyncio.sleep(IDLE_S / 3)
        writer.write(b"x")
