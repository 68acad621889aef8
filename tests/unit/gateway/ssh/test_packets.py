"""How packets go out: by the turn of the loop, in order, the last words too."""

import asyncio
from typing import Any, cast

import pytest
from asyncssh.constants import MSG_IGNORE

from assent.gateway.ssh.packets import Packets


class Out:
    """A transport that keeps what is written, each time."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.broken = False
        self.closing = False

    def is_closing(self) -> bool:
        return self.closing

    def write(self, data: bytes) -> None:
        if self.broken:
            raise ConnectionResetError
        self.written.append(data)


@pytest.fixture
async def out() -> Out:
    return Out()


@pytest.fixture
async def packets(out: Out) -> Any:
    # Of asyncssh's connection only what sending needs: the rest wants a peer.
    made = object.__new__(Packets)
    made._loop = asyncio.get_running_loop()
    made._transport = cast(asyncio.Transport, out)
    return made


async def test_what_is_said_in_one_turn_is_written_once(out: Out, packets: Any) -> None:
    for data in (b"a", b"b", b"c"):
        packets._send(data)
    assert out.written == []
    await asyncio.sleep(0)
    packets._send(b"d")
    await asyncio.sleep(0)
    assert out.written == [b"abc", b"d"]


async def test_much_is_not_kept_until_the_turn_is_over(out: Out, packets: Any) -> None:
    packets._send(b"x")
    packets._send(b"y" * 65_536)
    packets._send(b"z")
    assert out.written == [b"x" + b"y" * 65_536]
    await asyncio.sleep(0)
    assert out.written[1:] == [b"z"]


async def test_last_words_are_written_before_the_connection_is_closed(
    out: Out, packets: Any
) -> None:
    packets._send(b"too many attempts")
    packets._loop.call_soon(out.written.append, b"closed")
    packets._transport = None
    packets._send(b"nobody hears this")
    await asyncio.sleep(0)
    assert out.written == [b"too many attempts", b"closed"]


async def test_a_peer_that_is_gone_is_no_fault(out: Out, packets: Any) -> None:
    out.broken = True
    packets._send(b"a")
    await asyncio.sleep(0)
    out.broken = False
    packets._send(b"b")
    await asyncio.sleep(0)
    packets._send(b"c")
    out.closing = True
    await asyncio.sleep(0)
    assert out.written == [b"b"]


async def test_a_packet_that_says_nothing_is_not_sent(out: Out, packets: Any) -> None:
    packets.send_packet(MSG_IGNORE, b"")
    await asyncio.sleep(0)
    assert out.written == []
