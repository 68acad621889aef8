"""Receivers of syslog over TLS, on loopback, which read it by the letter of the RFCs."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from certificate_authority import Signed

_HEAD = re.compile(
    r"<(0|[1-9][0-9]{0,2})>([1-9][0-9]{0,2}) "
    r"(-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
    r"(-|[!-~]{1,255}) (-|[!-~]{1,48}) (-|[!-~]{1,128}) (-|[!-~]{1,32}) "
)
_NAME = re.compile(r"[!#-<>-\\^-~]{1,32}")
_PARAMETER = re.compile(r' ([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"')


@dataclass(frozen=True)
class Message:
    """A message of RFC 5424, section 6."""

    facility: int
    severity: int
    time: str
    host: str
    app: str
    process: str | None
    message_id: str
    data: Mapping[str, Mapping[str, str]]
    text: str


def read_message(data: bytes) -> Message:
    """Return what a message says; fails where the grammar does not allow it."""
    text = data.decode("utf-8")
    head = _HEAD.match(text)
    assert head is not None, text[:100]
    assert head[2] == "1"
    priority = int(head[1])
    assert priority <= 191
    elements: dict[str, dict[str, str]] = {}
    at = head.end()
    if text[at] == "-":
        at += 1
    while at < len(text) and text[at] == "[":
        name = _NAME.match(text, at + 1)
        assert name is not None
        at = name.end()
        found: dict[str, str] = {}
        while parameter := _PARAMETER.match(text, at):
            found[parameter[1]] = re.sub(r'\\(["\\\]])', r"\1", parameter[2])
            at = parameter.end()
        assert text[at] == "]"
        at += 1
        elements[name[0]] = found
    assert at == len(text) or text[at] == " "
    process = None if head[6] == "-" else head[6]
    return Message(
        priority // 8, priority % 8, head[3], head[4], head[5], process, head[7],
        elements, text[at + 1 :],
    )  # fmt: skip


def read_frames(data: bytes) -> list[bytes]:
    """Return the messages of a stream (RFC 5425, section 4.3); fails where one is not whole."""
    found = []
    while data:
        length = re.match(rb"([1-9][0-9]*) ", data)
        assert length is not None, data[:40]
        end = length.end() + int(length[1])
        assert len(data) >= end
        found.append(data[length.end() : end])
        data = data[end:]
    return found


@dataclass
class SyslogPeer:
    """Keeps what came, by connection. breaks: so many connections end before all was read.

    hangs: it reads nothing.
    """

    port: int = 0
    streams: list[bytes] = field(default_factory=list)
    breaks: int = 0
    hangs: bool = False
    clients: list[object] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        return [read_message(one) for stream in self.streams for one in read_frames(stream)]


@asynccontextmanager
async def syslog_peer(signed: Signed, clients: str = "") -> AsyncIterator[SyslogPeer]:
    """Run one on a free port while the block lasts. clients: PEM of who signs for them."""
    peer = SyslogPeer()
    open_ones: set[asyncio.StreamWriter] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        peer.clients.append(writer.get_extra_info("peercert"))
        if peer.hangs:
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            return
        if peer.breaks:
            peer.breaks -= 1
            await reader.read(10)
            writer.transport.abort()
            return
        try:
            peer.streams.append(await reader.read())
        except OSError:
            return
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(signed.certificate, signed.key)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context, limit=1 << 24)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()
        for writer in open_ones:
            writer.transport.abort()
        await server.wait_closed()
