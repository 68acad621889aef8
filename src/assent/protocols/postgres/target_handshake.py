"""The gateway's way into the target: encryption, its password, its first words.

The target's parameters and notices go on to the client, its cancellation key does not: the
client gets one of the gateway's, so that cancelling too goes through the gateway.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from assent.core.faults import PeerFault
from assent.core.plugins import Close, Connected, Send, Side, StartTls, Step
from assent.protocols.postgres import refusals, settings, startup
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.messages import (
    LENGTH,
    SSL_REQUEST_PACKET,
    Cursor,
    Inbox,
    backend_key,
    frame,
    violation,
)
from assent.protocols.postgres.messages import startup as startup_packet
from assent.protocols.postgres.scram import MECHANISM, ScramClient

_LARGEST_MESSAGE_BYTES = 64 * 1024
_ENDED = "the target cannot be reached"


class TargetState(StrEnum):
    """Where the target stands; all but the last two wait and share one deadline."""

    ENCRYPTION = "encryption"
    TLS = "tls"
    AUTHENTICATION = "authentication"
    SASL_FIRST = "sasl-first"
    SASL_FINAL = "sasl-final"
    PROVED = "proved"
    STARTING = "starting"
    READY = "ready"
    CLOSED = "closed"


class TargetHandshake:
    """The conversation with the target up to its first ReadyForQuery."""

    def __init__(
        self,
        request: startup.Startup,
        connected: Connected,
        nonce: Callable[[], str],
        limits: Limits,
    ) -> None:
        self._request = request
        self._connected = connected
        self._nonce = nonce
        self._limits = limits
        self._inbox = Inbox(_admit)
        self._encrypted = False
        self._scram: ScramClient | None = None
        self.state = TargetState.ENCRYPTION
        self.deadline: datetime | None = None
        self.key: tuple[int, bytes] | None = None
        self.settings = settings.Settings()
        self.status = 0

    @property
    def buffered_bytes(self) -> int:
        """How much of the target's is kept."""
        return self._inbox.size

    def leftover(self) -> bytes:
        """Return what the target sent after its first ReadyForQuery."""
        return self._inbox.drain()

    def begin(self, now: datetime, steps: list[Step]) -> None:
        """Speak first."""
        self.deadline = now + self._limits.target_for
        wanted = self._request.search_path
        if wanted is not None and not startup.same_search_path(wanted, self._connected.search_path):
            allowed = startup.written_search_path(self._connected.search_path)
            self._fail(
                refusals.NOT_SUPPORTED,
                f"the search_path of this target is {allowed} and cannot be chosen",
                "remove search_path from the connection string, or name schemas in full",
                steps,
            )
        elif self._connected.tls == "disable":
            self._start(steps)
        else:
            steps.append(Send(Side.TARGET, SSL_REQUEST_PACKET))

    def feed(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        """Take bytes of the target. Raises PeerFault."""
        match self.state:
            case TargetState.ENCRYPTION:
                self._encryption(data, now, steps)
            case TargetState.TLS:
                raise violation("the target spoke in the clear after encryption was agreed")
            case _:
                self._inbox.add(data)
                while self.state not in (TargetState.READY, TargetState.CLOSED):
                    message = self._inbox.next()
                    if message is None:
                        return
                    self._message(message[0], message[5:], message, steps)

    def tls_started(self, now: datetime, steps: list[Step]) -> None:
        """Encryption with the target stands."""
        if self.state is not TargetState.TLS:
            raise violation("encryption began where none was agreed")
        self._encrypted = True
        self.deadline = now + self._limits.target_for
        self._start(steps)

    def wake(self, steps: list[Step]) -> None:
        """The deadline is over."""
        self._fail(refusals.CANNOT_REACH_TARGET, f"{_ENDED}: it did not answer in time", "", steps)

    def _encryption(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        if data == b"S":
            steps.append(StartTls(Side.TARGET))
            self.state = TargetState.TLS
            self.deadline = now + self._limits.tls_for
        elif data == b"N" and self._connected.tls == "prefer":
            self._start(steps)
        elif data == b"N":
            self._fail(
                refusals.CANNOT_REACH_TARGET,
                f"{_ENDED}: it offers no encryption and its configuration requires it",
                "the operator must fix this",
                steps,
            )
        elif data:
            # More than one byte was sent ahead of encryption (CVE-2021-23222).
            raise violation("the target answered a request for encryption with something else")

    def _start(self, steps: list[Step]) -> None:
        parameters = {
            "user": self._connected.user,
            "database": self._connected.database,
            "client_encoding": "UTF8",
            **self._request.parameters,
            "search_path": startup.written_search_path(self._connected.search_path),
            # Last, so that a client's own wish never stands above what it is obliged to.
            **self._connected.settings,
        }
        steps.append(Send(Side.TARGET, startup_packet(parameters)))
        self.state = TargetState.AUTHENTICATION

    def _message(self, kind: int, body: bytes, whole: bytes, steps: list[Step]) -> None:
        match chr(kind):
            case "N":
                steps.append(Send(Side.CLIENT, whole))
            case "E":
                self._refused(body, steps)
            case "R" if self.state is not TargetState.STARTING:
                self._authentication(Cursor(body), steps)
            case "S" if self.state is TargetState.STARTING:
                self.settings.changed(body)
                steps.append(Send(Side.CLIENT, whole))
            case "K" if self.state is TargetState.STARTING and 8 <= len(body) <= 260:
                self.key = (LENGTH.unpack_from(body)[0], body[4:])
            case "Z" if self.state is TargetState.STARTING and len(body) == 1:
                self._ready(body, whole, steps)
            case _:
                raise violation("the target said something unexpected before it was ready")

    @property
    def _verified(self) -> bool:
        """Whether somebody in between could not have ended the encryption."""
        return self._connected.tls == "verify"

    def _authentication(self, cursor: Cursor, steps: list[Step]) -> None:
        code = cursor.unsigned()
        password = self._connected.password
        match code, self.state:
            case 0, TargetState.AUTHENTICATION | TargetState.PROVED:
                self.state = TargetState.STARTING
            case 3, TargetState.AUTHENTICATION if self._encrypted and self._verified:
                answer = frame(b"p", password.reveal().encode() + b"\0")
                steps.append(Send(Side.TARGET, answer))
                self.state = TargetState.PROVED
            case 3, TargetState.AUTHENTICATION:
                raise PeerFault(
                    "cleartext",
                    "the target wants its password in the clear; that is sent only inside TLS "
                    "with a verified certificate",
                )
            case 5, TargetState.AUTHENTICATION:
                answer = _md5(password.reveal(), self._connected.user, cursor.take(4))
                steps.append(Send(Side.TARGET, frame(b"p", answer + b"\0")))
                self.state = TargetState.PROVED
            case 10, TargetState.AUTHENTICATION:
                self._sasl(cursor.rest().split(b"\0"), steps)
            case 11, TargetState.SASL_FIRST if self._scram is not None:
                steps.append(Send(Side.TARGET, frame(b"p", self._scram.final(cursor.rest()))))
                self.state = TargetState.SASL_FINAL
            case 12, TargetState.SASL_FINAL if self._scram is not None:
                self._scram.verify(cursor.rest())
                self.state = TargetState.PROVED
            case _:
                raise PeerFault(
                    "authentication-method",
                    "the target wants a way to authenticate that the gateway does not speak",
                )

    def _sasl(self, mechanisms: list[bytes], steps: list[Step]) -> None:
        if MECHANISM.encode() not in mechanisms:
            raise PeerFault(
                "authentication-method",
                "the target wants a way to authenticate that the gateway does not speak",
            )
        self._scram = ScramClient(self._connected.password, self._nonce())
        first = self._scram.first()
        body = MECHANISM.encode() + b"\0" + LENGTH.pack(len(first)) + first
        steps.append(Send(Side.TARGET, frame(b"p", body)))
        self.state = TargetState.SASL_FIRST

    def _ready(self, body: bytes, whole: bytes, steps: list[Step]) -> None:
        connected = self._connected
        key = backend_key(connected.process_id, connected.secret_key)
        steps.append(Send(Side.CLIENT, key + whole))
        self.status = body[0]
        self.state = TargetState.READY
        self.deadline = None

    def _refused(self, body: bytes, steps: list[Step]) -> None:
        """The target's own words may name its accounts and hosts: only its SQLSTATE goes on."""
        sqlstate = refusals.read_error(body).sqlstate[:5]
        if sqlstate.startswith("28"):
            message = "the target refused the gateway's credential"
        else:
            message = "the target refused the gateway's connection"
        self._fail(
            refusals.CANNOT_REACH_TARGET,
            f"{message} (SQLSTATE {sqlstate})",
            "the operator of the gateway must fix this",
            steps,
        )

    def _fail(self, sqlstate: str, message: str, hint: str, steps: list[Step]) -> None:
        steps.append(Send(Side.CLIENT, refusals.fatal(sqlstate, message, hint=hint)))
        steps.append(Close(message))
        self.state = TargetState.CLOSED
        self.deadline = None


def _md5(password: str, user: str, salt: bytes) -> bytes:
    # The protocol asks for MD5 here; targets that can should be moved to SCRAM.
    inner = hashlib.md5(password.encode() + user.encode(), usedforsecurity=False).hexdigest()
    outer = hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    return b"md5" + outer.encode()


def _admit(kind: int, length: int) -> None:
    if not 4 <= length <= _LARGEST_MESSAGE_BYTES:
        raise violation("the target sent a message of an impossible length")
