"""A system that manages devices, asked over HTTP: what it says, and what it cannot say."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from assent.core.faults import OutsideFault
from assent.core.secret import Secret
from assent.identity.asking import Asking
from assent.identity.device_manager import DeviceManager
from builders import FixedClock

CLOCK = FixedClock()


@asynccontextmanager
async def answering(
    body: object, status: int = 200
) -> AsyncIterator[tuple[DeviceManager, list[str]]]:
    """A manager whose server answers so on loopback, and the heads of what it was asked."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        content = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    asking = Asking("fleet")
    url = f"http://127.0.0.1:{port}/hosts/{{device}}"
    try:
        yield DeviceManager("fleet", url, Secret("t0ken"), asking, CLOCK), asked
    finally:
        await asking.close()
        server.close()
        await server.wait_closed()


async def test_what_it_says_of_a_device_is_dated_now_and_asked_with_its_token() -> None:
    async with answering({"managed": True, "disk_encrypted": True, "patch_age_days": 2}) as made:
        manager, asked = made
        found = await manager.posture("C02/../x")
    assert found is not None
    assert (found.managed, found.disk_encrypted, found.firewall) == (True, True, None)
    assert found.reported_at == CLOCK.now()
    assert asked[0].startswith("GET /hosts/C02%2F..%2Fx ")
    assert "authorization: Bearer t0ken" in asked[0].lower().replace("bearer", "Bearer")


async def test_a_device_that_it_says_nothing_of_is_one_that_it_does_not_know() -> None:
    async with answering({"managed": None}) as (manager, _):
        assert await manager.posture("C02") is None


@pytest.mark.parametrize(
    ("body", "status"),
    [([], 200), ({"managed": "yes"}, 200), ({"firewall": 1}, 200), ({}, 500), ({}, 302)],
)
async def test_an_answer_of_no_sense_is_none(body: object, status: int) -> None:
    async with answering(body, status) as (manager, _):
        with pytest.raises(OutsideFault):
            await manager.posture("C02")
