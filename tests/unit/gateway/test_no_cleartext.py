"""A server that wants a password in the clear, however it puts that."""

import asyncio
import struct
from collections.abc import Callable
from typing import cast

import pytest

from assent.gateway.no_cleartext import GuardedLoop

PASSWORD = b"never in the clear"
CLEARTEXT = b"R" + struct.pack("!II", 8, 3)
MD5 = b"R" + struct.pack("!II", 12, 5) + b"salt"
OK = b"R" + struct.pack("!II", 8, 0)
READY = b"Z" + struct.pack("!I", 5) + b"I"


class Naive(asyncio.Protocol):
    """Sends its password to whoever asks for it in the clear, as a library may."""

    def __init__(self) -> None:
        self.heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if CLEARTEXT in self.heard and isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(PASSWORD)


class Wire(asyncio.Transport):
    """A connection whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.aborted = False
        self.protocol: asyncio.BaseProtocol | None = None

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.sent += data

    def abort(self) -> None:
        self.aborted = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


class Line:
    """A loop that connects everything to one wire."""

    def __init__(self) -> None:
        self.wire = Wire()

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], *_: object
    ) -> tuple[Wire, asyncio.Protocol]:
        protocol = factory()
        self.wire.protocol = protocol
        protocol.connection_made(self.wire)
        return self.wire, protocol

    async def start_tls(self, *_: object) -> Wire:
        return self.wire


async def _talk(pieces: list[bytes], encrypted: bool = False) -> tuple[Naive, GuardedLoop, Wire]:
    """Return the client, its guard and the wire, after a server said these pieces."""
    line = Line()
    guard = GuardedLoop(cast(asyncio.AbstractEventLoop, line), encrypted)
    inner = Naive()
    if encrypted:
        await guard.create_connection(asyncio.Protocol)
        transport = await guard.start_tls()
        assert transport is not None
        inner.connection_made(line.wire)
        transport.set_protocol(inner)
    else:
        _, made = await guard.create_connection(lambda: inner)
        assert made is inner
    assert isinstance(line.wire.protocol, asyncio.Protocol)
    for piece in pieces:
        line.wire.protocol.data_received(piece)
    return inner, guard, line.wire


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    "pieces",
    [
        [CLEARTEXT],
        [CLEARTEXT[:1], CLEARTEXT[1:]],
        [CLEARTEXT[:5], CLEARTEXT[5:]],
        [bytes([byte]) for byte in CLEARTEXT],
        [MD5 + CLEARTEXT],
        [OK + CLEARTEXT],
        [b"N" + struct.pack("!I", 5) + b"\0" + CLEARTEXT],
    ],
)
async def test_it_is_refused_however_it_is_asked_for(pieces: list[bytes], encrypted: bool) -> None:
    inner, guard, wire = await _talk(pieces, encrypted)
    assert guard.refused
    assert wire.aborted
    assert (CLEARTEXT in inner.heard, wire.sent) == (False, b"")


async def test_a_message_of_an_impossible_length_ends_it() -> None:
    inner, guard, wire = await _talk([b"R" + struct.pack("!I", 2**31) + b"x", CLEARTEXT])
    assert wire.aborted
    assert not guard.refused
    assert inner.heard == b""


@pytest.mark.parametrize("cut", [1, 7, 100])
async def test_everything_else_arrives_as_it_was_sent(cut: int) -> None:
    said = MD5 + OK + READY + b"D" + struct.pack("!I", 8) + b"data"
    pieces = [said[at : at + cut] for at in range(0, len(said), cut)]
    inner, guard, wire = await _talk(pieces)
    assert inner.heard == said
    assert (guard.refused, wire.aborted) == (False, False)
