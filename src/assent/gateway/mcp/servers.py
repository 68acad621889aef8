"""Servers of tools as the gateway speaks to them: a handshake, then questions, each answered once.

A server is told that its client can do nothing: it asks no model, no person and for no files. What
it asks for all the same is refused.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from assent import __version__
from assent.core.faults import OutsideFault
from assent.protocols.mcp import eras, messages
from assent.protocols.mcp.messages import Message

Progress = Callable[[float, float | None], None]
"""Hears how far a call is: so much of so much, None where that is not known."""

STARTS_WITHIN_S = 20.0
"""How long a server may take until it has shaken hands."""
_US = {"name": "assent", "version": __version__}
_CHANGES = {
    "notifications/tools/list_changed": "tools",
    "notifications/resources/list_changed": "resources",
    "notifications/prompts/list_changed": "prompts",
}


class ToolServer:
    """One server, for one session. changed: hears that a list of its is another one now.

    Subclasses say how a message gets there and back: `_exchange` and `_tell`.
    """

    def __init__(self, name: str, changed: Callable[[str], None]) -> None:
        self.name = name
        self.version = ""
        self._changed = changed
        self._number = 0
        self._progress: dict[int, Progress] = {}
        self._ready = False
        self._starting = asyncio.Lock()

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any],
        within_s: float,
        progress: Progress | None = None,
    ) -> Message:
        """Return the answer, a result or an error of the server's own. Raises Fault.

        When it is cancelled, the server is told.
        """
        await self._shaken_hands()
        try:
            async with asyncio.timeout(within_s):
                return await self._asked(method, params, progress)
        except TimeoutError as fault:
            words = f"`{self.name}` did not answer within {within_s:g} s"
            raise OutsideFault("target-slow", words) from fault

    async def close(self) -> None:
        """Let go of it."""

    async def _open(self) -> None:
        """Make it reachable. Raises Fault."""

    async def _exchange(self, id: int, message: Mapping[str, Any]) -> Message:
        """Return the answer to a request. Raises OutsideFault."""
        raise NotImplementedError

    async def _tell(self, message: Mapping[str, Any]) -> None:
        """Send a notification. Raises OutsideFault."""
        raise NotImplementedError

    async def _shaken_hands(self) -> None:
        if self._ready:
            return
        async with self._starting:
            if self._ready:
                return
            try:
                async with asyncio.timeout(STARTS_WITHIN_S):
                    await self._open()
                    await self._shake_hands()
            except TimeoutError as fault:
                words = f"`{self.name}` did not start within {STARTS_WITHIN_S:g} s"
                raise OutsideFault("target-slow", words) from fault
            self._ready = True

    async def _shake_hands(self) -> None:
        self.version = ""
        hello = {
            "protocolVersion": eras.NEWEST_HANDSHAKE,
            "capabilities": {},
            "clientInfo": _US,
        }
        said = await self._asked("initialize", hello, None)
        if said.result is not None:
            version = said.result.get("protocolVersion")
            if version not in eras.HANDSHAKES:
                words = f"`{self.name}` speaks a version of the protocol that is not known here"
                raise OutsideFault("target-version", words)
            self.version = str(version)
            await self._tell(messages.notification("notifications/initialized"))
            return
        # Of the newest kind alone: it knows no handshake.
        self.version = eras.MODERN
        said = await self._asked("server/discover", {}, None)
        versions = said.result.get("supportedVersions") if said.result else None
        if not isinstance(versions, list) or eras.MODERN not in versions:
            self.version = ""
            words = f"`{self.name}` does not shake hands, and speaks no version that is known here"
            raise OutsideFault("target-version", words)

    async def _asked(
        self, method: str, params: Mapping[str, Any], progress: Progress | None
    ) -> Message:
        self._number += 1
        id = self._number
        meta: dict[str, Any] = {}
        if progress is not None:
            meta["progressToken"] = id
            self._progress[id] = progress
        if self.version == eras.MODERN:
            meta |= {
                eras.META_VERSION: eras.MODERN,
                eras.META_CAPABILITIES: {},
                eras.META_CLIENT: _US,
            }
        if meta:
            params = {**params, "_meta": meta}
        try:
            return await self._exchange(id, messages.request(id, method, params))
        finally:
            self._progress.pop(id, None)

    def _heard(self, message: Message) -> dict[str, Any] | None:
        """Take what a server sends by itself; return what it is to be answered, None for nothing.

        What it says of progress goes on as two numbers; what it says in words does not.
        """
        if message.id is not None and message.method:
            if message.method == "ping":
                return messages.answer(message.id, {})
            words = "the client behind this gateway answers no questions of servers"
            return messages.error(message.id, messages.METHOD_NOT_FOUND, words)
        if message.method == "notifications/progress":
            self._progressed(message.params)
        elif message.method in _CHANGES:
            self._changed(_CHANGES[message.method])
        return None

    def _progressed(self, params: Mapping[str, Any]) -> None:
        token, done, total = (params.get(key) for key in ("progressToken", "progress", "total"))
        hears = self._progress.get(token) if isinstance(token, int) else None
        if hears is not None and isinstance(done, int | float):
            hears(done, total if isinstance(total, int | float) else None)

    def _away(self, words: str) -> OutsideFault:
        return OutsideFault("target-away", f"`{self.name}` {words}")


async def cancelled(tell: "asyncio.Task[None]") -> None:
    """Wait a moment for what tells a server that nobody waits for an answer any more."""
    with suppress(OutsideFault, TimeoutError):
        async with asyncio.timeout(1):
            await tell
