"""A server that is a program of this machine: started for one session, ended with it.

It is given what the configuration says and nothing else: no shell reads its command, nothing of the
gateway's own environment reaches it.
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog

from assent.core.secret import Secret
from assent.gateway.mcp.servers import ToolServer
from assent.protocols.mcp import messages
from assent.protocols.mcp.messages import LARGEST, MalformedFault, Message

PASSWORD = "{password}"  # noqa: S105
"""What stands in `environment` for what the target's `password` refers to."""
STARTS_AGAIN = 3
WITHIN_S = 60.0
"""So many times it is started in so many seconds, and then not before they have passed."""
_ENDS_WITHIN_S = 0.5
_LONGEST_LOGGED = 500
_MOST_LOGGED = 200
_MOST_UNREAD = 256 * 1024

_log = structlog.get_logger("gateway.mcp")


def environment_of(given: Sequence[str], password: Secret[str]) -> dict[str, Secret[str]]:
    """Return what a program is given. given: `NAME=value` each."""
    pairs = (one.partition("=") for one in given)
    return {name: password if value == PASSWORD else Secret(value) for name, _, value in pairs}


def needs_password(given: Sequence[str]) -> bool:
    """Return whether a program is given what the target's `password` refers to."""
    return any(one.partition("=")[2] == PASSWORD for one in given)


class StdioServer(ToolServer):
    """One process, which speaks in lines; started when it is first needed, and again if it ends."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, Secret[str]],
        changed: Callable[[str], None],
    ) -> None:
        super().__init__(name, changed)
        self._command = tuple(command)
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._started: deque[float] = deque(maxlen=STARTS_AGAIN)
        self._closed = False
        self._logged = 0

    async def close(self) -> None:
        """End the program, and all that it started."""
        self._closed = True
        await self._end()

    async def _open(self) -> None:
        if self._closed:
            raise self._away("was ended")
        now = asyncio.get_running_loop().time()
        full = len(self._started) == STARTS_AGAIN
        if full and now - self._started[0] < WITHIN_S:
            raise self._away(f"ended {STARTS_AGAIN} times in a minute; try again in one")
        await self._end()
        self._started.append(now)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={name: value.reveal() for name, value in self._environment.items()},
                limit=LARGEST,
                start_new_session=True,
            )
        except (OSError, ValueError) as fault:
            raise self._away("could not be started") from fault
        self._process = process
        if self._closed:
            # Its session ended while it was being started, and nobody else would end it.
            await self._end()
            raise self._away("was ended")
        self._begin(self._read(process))
        self._begin(self._log(process))

    async def _exchange(self, id: int, message: Mapping[str, Any]) -> Message:
        answered: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[id] = answered
        try:
            await self._tell(message)
            return await answered
        except asyncio.CancelledError:
            said = {"requestId": id, "reason": "nobody waits for it any more"}
            if not self._is_full:
                self._write(messages.notification("notifications/cancelled", said))
            raise
        finally:
            self._waiting.pop(id, None)

    async def _tell(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            self._ready = False
            raise self._away("has ended")
        try:
            # A program that reads nothing keeps its questions waiting, and not in our memory.
            while self._is_full:
                await process.stdin.drain()
            self._write(message)
            await process.stdin.drain()
        except (ConnectionError, OSError) as fault:
            raise self._away("has ended") from fault

    @property
    def _is_full(self) -> bool:
        """Whether the program has not read what it was sent before."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return False
        return process.stdin.transport.get_write_buffer_size() > _MOST_UNREAD

    def _write(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(messages.encoded(message) + b"\n")

    def _begin(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hand out answers until the program ends, or says what is no message."""
        try:
            while process.stdout is not None and (line := await process.stdout.readline()):
                if line.strip():
                    self._take(messages.parse(line))
                if self._is_full and process.stdin is not None:
                    # It asks more than it hears answers to.
                    await process.stdin.drain()
        except (ValueError, ConnectionError, MalformedFault) as fault:
            _log.warning("tool-server-broken", target=self.name, what=str(fault)[:_LONGEST_LOGGED])
        finally:
            self._lost(process)

    def _take(self, message: Message) -> None:
        if message.method:
            answer = self._heard(message)
            if answer is not None:
                self._write(answer)
            return
        waiting = self._waiting.get(message.id) if isinstance(message.id, int) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def _lost(self, process: asyncio.subprocess.Process) -> None:
        if self._process is process:
            self._ready = False
        _signal(process, signal.SIGKILL)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(self._away("ended before it answered"))

    async def _log(self, process: asyncio.subprocess.Process) -> None:
        """Write down what the program says of itself, as far as it is worth it."""
        while process.stderr is not None:
            try:
                line = await process.stderr.readline()
            except ValueError:
                # A line without an end, of which nothing is kept: it must go on being read.
                continue
            except ConnectionError:
                return
            if not line:
                return
            if self._logged <= _MOST_LOGGED:
                self._logged += 1
                if self._logged <= _MOST_LOGGED:
                    text = line[:_LONGEST_LOGGED].decode(errors="replace").strip()
                    _log.info("tool-server", target=self.name, says=text)

    async def _end(self) -> None:
        process, self._process, self._ready = self._process, None, False
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        _signal(process, signal.SIGTERM)
        await _waited(process)
        # Whatever it started is of its group, and may have outlived it.
        _signal(process, signal.SIGKILL)
        await _waited(process)
        # What still holds its streams keeps them without us; there is no public way to say so.
        vars(process)["_transport"].close()
        for task in tuple(self._tasks):
            task.cancel()


async def _waited(process: asyncio.subprocess.Process) -> None:
    """Wait a moment for the end of a program, and of all that has its streams."""
    # INVARIANT: never without a limit. What it started in a group of its own may hold its streams
    # open for ever, and asyncio takes a program for ended only once they are closed.
    with suppress(TimeoutError):
        async with asyncio.timeout(_ENDS_WITHIN_S):
            await process.wait()


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    """Signal a program and all that it started: it is the first of a group of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
