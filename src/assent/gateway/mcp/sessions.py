"""Sessions of agents: one for each token, target, address and declared task, with its server."""

import asyncio
from collections.abc import Callable

from assent.control.plane import ControlPlane
from assent.control.reach import Reach
from assent.core.faults import ConflictFault
from assent.core.ids import TargetId
from assent.core.secret import Secret
from assent.gateway.http.upstreams import Upstreams
from assent.gateway.http.visits import Visit
from assent.gateway.mcp.clients import Clients
from assent.gateway.mcp.desks import Desk, closed
from assent.gateway.mcp.remote_server import RemoteServer
from assent.gateway.mcp.servers import ToolServer
from assent.gateway.mcp.stdio_server import StdioServer, environment_of, needs_password

MOST_OF_ONE = 20
"""Sessions that one token may have at once: each may be a program that runs."""


class Desks:
    """Gives each session its server when it first needs it, and lets go of it at its end."""

    def __init__(
        self,
        plane: ControlPlane,
        reach: Reach,
        revision: Callable[[], str],
        upstreams: Upstreams,
        clients: Clients,
    ) -> None:
        self._plane = plane
        self._reach = reach
        self._revision = revision
        self._upstreams = upstreams
        self._clients = clients
        self._desks: dict[Visit, Desk] = {}
        self._opening: dict[Visit, asyncio.Lock] = {}
        self._work: set[asyncio.Task[None]] = set()
        plane.tool_pins.when_admitted(self._admitted)

    async def of(self, visit: Visit) -> Desk:
        """Return the desk of an open session. Raises Fault."""
        desk = self._desks.get(visit)
        if desk is not None:
            return desk
        if visit.over:
            raise ConflictFault("session-over", visit.over)
        async with self._opening.setdefault(visit, asyncio.Lock()):
            if visit in self._desks:
                return self._desks[visit]
            desk = await self._made(visit)
            digest = visit.caller.token_digest
            # INVARIANT: nothing is awaited from here on, or many at once would all be counted as
            # none. A server that nothing was asked of yet has nothing to be ended.
            if sum(one.caller.token_digest == digest for one in self._desks) >= MOST_OF_ONE:
                words = f"this token has {MOST_OF_ONE} sessions already; let some of them end"
                raise ConflictFault("too-many-sessions", words)
            if visit.over:
                self._let_go(desk)
                raise ConflictFault("session-over", visit.over)
            self._desks[visit] = desk
            return desk

    def ended(self, visit: Visit) -> None:
        """Hear that a session is over: its server is let go of."""
        self._opening.pop(visit, None)
        desk = self._desks.pop(visit, None)
        if desk is not None:
            self._let_go(desk)

    async def stop(self) -> None:
        """Let go of all of them."""
        for visit in tuple(self._desks):
            self.ended(visit)
        while self._work:
            await asyncio.gather(*self._work)

    async def _made(self, visit: Visit) -> Desk:
        live = visit.opened.live
        if live is None:
            raise ConflictFault("session-over", "the session is over")
        owner = (visit.caller.token_digest, visit.target.id)
        desk = Desk(
            live,
            self._plane.tool_pins,
            self._reach,
            self._revision,
            lambda what: self._clients.tell(owner, what),
        )
        desk.brought(await self._server(visit, desk))
        return desk

    async def _server(self, visit: Visit, desk: Desk) -> ToolServer:
        target = visit.target
        command = target.options.get("command", ())
        if not command:
            return RemoteServer(target, self._upstreams, desk.changed)
        given = target.options.get("environment", ())
        words = (given,) if isinstance(given, str) else given
        # A program that needs no secret has none configured.
        secret = (await visit.opened.lease()).password if needs_password(words) else Secret("")
        environment = environment_of(words, secret)
        parts = (command,) if isinstance(command, str) else command
        return StdioServer(target.name, parts, environment, desk.changed)

    def _let_go(self, desk: Desk) -> None:
        task = asyncio.ensure_future(closed([desk.server]))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _admitted(self, target: TargetId) -> None:
        self._clients.tell_all(target, "tools")
