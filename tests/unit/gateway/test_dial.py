"""Reaching a target within a deadline, and asking it to cancel."""

import asyncio
import socket
import struct
from dataclasses import replace

import pytest

from assent.core.faults import OutsideFault
from assent.gateway import dial
from builders import SHOP


async def test_a_target_that_listens_is_reached() -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await arrived.put(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    target = replace(SHOP, port=server.sockets[0].getsockname()[1])
    transport = await dial.dial(target, asyncio.Protocol)
    transport.write(b"hello")
    transport.close()
    assert await arrived.get() == b"hello"
    await dial.cancel_at(target, 4711, b"key!")
    assert await arrived.get() == struct.pack("!III", 16, 80877102, 4711) + b"key!"
    server.close()


async def test_a_target_that_is_down_is_a_fault_that_names_it_and_not_its_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(OutsideFault, match="target `shop` cannot be reached") as caught:
        await dial.dial(replace(SHOP, port=port), asyncio.Protocol)
    assert str(port) not in caught.value.detail


async def test_a_target_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(dial, "DEADLINE_S", 0.01)
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    with pytest.raises(OutsideFault, match="did not answer within"):
        await dial.dial(SHOP, asyncio.Protocol)
