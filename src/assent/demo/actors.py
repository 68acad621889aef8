"""What people in the story use: the command line and the real psql, as processes of their own."""

import asyncio
import json
import os
import re
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assent.demo import programs
from assent.demo.world import Person

_COMMAND_WITHIN_S = 30.0


class Unobserved(Exception):
    """A step of the story did not happen as it is told."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"expected: {expected}\n  seen: {seen or 'nothing'}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that psql printed. at: seconds of the monotonic clock."""

    at: float
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Return what a command with `--json` printed."""
        value = json.loads(self.out)
        if not isinstance(value, dict):
            raise Unobserved("a JSON object", self.out)
        return value


async def assent(person: Person, *arguments: str, code: int = 0) -> Ended:
    """Run one `assent` command as this person. Raises Unobserved unless it exits with `code`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "assent", *arguments,
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=_environment(person),
    )  # fmt: skip
    try:
        async with asyncio.timeout(_COMMAND_WITHIN_S):
            out, err = await process.communicate()
    finally:
        await _end(process)
    ended = Ended(process.returncode or 0, out.decode(), err.decode())
    if ended.code != code:
        raise Unobserved(
            f"`assent {' '.join(arguments)}` of {person.name} exits with {code}",
            f"{ended.code}: {ended.out}{ended.err}",
        )
    return ended


class Psql:
    """A psql that `assent connect` started; what it prints is kept with the time of it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[Line] = []
        self._read = 0
        self._news = asyncio.Condition()

    async def send(self, text: str) -> float:
        """Type a line and return when."""
        self._read = len(self.lines)
        if self.process.stdin is None:
            raise Unobserved("psql reads what is typed", "its input is closed")
        self.process.stdin.write(text.encode() + b"\n")
        at = time.monotonic()
        await self.process.stdin.drain()
        return at

    async def line(self, pattern: str, within_s: float) -> Line:
        """Return the first line since the last `send` that matches. Raises Unobserved."""
        expression = re.compile(pattern)
        position = self._read
        try:
            async with asyncio.timeout(within_s), self._news:
                while True:
                    for line in self.lines[position:]:
                        if expression.search(line.text):
                            return line
                    position = len(self.lines)
                    await self._news.wait()
        except TimeoutError:
            seen = " / ".join(line.text for line in self.lines[self._read :])
            raise Unobserved(f"psql prints `{pattern}` within {within_s:g} s", seen) from None

    def since_sent(self) -> str:
        """Return all that psql printed since the last `send`."""
        return "\n".join(line.text for line in self.lines[self._read :])

    async def keep(self, stream: asyncio.StreamReader, name: str) -> None:
        """Keep every line of one of psql's streams until it ends."""
        while raw := await stream.readline():
            text = raw.decode("utf-8", "replace").rstrip("\n")
            async with self._news:
                self.lines.append(Line(time.monotonic(), name, text))
                self._news.notify_all()


@asynccontextmanager
async def psql(person: Person, target: str, *options: str) -> AsyncIterator[Psql]:
    """Run `assent connect TARGET … -- -X -A -t` as this person: it becomes psql."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "assent", "connect", target, *options, "--", "-X", "-A", "-t",
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=_environment(person),
    )  # fmt: skip
    terminal = Psql(process)
    if process.stdout is None or process.stderr is None or process.stdin is None:
        raise Unobserved("psql has pipes", "it has none")
    readers = (
        asyncio.ensure_future(terminal.keep(process.stdout, "out")),
        asyncio.ensure_future(terminal.keep(process.stderr, "err")),
    )
    try:
        yield terminal
    finally:
        process.stdin.close()
        await _end(process, grace_s=2)
        await asyncio.gather(*readers)


async def _end(process: Process, grace_s: float = 0) -> None:
    """Leave no process behind, however the step ended."""
    if process.returncode is not None:
        return
    try:
        async with asyncio.timeout(grace_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment(person: Person) -> dict[str, str]:
    # Nothing of the person at the keyboard may leak into the story, nor the other way round.
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PG", "PSQL", "ASSENT_"))
    }
    folder = str(Path(programs.psql_program()).parent)
    path = f"{kept.get('PATH', '')}{os.pathsep}{folder}"
    own = {"ASSENT_HOME": str(person.home), "PATH": path, "LC_ALL": "C.UTF-8"}
    if person.token is not None:
        own |= {"ASSENT_TOKEN": person.token.reveal(), "ASSENT_URL": person.url}
    return kept | own
