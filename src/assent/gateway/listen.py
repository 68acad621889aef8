"""Listens for PostgreSQL clients and starts a conversation for each."""

import asyncio
import os
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from assent.core.clock import Clock
from assent.core.faults import OperatorFault
from assent.gateway.drive import Conversation
from assent.gateway.postgres import PostgresAnswerer
from assent.protocols.postgres import PostgresRelay

_log = structlog.get_logger("gateway")


class PostgresListener:
    """One listening address. most: how many conversations there may be at once."""

    def __init__(
        self,
        *,
        new_relay: Callable[[], PostgresRelay],
        answerer: PostgresAnswerer,
        clock: Clock,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        client_tls: ssl.SSLContext | None,
        most: int,
    ) -> None:
        self._new_relay = new_relay
        self._answerer = answerer
        self._clock = clock
        self._spawn = spawn
        self._client_tls = client_tls
        self._most = most
        self._server: asyncio.Server | None = None
        self._conversations: set[Conversation] = set()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, and return the address with the port that it really is.

        Raises OperatorFault `address-in-use`.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._accept, host, port, backlog=512)
        except OSError as fault:
            raise OperatorFault(
                "address-in-use",
                f"`{host}:{port}` cannot be listened on ({_reason(fault)})",
                "[postgres] listen",
            ) from fault
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self, message: str) -> None:
        """Take no more clients and cut those that are there, with a message."""
        if self._server is not None:
            self._server.close()
        for conversation in tuple(self._conversations):
            conversation.cut(message)

    def _accept(self) -> asyncio.Protocol:
        self._conversations = {one for one in self._conversations if not one.closed}
        if len(self._conversations) >= self._most:
            # A connection too many is closed unheard; those that are open go on.
            _log.warning("too-many-connections", most=self._most)
            return _Refuse()
        conversation = Conversation(
            self._new_relay(), self._answerer, self._clock, self._spawn, self._client_tls
        )
        self._answerer.began(conversation)
        self._conversations.add(conversation)
        return conversation.client


def _reason(fault: OSError) -> str:
    # The loop's own words repeat the address.
    return os.strerror(fault.errno) if fault.errno else str(fault)


class _Refuse(asyncio.Protocol):
    """Closes a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()
