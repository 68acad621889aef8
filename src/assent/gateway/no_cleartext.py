"""Keeps a client library from answering AuthenticationCleartextPassword: who asks may be anybody.

asyncpg sends a password in the clear to whoever wants it so. Between the loop that it connects
by and its protocol there is somebody who reads along until the session has begun, and ends the
connection when that is asked for (protocol 3.0, message formats: `R` with code 3).
"""

import asyncio
from collections.abc import Callable
from typing import Any

_HEADER_BYTES = 5
_LARGEST_MESSAGE_BYTES = 64 * 1024
_AUTHENTICATION = ord("R")
_READY = ord("Z")
_CLEARTEXT = (3).to_bytes(4, "big")


class GuardedLoop:
    """An event loop as asyncpg uses one to connect. refused: a cleartext password was asked for.

    encrypted: the session is inside of TLS, which the library starts on a connection in the
    clear; otherwise it is on the connection itself.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, encrypted: bool) -> None:
        self._loop = loop
        self._encrypted = encrypted
        self.refused = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], *arguments: Any, **options: Any
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect; guarded unless this connection only agrees on TLS."""
        if self._encrypted:
            return await self._loop.create_connection(factory, *arguments, **options)
        inner = factory()
        transport, _ = await self._loop.create_connection(
            lambda: _Watching(inner, self), *arguments, **options
        )
        return transport, inner

    async def start_tls(self, *arguments: Any, **options: Any) -> "_GuardedTransport | None":
        """Start TLS and return a transport whose next protocol is guarded."""
        transport = await self._loop.start_tls(*arguments, **options)
        return None if transport is None else _GuardedTransport(transport, self)


class _GuardedTransport:
    """A transport that puts the guard before each protocol it is given."""

    def __init__(self, transport: asyncio.Transport, guard: GuardedLoop) -> None:
        self._transport = transport
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def set_protocol(self, inner: asyncio.Protocol) -> None:
        watching = _Watching(inner, self._guard)
        watching.transport = self._transport
        self._transport.set_protocol(watching)


class _Watching(asyncio.Protocol):
    """Hands on what arrives, whole messages until the session has begun."""

    def __init__(self, inner: asyncio.Protocol, guard: GuardedLoop) -> None:
        self._inner = inner
        self._guard = guard
        self._held = b""
        self._begun = self._over = False
        self.transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        if not self._begun:
            data, self._held = self._looked_through(self._held + data)
        if data:
            self._inner.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _looked_through(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what may be handed on, and what is not a whole message yet."""
        at = 0
        while len(data) - at >= _HEADER_BYTES:
            length = int.from_bytes(data[at + 1 : at + _HEADER_BYTES], "big")
            asked = data[at + _HEADER_BYTES : at + _HEADER_BYTES + 4]
            if not 4 <= length <= _LARGEST_MESSAGE_BYTES:
                return self._ended()
            if len(data) - at <= length:
                break
            if data[at] == _AUTHENTICATION and asked == _CLEARTEXT:
                self._guard.refused = True
                return self._ended()
            if data[at] == _READY:
                # From here on the library answers nothing with its password.
                self._begun = True
                return data, b""
            at += 1 + length
        return data[:at], data[at:]

    def _ended(self) -> tuple[bytes, bytes]:
        self._over = True
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        elif self.transport is not None:
            self.transport.close()
        return b"", b""
