"""Listens for clients of TCP targets, in the clear and by TLS on one port."""

import asyncio
import contextlib
import os
import socket
import ssl
from http import HTTPStatus

import structlog

from assent.core.faults import OperatorFault
from assent.gateway.sessions import GatewayParts
from assent.gateway.tcp.head import answered
from assent.gateway.tcp.tunnel import Tunnel

_FIRST_BYTE_S = 10.0
_HANDSHAKE_S = 10.0
_AFTER_A_FAULT_S = 0.5
_STOPS_WITHIN_S = 5.0
# What a TLS client says first (RFC 8446, 5.1), and no HTTP client does.
_HANDSHAKE = b"\x16"

_log = structlog.get_logger("gateway")


class TcpListener:
    """One listening address. require_tls: what comes in the clear is refused.

    most: how many connections there may be at once.
    """

    def __init__(
        self, parts: GatewayParts, tls: ssl.SSLContext, *, require_tls: bool, most: int
    ) -> None:
        self._parts = parts
        self._tls = tls
        self._require_tls = require_tls
        self._most = most
        self._servers: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._serving: dict[asyncio.Task[None], Tunnel | None] = {}

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, and return the address with the port that it really is.

        Raises OperatorFault `address-in-use`.
        """
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM,
                                           flags=socket.AI_PASSIVE)  # fmt: skip
            for family, _, _, _, address in found[:1]:
                server = socket.create_server(address[:2], family=family, backlog=512)
                server.setblocking(False)
                self._servers.append(server)
        except OSError as fault:
            words = os.strerror(fault.errno) if fault.errno else str(fault)
            raise OperatorFault(
                "address-in-use", f"`{host}:{port}` cannot be listened on ({words})", "[tcp] listen"
            ) from fault
        self._accepting = [asyncio.ensure_future(self._accept(one)) for one in self._servers]
        bound = self._servers[0].getsockname()
        return bound[0], bound[1]

    async def stop(self, message: str) -> None:
        """Take no more clients, and cut those that are there."""
        for accepting in self._accepting:
            accepting.cancel()
        for server in self._servers:
            server.close()
        for tunnel in self._serving.values():
            if tunnel is not None:
                tunnel.cut(message)
        if self._serving:
            _, left = await asyncio.wait(self._serving, timeout=_STOPS_WITHIN_S)
            for task in left:
                task.cancel()

    async def _accept(self, server: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(server)
            except OSError as fault:
                # Such as too many open files: those that are open go on meanwhile.
                _log.warning("not-accepted", reason=os.strerror(fault.errno or 0))
                await asyncio.sleep(_AFTER_A_FAULT_S)
                continue
            if len(self._serving) >= self._most:
                _log.warning("too-many-connections", most=self._most)
                accepted.close()
                continue
            task = asyncio.ensure_future(self._serve(accepted))
            self._serving[task] = None
            task.add_done_callback(lambda done: self._serving.pop(done, None))

    async def _serve(self, accepted: socket.socket) -> None:
        try:
            tunnel = await self._tunnel(accepted)
        except (OSError, ssl.SSLError, TimeoutError) as fault:
            _log.info("no-connection", fault=type(fault).__name__)
            accepted.close()
            return
        if tunnel is None:
            return
        task = asyncio.current_task()
        if task is not None:
            self._serving[task] = tunnel
        try:
            await tunnel.run()
        except Exception:
            # A fault of ours ends this one connection; the others go on, and somebody must look.
            _log.exception("tunnel-broke")

    async def _tunnel(self, accepted: socket.socket) -> Tunnel | None:
        """Return what serves a connection, None for one that was refused at once."""
        loop = asyncio.get_running_loop()
        accepted.setblocking(False)
        async with asyncio.timeout(_FIRST_BYTE_S):
            first = await _first_byte(accepted)
        encrypted = first == _HANDSHAKE
        if not first:
            accepted.close()
            return None
        if self._require_tls and not encrypted:
            words = "this door speaks TLS alone: give the proxy's address as https://"
            with contextlib.suppress(OSError):
                accepted.send(answered(HTTPStatus.BAD_REQUEST, [words]))
            accepted.close()
            return None
        with contextlib.suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tunnel = Tunnel(self._parts)
        await loop.connect_accepted_socket(
            lambda: tunnel.splice.client,
            accepted,
            ssl=self._tls if encrypted else None,
            ssl_handshake_timeout=_HANDSHAKE_S if encrypted else None,
        )
        return tunnel


async def _first_byte(accepted: socket.socket) -> bytes:
    """Return the first byte that came, and leave it there; empty where the client hung up."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()

    def came() -> None:
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(accepted.fileno(), came)
    try:
        await readable
    finally:
        loop.remove_reader(accepted.fileno())
    return accepted.recv(1, socket.MSG_PEEK)
