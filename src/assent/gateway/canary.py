"""The canary: a real session through the gateway's own door, cut again and again, and timed.

Its target is a peer inside of this process that speaks just as much PostgreSQL as a session
needs to open, and holds nothing.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta

import structlog

from assent.control.canary import Canary, Round
from assent.control.own_target import CANARY
from assent.core.faults import Fault, OutsideFault, PeerFault
from assent.core.lease import Lease, Privileges
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session
from assent.protocols.postgres.messages import (
    AUTHENTICATION_OK,
    CANCEL_REQUEST,
    HEADER,
    IDLE,
    LENGTH,
    SSL_REQUEST_PACKET,
    Cursor,
    backend_key,
    frame,
    ready,
    startup,
)
from assent.protocols.postgres.scram import MECHANISM, ScramClient

FIRST_AFTER_S = 15.0
_OPENED_WITHIN_S = 10.0
_CUT_WITHIN_S = 5.0
_LARGEST_BYTES = 64 * 1024
_SETTINGS = {
    "server_version": "18.0",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "DateStyle": "ISO, MDY",
    "TimeZone": "UTC",
    "integer_datetimes": "on",
}

_log = structlog.get_logger("canary")


class CanaryBroker:
    """Gets the canary into its target, which asks nobody for anything."""

    def needs_privileges(self, target: Target) -> bool:
        """Return that there are none."""
        return False

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        """Return the way in."""
        return Lease(target.user, Secret(""))

    async def release(self, target: Target, lease: Lease) -> None:
        """Do nothing: nothing is kept."""

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        """Return that nothing was left."""
        return []

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        """Return the way in."""
        return target.user, Secret("")


class CanaryPeer:
    """The canary's target: lets a session begin and does nothing then."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> tuple[str, int]:
        """Listen on a free port of loopback; return where."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_LARGEST_BYTES)
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def stop(self) -> None:
        """Listen no more, and let go of who is there."""
        if self._server is not None:
            self._server.close()
        writers = tuple(self._writers)
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if await _is_startup(reader):
                writer.write(_greeting())
                # Whatever else is said to it is not for it: no policy lets a statement through.
                while await reader.read(_LARGEST_BYTES):
                    pass
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


async def _is_startup(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(_OPENED_WITHIN_S):
        length, code = LENGTH.unpack(await reader.readexactly(4)), b""
        if not 8 <= length[0] <= _LARGEST_BYTES:
            return False
        code = await reader.readexactly(length[0] - 4)
    return int(LENGTH.unpack(code[:4])[0]) != CANCEL_REQUEST


def _greeting() -> bytes:
    settings = b"".join(
        frame(b"S", name.encode() + b"\0" + value.encode() + b"\0")
        for name, value in _SETTINGS.items()
    )
    return AUTHENTICATION_OK + settings + backend_key(1, bytes(4)) + ready(IDLE)


class Rounds:
    """Does a round now and then. address: where the gateway listens."""

    def __init__(
        self,
        canary: Canary,
        address: tuple[str, int],
        nonce: Callable[[], str],
        every: timedelta,
    ) -> None:
        self._canary = canary
        self._address = _reachable(address)
        self._nonce = nonce
        self._every_s = every.total_seconds()

    async def run(self) -> None:
        """Do a round on a clock until cancelled."""
        await asyncio.sleep(min(FIRST_AFTER_S, self._every_s))
        while True:
            await self.once()
            await asyncio.sleep(self._every_s)

    async def once(self) -> Round:
        """Do one round and return what became of it. What goes wrong is said loudly."""
        try:
            async with self._canary.under_way:
                given = await self._canary.give()
                seconds = await self._timed(given.password, lambda: self._canary.take(given))
            done = self._canary.measured(seconds)
        except (Fault, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            done = self._canary.failed(_words(fault))
        except Exception as fault:
            # A fault of ours here must not end the gateway; that the canary is silent is loud.
            _log.exception("canary-broke")
            done = self._canary.failed(f"it broke: {type(fault).__name__}")
        if done.problem:
            _log.error("canary-failed", problem=done.problem)
        return done

    async def _timed(self, password: Secret[str], revoke: Callable[[], Awaitable[None]]) -> float:
        """Return how long it took from the beginning of `revoke` to the end of the connection."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_OPENED_WITHIN_S):
            reader, writer = await asyncio.open_connection(*self._address, limit=_LARGEST_BYTES)
        try:
            async with asyncio.timeout(_OPENED_WITHIN_S):
                await self._enter(reader, writer, CANARY, CANARY, password)
            began_at = loop.time()
            revoking = asyncio.ensure_future(revoke())
            try:
                async with asyncio.timeout(_CUT_WITHIN_S):
                    while await reader.read(_LARGEST_BYTES):
                        pass
            except TimeoutError:
                words = f"a session was open {_CUT_WITHIN_S:g} s after its grant was revoked"
                raise OutsideFault("canary-not-cut", words) from None
            except ConnectionError:
                pass  # A reset ends it as well as a close does.
            finally:
                ended_at = loop.time()
                await revoking
            return ended_at - began_at
        finally:
            writer.transport.abort()

    async def _enter(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        user: str,
        database: str,
        password: Secret[str],
    ) -> None:
        """Open a session as any client would: encrypted, and by SCRAM."""
        writer.write(SSL_REQUEST_PACKET)
        if await reader.readexactly(1) != b"S":
            raise PeerFault("canary", "the gateway offers no encryption")
        await writer.start_tls(_unverified())
        names = {"user": user, "database": database, "application_name": CANARY}
        writer.write(startup(names))
        scram = ScramClient(password, self._nonce())
        while True:
            kind, body = await _message(reader)
            if kind == b"R":
                _prove(scram, Cursor(body), writer)
            elif kind == b"Z":
                return
            elif kind == b"E":
                raise OutsideFault("canary-refused", f"the gateway refused it: {_error(body)}")


def _prove(scram: ScramClient, cursor: Cursor, writer: asyncio.StreamWriter) -> None:
    match cursor.unsigned():
        case 10:
            first = scram.first()
            body = MECHANISM.encode() + b"\0" + LENGTH.pack(len(first)) + first
            writer.write(frame(b"p", body))
        case 11:
            writer.write(frame(b"p", scram.final(cursor.rest())))
        case 12:
            scram.verify(cursor.rest())


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(HEADER.size)
    length = int(LENGTH.unpack(head[1:])[0]) - 4
    if not 0 <= length <= _LARGEST_BYTES:
        raise PeerFault("canary", "the gateway sent a message of an impossible length")
    return head[:1], await reader.readexactly(length)


def _error(body: bytes) -> str:
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    return f"{fields.get(b'C', '')} {fields.get(b'M', '')}"[:300].strip()


def _unverified() -> ssl.SSLContext:
    # It is our own certificate or the operator's, on our own address: whether the right gateway
    # answers, SCRAM proves in both directions.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reachable(address: tuple[str, int]) -> tuple[str, int]:
    """Return the address with one that can be dialled in the place of `any`."""
    host, port = address
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104


def _words(fault: BaseException) -> str:
    if isinstance(fault, Fault):
        return fault.detail
    if isinstance(fault, TimeoutError):
        return f"the gateway did not let it in within {_OPENED_WITHIN_S:g} s"
    return f"its connection broke ({type(fault).__name__})"
