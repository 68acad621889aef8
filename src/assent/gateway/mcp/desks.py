"""What one session has at hand: its server, and the tools that may be called of it.

A server is asked again what its tools are when it says that they changed, and every half minute:
one that changes a tool and says nothing is found out by then.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from assent.control.live import LiveSession
from assent.control.reach import Reach
from assent.control.tool_pins import ToolPins
from assent.core.faults import Fault, OutsideFault
from assent.gateway.mcp.servers import ToolServer
from assent.protocols.mcp import messages, reading
from assent.protocols.mcp.definitions import MOST, Definition, definitions_of
from assent.protocols.mcp.reading import Reading

FRESH_S = 30.0
"""How long what a server said of its tools is taken as what it says."""
SEEN_S = 30.0
"""How long what could be permitted is remembered, while nothing changes that it rests on."""
LISTS_WITHIN_S = 30.0
_MOST_PAGES = 100
_MOST_REMEMBERED = 5_000

_log = structlog.get_logger("gateway.mcp")


@dataclass(slots=True)
class _Seen:
    """What was found out of what could be permitted, by what the answer rests on."""

    stamp: tuple[object, ...] = ()
    until: float = 0.0
    answers: dict[str, bool] = field(default_factory=dict)


class Desk:
    """One session's. live: the session. tell: hears which list is another one now."""

    def __init__(
        self,
        live: LiveSession,
        pins: ToolPins,
        reach: Reach,
        revision: Callable[[], str],
        tell: Callable[[str], None],
    ) -> None:
        self.live = live
        self._pins = pins
        self._reach = reach
        self._revision = revision
        self._tell = tell
        self._server: ToolServer | None = None
        self._defined: dict[str, Definition] = {}
        self._listed_at: float | None = None
        self._changes = 0
        self._looking = asyncio.Lock()
        self._seen = _Seen()

    @property
    def server(self) -> ToolServer:
        """The server, which was brought."""
        if self._server is None:
            raise RuntimeError("the session has no server")
        return self._server

    def brought(self, server: ToolServer) -> None:
        """Take the session's server."""
        self._server = server

    def changed(self, what: str) -> None:
        """Hear that a list is another one now."""
        if what == "tools":
            self._listed_at = None
            self._changes += 1
        self._seen = _Seen()
        self._tell(what)

    async def tool(self, name: str) -> tuple[Definition | None, str]:
        """Return the tool that may be called by this name; otherwise None, and why not.

        Raises Fault.
        """
        await self._look()
        defined = self._defined.get(name)
        pin = (await self._pins.of(self.live.target.id)).get(name)
        if defined is not None and pin is not None and pin.digest == defined.digest:
            return defined, ""
        if defined is None:
            return None, "there is no such tool"
        what = "was changed since people assented to it" if pin and pin.digest else "is new"
        asked = f"; request {pin.request} asks for it" if pin and pin.request else ""
        return None, f"this tool {what}, and nobody has assented to it as it is now{asked}"

    async def tools(self) -> list[Definition]:
        """Return the tools that some policy could permit now, as they were assented to.

        Raises Fault.
        """
        await self._look()
        pins = await self._pins.of(self.live.target.id)
        admitted = [
            tool
            for tool in self._defined.values()
            if tool.name in pins and pins[tool.name].digest == tool.digest
        ]
        return [tool for tool in admitted if await self.could(reading.read_listed(tool))]

    async def could(self, read: Reading) -> bool:
        """Return whether some policy could permit this now. Raises Fault."""
        now = asyncio.get_running_loop().time()
        stamp = (self.live.epoch.value, self._revision(), self.live.obliged, self.live.standing)
        if self._seen.stamp != stamp or now >= self._seen.until:
            self._seen = _Seen(stamp, now + SEEN_S)
        seen = self._seen
        if read.text not in seen.answers:
            found = await self._reach.could(self.live, read.statement, read.text)
            if len(seen.answers) >= _MOST_REMEMBERED:
                seen.answers.clear()
            seen.answers[read.text] = found
            # Each takes a millisecond: others have their turn between two of them.
            await asyncio.sleep(0)
        return seen.answers[read.text]

    def by_value(self, read: Reading) -> bool:
        """Return whether some policy looks at the values that this is done with."""
        return self._reach.asks_for_values(read.statement)

    def readers(self) -> list[str]:
        """Return names of tools that only read, of those that are listed."""
        answers = self._seen.answers
        return [
            tool.name
            for tool in self._defined.values()
            if tool.operation.value == "read" and answers.get(f"call {tool.name}")
        ]

    async def listed(self, method: str, key: str) -> list[Mapping[str, Any]]:
        """Return all that a server lists by this method. Raises Fault.

        A server that knows no such list has nothing of the kind.
        """
        found: list[Mapping[str, Any]] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            params = {} if cursor is None else {"cursor": cursor}
            said = await self.server.ask(method, params, LISTS_WITHIN_S)
            if said.result is None:
                if _number(said.error) == messages.METHOD_NOT_FOUND:
                    return []
                raise OutsideFault("target-broken", f"`{self.server.name}` lists nothing")
            items = said.result.get(key)
            if isinstance(items, list):
                found += [item for item in items if isinstance(item, dict)]
            cursor = said.result.get("nextCursor")
            if not isinstance(cursor, str) or len(found) >= MOST:
                break
        return found[:MOST]

    async def _look(self) -> None:
        """Ask the server what its tools are, unless that is known."""
        now = asyncio.get_running_loop().time()
        if self._listed_at is not None and now - self._listed_at < FRESH_S:
            return
        async with self._looking:
            if self._listed_at is not None and now - self._listed_at < FRESH_S:
                return
            before, changes = self._defined, self._changes
            found = definitions_of(await self.listed("tools/list", "tools"))
            await self._pins.look(self.live, tuple(found.values()))
            self._defined = found
            # INVARIANT: only now, so that nobody takes what was known before for what is known;
            # and not where it was told meanwhile that they changed.
            self._listed_at = now if changes == self._changes else None
            if before and before != self._defined:
                self._tell("tools")


def _number(error: Mapping[str, Any] | None) -> object:
    return error.get("code") if error else None


async def closed(servers: Sequence[ToolServer]) -> None:
    """Let go of servers; one that cannot be let go of keeps none of the others."""
    for found in await asyncio.gather(*(one.close() for one in servers), return_exceptions=True):
        if isinstance(found, Fault | OSError):
            _log.warning("tool-server-left", what=str(found)[:200])
