"""The client's way in: encryption, what it asks for, who it is, and where it may go.

AuthenticationOk is sent as soon as the proof is good: from then on a client shows notices, so
a connection that waits for people waits with a voice.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum

from assent.core.faults import PeerFault
from assent.core.plugins import (
    PROOF_REFUSED,
    Answer,
    Ask,
    Cancel,
    Close,
    Connect,
    Connected,
    Held,
    Identified,
    Identify,
    RefusalKind,
    Refused,
    Send,
    Side,
    StartTls,
    Step,
)
from assent.protocols.postgres import refusals, startup
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.messages import (
    AUTHENTICATION_OK,
    CANCEL_REQUEST,
    GSSENC_REQUEST,
    HEADER,
    LENGTH,
    SSL_REQUEST,
    Cursor,
    authentication,
    negotiate_version,
    violation,
)
from assent.protocols.postgres.scram import MECHANISM, ScramServer


class ClientState(StrEnum):
    """Where the client stands; every one of them waits and has a deadline."""

    STARTUP = "startup"
    TLS = "tls"
    IDENTIFYING = "identifying"
    SASL_FIRST = "sasl-first"
    SASL_FINAL = "sasl-final"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


class ClientHandshake:
    """The conversation up to `Connected`; then `connected` and `request` are set."""

    def __init__(
        self,
        nonce: Callable[[], str],
        tickets: Iterator[int],
        limits: Limits,
        *,
        tls_available: bool,
        require_tls: bool,
        opened_at: datetime | None = None,
    ) -> None:
        self._nonce = nonce
        self._tickets = tickets
        self._limits = limits
        self._tls_available = tls_available
        self._require_tls = require_tls
        self._encrypted = False
        self._asked_encryption: set[int] = set()
        self._buffer = b""
        self._ticket = 0
        self._scram: ScramServer | None = None
        self.state = ClientState.STARTUP
        # A client that never says anything must not keep its place for ever.
        self.deadline = None if opened_at is None else opened_at + limits.startup_for
        self.request: startup.Startup | None = None
        self.connected: Connected | None = None

    @property
    def buffered_bytes(self) -> int:
        """How much of the client's is kept."""
        return len(self._buffer)

    def leftover(self) -> bytes:
        """Return what the client sent ahead."""
        return self._buffer

    def feed(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        """Take bytes of the client. Raises PeerFault."""
        if self.state is ClientState.TLS:
            raise violation("bytes arrived in the clear after encryption was agreed")
        if self.deadline is None:
            self._enter(ClientState.STARTUP, now)
        self._buffer += data
        while self._advance(now, steps):
            pass
        if len(self._buffer) > self._limits.buffer_bytes:
            raise violation("too much was sent before the connection was ready")

    def tls_started(self, now: datetime) -> None:
        """Encryption with the client stands."""
        if self.state is not ClientState.TLS:
            raise violation("encryption began where none was agreed")
        self._encrypted = True
        self._enter(ClientState.STARTUP, now)

    def answer(self, ticket: int, answer: Answer, now: datetime, steps: list[Step]) -> None:
        """Take an answer; one to a question that is over is ignored."""
        if ticket != self._ticket:
            return
        match answer:
            case Identified() if self.state is ClientState.IDENTIFYING:
                self._scram = ScramServer(answer, self._nonce())
                mechanisms = MECHANISM.encode() + b"\0\0"
                steps.append(Send(Side.CLIENT, authentication(10, mechanisms)))
                self._enter(ClientState.SASL_FIRST, now)
                while self._advance(now, steps):
                    pass
            case Connected() if self.state is ClientState.CONNECTING:
                self.connected = answer
                self._enter(ClientState.CONNECTED, now)
            case Held() if self.state is ClientState.CONNECTING:
                steps.append(Send(Side.CLIENT, refusals.notice(answer)))
                self.deadline = answer.deadline_at + self._limits.grace_for
            case Refused():
                steps.append(Send(Side.CLIENT, refusals.refusal(answer, "FATAL")))
                self._close("refused: " + answer.kind, steps)
            case _:
                raise PeerFault("unfitting-answer", "the gateway answered another question")

    def wake(self, steps: list[Step]) -> None:
        """The deadline is over."""
        match self.state:
            case ClientState.IDENTIFYING | ClientState.CONNECTING:
                refused = refusals.error(
                    refusals.SQLSTATES[RefusalKind.UNAVAILABLE],
                    "the gateway got no answer in time",
                    hint="try again; tell the operator if it stays so",
                    severity="FATAL",
                )
                steps.append(Send(Side.CLIENT, refused))
            case ClientState.SASL_FIRST | ClientState.SASL_FINAL:
                late = refusals.fatal(
                    refusals.INVALID_AUTHORIZATION, "authentication took too long"
                )
                steps.append(Send(Side.CLIENT, late))
            case _:
                pass
        self._close(f"nothing came in time: {self.state}", steps)

    def _advance(self, now: datetime, steps: list[Step]) -> bool:
        match self.state:
            case ClientState.STARTUP:
                return self._packet(now, steps)
            case ClientState.SASL_FIRST | ClientState.SASL_FINAL:
                return self._sasl(now, steps)
            case _:
                return False

    def _packet(self, now: datetime, steps: list[Step]) -> bool:
        """Take one packet without tag: a request for encryption, a cancellation, a start."""
        if len(self._buffer) < 4:
            return False
        size = LENGTH.unpack_from(self._buffer)[0]
        if not 8 <= size <= startup.LARGEST_PACKET_BYTES:
            raise violation("the first packet has an impossible length")
        if len(self._buffer) < size:
            return False
        code = LENGTH.unpack_from(self._buffer, 4)[0]
        body = self._buffer[8:size]
        self._buffer = self._buffer[size:]
        if code in (SSL_REQUEST, GSSENC_REQUEST):
            return self._encryption(code, body, now, steps)
        if code == CANCEL_REQUEST:
            return self._cancel(body, steps)
        return self._start(code, body, now, steps)

    def _encryption(self, code: int, body: bytes, now: datetime, steps: list[Step]) -> bool:
        if body or self._encrypted or code in self._asked_encryption:
            raise violation("encryption is asked for in the wrong place")
        self._asked_encryption.add(code)
        if code == GSSENC_REQUEST or not self._tls_available:
            steps.append(Send(Side.CLIENT, b"N"))
            return True
        # What came along was sent in the clear by nobody knows whom (CVE-2021-23214).
        if self._buffer:
            raise violation("bytes were sent ahead of encryption")
        steps += (Send(Side.CLIENT, b"S"), StartTls(Side.CLIENT))
        self._enter(ClientState.TLS, now)
        return False

    def _cancel(self, body: bytes, steps: list[Step]) -> bool:
        if not 8 <= len(body) <= 260:
            raise violation("the cancellation is malformed")
        question = Cancel(LENGTH.unpack_from(body)[0], body[4:])
        steps.append(Ask(next(self._tickets), question))
        self._close("cancellation delivered", steps)
        return False

    def _start(self, code: int, body: bytes, now: datetime, steps: list[Step]) -> bool:
        try:
            request = startup.read(code, body)
            if self._require_tls and not self._encrypted:
                raise startup.StartupRefused(
                    refusals.INVALID_AUTHORIZATION,
                    "the gateway accepts encrypted connections only",
                    "connect with sslmode=require",
                )
        except startup.StartupRefused as refused:
            steps.append(Send(Side.CLIENT, refused.message))
            self._close("refused at the start", steps)
            return False
        if request.minor or request.unknown_options:
            steps.append(Send(Side.CLIENT, negotiate_version(request.unknown_options)))
        self.request = request
        application = request.parameters.get("application_name", "")
        self._ask(Identify(request.user, request.database, application, request.wishes), steps)
        self._enter(ClientState.IDENTIFYING, now)
        return False

    def _sasl(self, now: datetime, steps: list[Step]) -> bool:
        if len(self._buffer) < 5:
            return False
        kind, size = HEADER.unpack_from(self._buffer)
        if kind != b"p"[0] or not 4 <= size <= 4096:
            raise violation("a password message was expected")
        if len(self._buffer) < size + 1:
            return False
        body = self._buffer[5 : size + 1]
        self._buffer = self._buffer[size + 1 :]
        if self._scram is None:
            raise violation("a password message came too early")
        if self.state is ClientState.SASL_FIRST:
            steps.append(Send(Side.CLIENT, authentication(11, self._scram.first(_initial(body)))))
            self._enter(ClientState.SASL_FINAL, now)
            return True
        proved = self._scram.final(body)
        if proved is None:
            self._wrong_password(steps)
            return False
        steps.append(Send(Side.CLIENT, authentication(12, proved.final) + AUTHENTICATION_OK))
        self._ask(Connect(proved.credential), steps)
        self._enter(ClientState.CONNECTING, now)
        return False

    def _wrong_password(self, steps: list[Step]) -> None:
        request = self.request
        user, target = (request.user, request.database) if request else ("", "")
        message = refusals.fatal(
            refusals.WRONG_PROOF,
            f"the password for `{user[:64]}` is wrong, used up or no longer valid",
            hint=f"mint a new one: assent connect {target.partition('/')[0][:64]}",
        )
        steps.append(Send(Side.CLIENT, message))
        self._close(PROOF_REFUSED, steps)

    def _ask(self, question: Identify | Connect, steps: list[Step]) -> None:
        self._ticket = next(self._tickets)
        steps.append(Ask(self._ticket, question))

    def _enter(self, state: ClientState, now: datetime) -> None:
        limits = self._limits
        waits = {
            ClientState.STARTUP: limits.startup_for,
            ClientState.TLS: limits.tls_for,
            ClientState.IDENTIFYING: limits.answer_for,
            ClientState.SASL_FIRST: limits.authentication_for,
            ClientState.SASL_FINAL: limits.authentication_for,
            ClientState.CONNECTING: limits.answer_for,
            ClientState.CONNECTED: limits.target_for,
        }
        self.state = state
        self.deadline = now + waits[state]

    def _close(self, reason: str, steps: list[Step]) -> None:
        self.state = ClientState.CLOSED
        self.deadline = None
        steps.append(Close(reason))


def _initial(body: bytes) -> bytes:
    """Return client-first out of a SASLInitialResponse."""
    cursor = Cursor(body)
    mechanism = cursor.string()
    if mechanism != MECHANISM.encode():
        raise violation(
            f"the mechanism `{mechanism[:32].decode('ascii', 'replace')}` was not offered"
        )
    size = cursor.signed()
    if size < 0:
        raise violation("the first password message is empty")
    data = cursor.take(size)
    cursor.end()
    return data
