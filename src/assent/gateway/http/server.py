"""The listener for HTTP: virtual hosts, prefixes of paths, and whatever is neither, refused.

It reads HTTP/1.1 by aiohttp's parser, which refuses what could be read in two ways, and hands each
request to whoever took its host or the first segment of its path.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from aiohttp import hdrs, web

from assent.core.faults import Fault, OperatorFault, PeerFault
from assent.gateway.http.bodies import CONTINUE
from assent.gateway.http.problems import of_fault, problem

Handler: TypeAlias = Callable[[web.BaseRequest, str], Awaitable[web.StreamResponse]]
"""Answers a request. Its second argument is the rest of the path behind the prefix, as it was
sent, without the query and without a slash in front; of a virtual host it is the label before
the domain. A Fault that it raises is answered as a problem."""

_LONGEST_LINE = 16_384
_LONGEST_HEADERS = 16_384
_MOST_HEADERS = 100
_IDLE_S = 75.0
_HANDSHAKE_S = 10.0
_STOPS_WITHIN_S = 2.0
_LONGEST_TARGET = 8_000
_FRAMING = ("content-length", "host", "transfer-encoding", "content-type", "authorization")

_log = structlog.get_logger("gateway.http")


class HttpServer:
    """Listens, and knows who answers what. domain: below which each target has a name.

    most: connections at once; any further one is closed. tls: None for plain HTTP.
    """

    def __init__(self, domain: str, tls: ssl.SSLContext | None, most: int) -> None:
        self._suffix = f".{domain.lower()}"
        self._tls = tls
        self._most = most
        self._prefixes: dict[str, Handler] = {}
        self._hosts: Handler | None = None
        self._listening: asyncio.Server | None = None
        # Decides on what its client waits for: when that hangs up, it is told by cancelling.
        self._server = _Server(
            self._answered,
            handler_cancellation=True,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=_IDLE_S,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_HEADERS,
            max_headers=_MOST_HEADERS,
        )

    def take(self, prefix: str, handler: Handler) -> None:
        """Let `handler` answer `/prefix` and all below it on hosts that are no target's."""
        self._prefixes[prefix.strip("/")] = handler

    def take_hosts(self, handler: Handler) -> None:
        """Let `handler` answer what is asked of hosts below the domain."""
        self._hosts = handler

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, and return the address with the port that it really is.

        Raises OperatorFault `address-in-use`.
        """
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(
                self._accept,
                host,
                port,
                ssl=self._tls,
                backlog=512,
                ssl_handshake_timeout=_HANDSHAKE_S if self._tls else None,
            )
        except OSError as fault:
            words = f"`{host}:{port}` cannot be listened on ({fault.strerror})"
            raise OperatorFault("address-in-use", words, "[http] listen") from fault
        address = self._listening.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self) -> None:
        """Take no more clients; what is under way has two seconds."""
        if self._listening is not None:
            self._listening.close()
        self._server.pre_shutdown()
        await self._server.shutdown(_STOPS_WITHIN_S)

    def label_of(self, host: str) -> str:
        """Return what stands before the domain in a `Host`, empty where that is no target's."""
        name = host.partition(":")[0].lower()
        label = name[: -len(self._suffix)] if name.endswith(self._suffix) else ""
        return "" if "." in label else label

    def _accept(self) -> asyncio.Protocol:
        if len(self._server.connections) >= self._most:
            return _Full()
        return self._server()

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            check_framing(request)
            return await self._routed(request)
        except Fault as fault:
            if isinstance(fault, OperatorFault):
                _log.error("misconfigured", code=fault.code, what=fault.detail)
            _check_unanswered(request, fault)
            response = of_fault(fault)
            if isinstance(fault, PeerFault):
                response.force_close()
            return response
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as fault:
            # The last resort for a mistake of ours: the client hears nothing of its inside.
            _log.exception("http-failed")
            _check_unanswered(request, fault)
            detail = "something went wrong on our side; nothing was permitted by it"
            response = problem(500, "internal", detail)
            response.force_close()
            return response

    async def _routed(self, request: web.BaseRequest) -> web.StreamResponse:
        label = self.label_of(request.headers.get(hdrs.HOST, ""))
        if label and self._hosts is not None:
            return await self._hosts(request, label)
        path = request.raw_path.partition("?")[0]
        prefix, _, rest = path[1:].partition("/")
        handler = self._prefixes.get(prefix)
        if handler is None:
            return problem(404, "no-such-path", "nothing answers at this address")
        return await handler(request, rest)


def check_framing(request: web.BaseRequest) -> None:
    """Raise PeerFault for a request that another server might read as something else.

    RFC 9112, sections 3.2 and 6: one `Host`, one way to tell the length, an origin-form target.
    """
    for name in _FRAMING:
        if len(request.headers.getall(name, ())) > 1:
            raise PeerFault("malformed", f"`{name}` is there more than once; send it once")
    target = request.raw_path
    if request.version < (1, 1) and hdrs.TRANSFER_ENCODING in request.headers:
        raise PeerFault("malformed", "`transfer-encoding` has no meaning in HTTP/1.0")
    if hdrs.HOST not in request.headers:
        raise PeerFault("malformed", "`host` is missing")
    if hdrs.TRANSFER_ENCODING in request.headers:
        coding = request.headers[hdrs.TRANSFER_ENCODING]
        if coding.strip().lower() != "chunked" or hdrs.CONTENT_LENGTH in request.headers:
            words = "a body is sent with `content-length`, or with `transfer-encoding: chunked`"
            raise PeerFault("malformed", words)
    plain = target.isascii() and target.isprintable() and not set(target) & set(' #"<>\\^`{|}')
    if not target.startswith("/") or not plain or len(target) > _LONGEST_TARGET:
        words = (
            f"`{target[:80]}` is no path that can be asked for; send one such as `/orders/7?x=1`"
        )
        raise PeerFault("malformed", words)


def _check_unanswered(request: web.BaseRequest, fault: Exception) -> None:
    """End the connection of a client that was sent a part of its answer already.

    Another answer behind it would be taken for that of the next request. Raises ConnectionError.
    """
    if request.writer.output_size <= len(CONTINUE):
        return
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError("an answer was broken off") from fault


class _Connection(web.RequestHandler):
    """One connection of a client, which hears of its mistakes in our words."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return what is answered to what is no HTTP/1.1; nothing of it is repeated."""
        if self.transport is None:
            raise ConnectionResetError("the client is gone")
        words = "the request is not written as RFC 9112 says, or its head is too large"
        response = problem(status, "malformed" if status < 500 else "internal", words)
        response.force_close()
        return response


class _Server(web.Server):
    """Makes them."""

    def __call__(self) -> web.RequestHandler:
        """Return what answers on a new connection."""
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Full(asyncio.Protocol):
    """Closes a connection that there is no room for."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
