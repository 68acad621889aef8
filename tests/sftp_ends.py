"""A client of SFTP that says what it wants packet by packet, and a server in a process of its own.

What the relay between them is told is scripted: `Judge`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from assent.control.live import Patience
from assent.core.action import Statement
from assent.core.enforcement import Enforcement
from assent.core.frame import Frame
from assent.core.plugins import Held, Permitted, RefusalKind, Refused
from assent.gateway.sessions import Attempt, GatewaySession, Tell
from assent.gateway.ssh.files import serve_sftp
from assent.protocols.ssh import sftp_wire as wire
from assent.protocols.ssh.sftp_wire import Kind, number, packet, string

SERVER = "/usr/lib/openssh/sftp-server"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class Seen:
    """One attempt. ended: bytes and error once it ended; None before, `lost` for nobody knows."""

    statement: Statement
    text: str
    ended: tuple[int, str] | None = None

    @property
    def touches(self) -> list[tuple[str, str]]:
        """What it touches: verbs and names."""
        return [(touch.verb, touch.resource.name) for touch in self.statement.touches]


@dataclass(slots=True)
class Judge:
    """In place of a session: permits all but texts with a word of `refused` in them.

    held: texts with such a word wait for its event. results: recorded.
    """

    refused: Sequence[str] = ()
    held: Mapping[str, asyncio.Event] = field(default_factory=dict)
    results: bool = False
    seen: list[Seen] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    behind: bool = False
    began: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> datetime:
        """Return the one time there is."""
        return NOW

    @property
    def clock(self) -> "Judge":
        """Itself."""
        return self

    async def ready(self) -> None:
        """Be ready."""

    def record(self, frame: Frame) -> None:
        """Keep a frame."""
        self.frames.append(frame)

    async def attempt(
        self,
        statement: Statement,
        text: str,
        *,
        shape: object,
        tell: Tell,
        patience: Patience,
    ) -> Attempt | Refused:
        """Answer as scripted."""
        seen = Seen(statement, text)
        self.seen.append(seen)
        for word, event in self.held.items():
            if word in text:
                tell(Held(("it waits",), NOW, "request_1"))
                self.began.set()
                gone = asyncio.Event()
                patience.nudge = gone.set
                waits = [asyncio.ensure_future(one.wait()) for one in (event, gone)]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for task in waits:
                    task.cancel()
                if patience.hung_up:
                    return Refused(RefusalKind.WITHDRAWN, "the client hung up")
        if any(word in text for word in self.refused):
            return Refused(RefusalKind.DENIED, "no policy permits that")
        enforcement = Enforcement(record_results=True) if self.results else None
        permitted = Permitted("entry_1", enforcement=enforcement)
        return Attempt(cast(GatewaySession, _Book(seen)), len(self.seen), permitted, None, NOW)


@dataclass(frozen=True, slots=True)
class _Book:
    seen: Seen

    def finished(self, attempt: Attempt, rows: int, bytes: int, error: str) -> None:
        self.seen.ended = (bytes, error)

    def lost(self, attempt: Attempt, *, released: bool) -> None:
        self.seen.ended = (0, f"lost, {released=}")


class Pipe:
    """A `ByteStream` over a reader and a writer of asyncio, or over two queues."""

    def __init__(self, reader: asyncio.StreamReader, write: Callable[[bytes | None], None]) -> None:
        self._reader = reader
        self._write = write

    async def read(self) -> bytes:
        """Return the next bytes."""
        return await self._reader.read(65_536)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._write(data)

    async def drain(self) -> None:
        """Let others have their turn."""
        await asyncio.sleep(0)

    def write_eof(self) -> None:
        """Say that no more comes."""
        self._write(None)


@dataclass(slots=True)
class Client:
    """Speaks packets. said: what it was told beside them."""

    sent: asyncio.StreamReader
    answers: asyncio.StreamReader
    said: list[str] = field(default_factory=list)
    ids: int = 0

    def send(self, kind: int, *parts: bytes) -> int:
        """Send a request and return its number."""
        self.ids += 1
        self.sent.feed_data(packet(kind, number(self.ids), *parts))
        return self.ids

    async def receive(self) -> tuple[int, int, bytes]:
        """Return kind, number and the rest of the next answer."""
        length = int.from_bytes(await self.answers.readexactly(4))
        body = await self.answers.readexactly(length)
        return body[0], int.from_bytes(body[1:5]), body[5:]

    async def ask(self, kind: int, *parts: bytes) -> tuple[int, bytes]:
        """Return kind and rest of the answer to a request."""
        id = self.send(kind, *parts)
        answered, of, rest = await asyncio.wait_for(self.receive(), 10)
        assert of == id
        return answered, rest

    async def status(self, kind: int, *parts: bytes) -> int:
        """Return with which status a request ended."""
        answered, rest = await self.ask(kind, *parts)
        assert answered == Kind.STATUS, answered
        return int.from_bytes(rest[:4])

    async def open(self, path: object, flags: int = wire.READ, mode: int | None = None) -> bytes:
        """Return the handle of a file; fail where it was refused."""
        answered, rest = await self.ask(Kind.OPEN, name(path), number(flags), attributes(mode))
        assert answered == Kind.HANDLE, rest
        return wire.Fields(rest).string(256)

    async def close(self, handle: bytes) -> int:
        """Close it."""
        return await self.status(Kind.CLOSE, string(handle))

    def hang_up(self) -> None:
        """End."""
        self.sent.feed_eof()


def name(path: object) -> bytes:
    """Return a path as it is sent."""
    return string(path if isinstance(path, bytes) else str(path).encode())


def attributes(mode: int | None = None) -> bytes:
    """Return attributes with a mode, or none."""
    return number(0) if mode is None else number(4) + number(mode)


def extended(word: str) -> bytes:
    """Return the name of an extension as it is sent."""
    return string(word.encode())


@asynccontextmanager
async def between(judge: Any, folder: Path, *, greets: bool = True) -> AsyncIterator[Client]:
    """Yield a client whose requests the relay takes to a real server that begins in `folder`."""
    process = await asyncio.create_subprocess_exec(
        SERVER, cwd=folder, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin

    def to_server(data: bytes | None) -> None:
        if data is None:
            stdin.close()
        else:
            stdin.write(data)

    sent, answers = asyncio.StreamReader(), asyncio.StreamReader()

    def to_client(data: bytes | None) -> None:
        if data is None:
            answers.feed_eof()
        else:
            answers.feed_data(data)

    client = Client(sent, answers)
    serving = asyncio.create_task(
        serve_sftp(
            cast(GatewaySession, judge),
            Pipe(sent, to_client),
            Pipe(process.stdout, to_server),
            "ana",
            lambda held: client.said.extend(held.lines),
            client.said.extend,
        )
    )
    try:
        if greets:
            sent.feed_data(packet(Kind.INIT, number(3)))
            length = int.from_bytes(await answers.readexactly(4))
            assert (await answers.readexactly(length))[0] == Kind.VERSION
        yield client
    finally:
        if not sent.at_eof():
            sent.feed_eof()
        await asyncio.wait_for(serving, 10)
        if process.returncode is None:
            stdin.close()
            await asyncio.wait_for(process.wait(), 10)
