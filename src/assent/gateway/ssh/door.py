"""Listens for SSH clients, and keeps count of them."""

import asyncio
import os
from datetime import datetime, timedelta

import asyncssh
import structlog

from assent.core.faults import OperatorFault
from assent.gateway.ssh.packets import CIPHERS
from assent.gateway.ssh.parts import SshParts
from assent.gateway.ssh.visitor import Jump, Visitor
from assent.gateway.ssh.wire import ClientConnection

_LOGIN_WITHIN_S = 120
_MOST_UNPROVED = 100
_CERTIFICATE_FOR = timedelta(hours=12)

_log = structlog.get_logger("gateway")


class SshDoor:
    """One listening address. most: how many connections there may be at once.

    Those that have not proved who they are may be fewer, and have two minutes for it.
    """

    def __init__(self, parts: SshParts, most: int) -> None:
        self._parts = parts
        self._most = most
        self._options: asyncssh.SSHServerConnectionOptions | None = None
        self._named: dict[str, tuple[datetime, asyncssh.SSHServerConnectionOptions]] = {}
        self._server: asyncio.Server | None = None
        self._connections: dict[ClientConnection, Visitor] = {}

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, and return the address with the port that it really is.

        Raises OperatorFault `address-in-use`.
        """
        own = asyncssh.import_private_key(self._parts.authority.own_host_key.reveal())
        self._options = await _options([own])
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._accept, host, port, backlog=512)
        except OSError as fault:
            reason = os.strerror(fault.errno) if fault.errno else str(fault)
            words = f"`{host}:{port}` cannot be listened on ({reason})"
            raise OperatorFault("address-in-use", words, "[ssh] listen") from fault
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self, message: str) -> None:
        """Take no more clients, and cut those that are there, with a message."""
        if self._server is not None:
            self._server.close()
        for connection, visitor in tuple(self._connections.items()):
            if visitor.visit is not None:
                visitor.visit.cut(message)
            else:
                connection.disconnect(asyncssh.DISC_BY_APPLICATION, message)
        if self._parts.tasks:
            await asyncio.wait(tuple(self._parts.tasks), timeout=3)

    def _accept(self) -> asyncio.BaseProtocol:
        self._connections = {
            one: visitor for one, visitor in self._connections.items() if not one.is_over
        }
        unproved = sum(not one.is_proved for one in self._connections)
        if len(self._connections) >= self._most or unproved >= _MOST_UNPROVED:
            # A connection too many is closed unheard; those that are open go on.
            _log.warning("too-many-connections", most=self._most, unproved=unproved)
            return _Refuse()
        assert self._options is not None
        return self._connection(self._options, None)

    def _connection(
        self, options: asyncssh.SSHServerConnectionOptions, jump: Jump | None
    ) -> ClientConnection:
        visitor = Visitor(self._parts, self._within, jump)
        connection = ClientConnection(asyncio.get_running_loop(), options)
        # Each has an owner of its own; options are shared by all of them.
        connection._protocol_factory = lambda: visitor
        self._connections[connection] = visitor
        return connection

    async def _within(self, jump: Jump) -> ClientConnection:
        """Return a connection within another one, which shows a certificate of the target's name.

        Raises asyncssh.ChannelOpenError.
        """
        if len(self._connections) >= self._most:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_RESOURCE_SHORTAGE, "too many connections")
        name, now = jump.target.name, self._parts.gateway.clock.now()
        kept = self._named.get(name)
        if kept is None or not kept[0] <= now < kept[0] + _CERTIFICATE_FOR:
            key, certificate = self._parts.authority.for_host(name, now)
            pair = (
                asyncssh.import_private_key(key.reveal()),
                asyncssh.import_certificate(certificate),
            )
            kept = self._named[name] = (now, await _options([pair]))
        return self._connection(kept[1], jump)


async def _options(keys: list[object]) -> asyncssh.SSHServerConnectionOptions:
    made: asyncssh.SSHServerConnectionOptions
    made = await asyncssh.SSHServerConnectionOptions.construct(
        config=None,
        server_factory=asyncssh.SSHServer,
        server_version="Assent",
        server_host_keys=keys,
        login_timeout=_LOGIN_WITHIN_S,
        encoding=None,
        line_editor=False,
        allow_scp=False,
        x11_forwarding=False,
        agent_forwarding=False,
        gss_host=None,
        host_based_auth=False,
        encryption_algs=CIPHERS,
        compression_algs=None,
        keepalive_interval=30,
        keepalive_count_max=4,
    )
    return made


class _Refuse(asyncio.Protocol):
    """Closes a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()
