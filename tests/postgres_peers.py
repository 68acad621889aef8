"""Both ends of a PostgreSQL connection for tests, pure: a client, a target, and a gateway."""

import hashlib
import hmac
import itertools
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from assent.core.action import Operation, Statement, Touch
from assent.core.frame import Frame
from assent.core.plugins import (
    Answer,
    Ask,
    Authorize,
    Close,
    Connect,
    Connected,
    Identified,
    Identify,
    Permitted,
    Question,
    Record,
    Send,
    Side,
    StartTls,
    Step,
    Verifier,
)
from assent.core.resource import Resource
from assent.core.secret import Secret
from assent.core.session import Epoch
from assent.protocols.postgres.limits import DEFAULT_LIMITS, Limits
from assent.protocols.postgres.messages import frame, startup
from assent.protocols.postgres.relay import PostgresRelay
from assent.protocols.postgres.scram import ScramClient
from assent.protocols.postgres.statements import shape_of

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
# PBKDF2 of `sesame` with this salt and one iteration, by RFC 5802, section 3.
SALT = b"0123456789abcdef"


def verifier(password: str, salt: bytes = SALT, iterations: int = 1) -> Verifier:
    """Return what is stored of a password."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return Verifier(hashlib.sha256(client_key).digest(), server_key)


VERIFIER = verifier("sesame")


# Messages of a client.


def q(text: str) -> bytes:
    """Return a Query."""
    return frame(b"Q", text.encode() + b"\0")


def p(text: str, name: str = "") -> bytes:
    """Return a Parse."""
    return frame(b"P", name.encode() + b"\0" + text.encode() + b"\0\0\0")


def b(*values: str | bytes | None, name: str = "", portal: str = "") -> bytes:
    """Return a Bind; str parameters in text format, bytes in binary."""
    formats = b"".join(struct.pack("!H", isinstance(value, bytes)) for value in values)
    body = portal.encode() + b"\0" + name.encode() + b"\0"
    body += struct.pack("!H", len(values)) + formats + struct.pack("!H", len(values))
    for value in values:
        if value is None:
            body += struct.pack("!i", -1)
        else:
            data = value.encode() if isinstance(value, str) else value
            body += struct.pack("!i", len(data)) + data
    return frame(b"B", body + struct.pack("!H", 0))


def d(portal: str = "") -> bytes:
    """Return a Describe of a portal."""
    return frame(b"D", b"P" + portal.encode() + b"\0")


def e(portal: str = "", rows: int = 0) -> bytes:
    """Return an Execute."""
    return frame(b"E", portal.encode() + b"\0" + struct.pack("!I", rows))


def c(name: str, kind: bytes = b"S") -> bytes:
    """Return a Close."""
    return frame(b"C", kind + name.encode() + b"\0")


S = frame(b"S")
H = frame(b"H")
X = frame(b"X")
COPY_DONE = frame(b"c")


def copy_data(data: bytes) -> bytes:
    """Return a CopyData."""
    return frame(b"d", data)


def cut_messages(data: bytes) -> list[tuple[str, bytes]]:
    """Return tag and body of each message; raises where they are not in sync."""
    messages = []
    at = 0
    while at < len(data):
        assert at + 5 <= len(data), "a header is cut off"
        tag, length = chr(data[at]), struct.unpack_from("!I", data, at + 1)[0]
        assert tag in "RSKZTDCEN123sIGHcdAtnv", f"unknown tag {tag!r}"
        assert length >= 4, "a length is too short"
        assert at + 1 + length <= len(data), "a body is cut off"
        messages.append((tag, data[at + 5 : at + 1 + length]))
        at += 1 + length
    return messages


def fields(body: bytes) -> dict[str, str]:
    """Return the fields of an ErrorResponse or NoticeResponse."""
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


class Classifier:
    """Reads `select`, `delete`, `prepare N as …`, `execute N` and `do`; enough for a relay."""

    def classify(self, text: str) -> Statement:
        """Return the reading of a text."""
        words = text.lower().split()
        first = words[0] if words else ""
        if first == "prepare":
            inner = self.classify(" ".join(words[3:]))
            return Statement("sql.session", (), complete=True, prepares={words[1]: inner})
        if first == "declare":
            return self.classify(" ".join(words[4:]))
        if first == "fetch":
            return Statement("sql.session", (), complete=True)
        if first == "execute":
            return Statement("sql.session", (), True, executes=frozenset({words[1]}))
        if first == "do":
            return Statement("sql.unknown", (touch("sql.unknown", "do"),), complete=False)
        verb = {"select": "sql.read", "delete": "sql.delete", "copy": "sql.insert"}.get(
            first, "sql.session"
        )
        return Statement(
            verb,
            (touch(verb, words[-1] if words else ""),),
            complete=True,
            reusable=verb == "sql.read",
        )


def touch(verb: str, name: str) -> Touch:
    """Return a touch of a table."""
    operation = {
        "sql.read": Operation.READ,
        "sql.unknown": Operation.UNKNOWN,
    }.get(verb, Operation.WRITE)
    return Touch(verb, operation, Resource("Table", name))


@dataclass
class Target:
    """A PostgreSQL server that keeps what it ran. `… fail` fails, `copy … stdin` copies."""

    ran: list[str] = field(default_factory=list)
    received: bytes = b""
    status: bytes = b"I"
    started: bool = False
    wants_tls: bool = False
    statements: dict[bytes, str] = field(default_factory=dict)
    portals: dict[bytes, str] = field(default_factory=dict)
    skipping: bool = False
    copying: str = ""
    copied: bytes = b""
    parameters: bytes = b""
    reports: list[tuple[str, str]] = field(
        default_factory=lambda: [("client_encoding", "UTF8"), ("server_version", "18.1")]
    )
    _buffer: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the gateway; return the answer."""
        self._buffer += data
        out = b""
        while not self.started and len(self._buffer) >= 8:
            size, code = struct.unpack_from("!II", self._buffer)
            if len(self._buffer) < size:
                return out
            self.parameters = self._buffer[8:size]
            self._buffer = self._buffer[size:]
            if code == 80877103:
                out += b"N"
                continue
            self.started = True
            out += frame(b"R", struct.pack("!I", 0))
            for name, value in self.reports:
                out += frame(b"S", f"{name}\0{value}\0".encode())
            out += frame(b"K", struct.pack("!I", 77) + b"zzzz") + frame(b"Z", b"I")
        while self.started and len(self._buffer) >= 5:
            kind, length = struct.unpack_from("!BI", self._buffer)
            if len(self._buffer) < length + 1:
                break
            body = self._buffer[5 : length + 1]
            self.received += self._buffer[: length + 1]
            self._buffer = self._buffer[length + 1 :]
            out += self._message(chr(kind), body)
        return out

    def _message(self, kind: str, body: bytes) -> bytes:
        if self.copying and kind in "dcfSH":
            return self._copy(kind, body)
        if self.skipping and kind not in "SX":
            return b""
        match kind:
            case "S":
                self.skipping = False
                if self.status == b"I":
                    self.portals.clear()
                return frame(b"Z", self.status)
            case "Q":
                text = body[:-1].decode()
                out = self._run(text, simple=True)
                return out if self.copying else out + frame(b"Z", self.status)
            case "P":
                name, text_bytes = body.split(b"\0")[:2]
                if text_bytes.startswith(b"assent_refused_"):
                    return self._error("42601", f'syntax error at or near "{text_bytes.decode()}"')
                if name and name in self.statements:
                    return self._error("42P05", "prepared statement already exists")
                if text_bytes.startswith(b"badparse"):
                    return self._error("42601", "syntax error")
                self.statements[name] = text_bytes.decode()
                return frame(b"1")
            case "B":
                portal, name = body.split(b"\0")[:2]
                if name not in self.statements:
                    return self._error("26000", "prepared statement does not exist")
                self.portals[portal] = self.statements[name]
                return frame(b"2")
            case "D":
                return frame(b"n")
            case "E":
                portal = body.split(b"\0")[0]
                if portal not in self.portals:
                    return self._error("34000", "portal does not exist")
                return self._run(self.portals[portal], simple=False)
            case "C":
                kind_of, name = body[:1], body[1:-1]
                (self.statements if kind_of == b"S" else self.portals).pop(name, None)
                return frame(b"3")
            case _:
                return b""

    def _copy(self, kind: str, body: bytes) -> bytes:
        if kind == "d":
            self.copied += body
        if kind in "dSH":
            return b""
        simple = self.copying == "simple"
        self.copying = ""
        out = frame(b"C", b"COPY 1\0")
        return out + frame(b"Z", self.status) if simple else out

    def _run(self, text: str, *, simple: bool) -> bytes:
        if text.startswith("assent_refused_"):
            return self._error("42601", f'syntax error at or near "{text}"', simple)
        if self.status == b"E" and not text.lower().startswith(("rollback", "commit")):
            return self._error("25P02", "current transaction is aborted", simple)
        words = text.split()
        if text.startswith("fetch from "):
            if words[2].encode() not in self.portals:
                return self._error("34000", "cursor does not exist", simple)
            text = self.portals[words[2].encode()]
        elif text.startswith("execute "):
            if words[1].encode() not in self.statements:
                return self._error("26000", "prepared statement does not exist", simple)
            text = self.statements[words[1].encode()]
        self.ran.append(text)
        if "fail" in text:
            return self._error("22012", "division by zero", simple)
        if text.startswith("prepare "):
            if words[1].encode() in self.statements:
                return self._error("42P05", "prepared statement already exists", simple)
            self.statements[words[1].encode()] = " ".join(words[3:])
        if text.startswith("deallocate "):
            self.statements.pop(words[1].encode(), None)
        if text.startswith("declare "):
            self.portals[words[1].encode()] = " ".join(words[4:])
        if text.startswith("close "):
            self.portals.pop(words[1].encode(), None)
        if text.startswith("begin"):
            self.status = b"T"
        if text.startswith(("commit", "rollback")):
            self.status = b"I"
        if text.startswith("copy") and "stdin" in text:
            self.copying = "simple" if simple else "extended"
            return frame(b"G", b"\0\0\0")
        rows = b""
        if text.startswith("select"):
            rows = frame(b"T", b"\0\0") if simple else b""
            rows += frame(b"D", b"\0\1\0\0\0\1x") * 3
        return rows + frame(b"C", b"SELECT 3\0")

    def _error(self, code: str, message: str, simple: bool = False) -> bytes:
        self.skipping = not simple
        if self.status == b"T":
            self.status = b"E"
        return frame(b"E", f"SERROR\0VERROR\0C{code}\0M{message}\0\0".encode())


Decide = Callable[[Authorize], Answer | None]


def permit(_: Authorize) -> Answer:
    """Permit everything, each time anew."""
    return Permitted("ent_1")


class Gateway:
    """A relay with a target behind it and decisions by `decide`; None leaves it open."""

    def __init__(
        self,
        decide: Decide = permit,
        *,
        target: Target | None = None,
        limits: Limits = DEFAULT_LIMITS,
        talks: bool = True,
        connect: bool = True,
    ) -> None:
        counter = itertools.count()
        self.relay = PostgresRelay(
            lambda search_path: Classifier(),
            lambda: f"nonce{next(counter)}",
            tls_available=True,
            require_tls=False,
            limits=limits,
            shape_of=shape_of,
        )
        self.decide = decide
        self.target = target or Target()
        self.talks = talks
        self.now = NOW
        self.epoch = Epoch()
        self.client = b""
        self.up = b""
        self.asked: list[Authorize] = []
        self.questions: list[Question] = []
        self.open_ticket = 0
        self.frames: list[Frame] = []
        self.closed = ""
        self.journal: list[tuple[str, object]] = []
        if connect:
            self.log_in()

    def log_in(self, parameters: dict[str, str] | None = None, password: str = "sesame") -> None:
        """Start up as `ana` on `shop`, with SCRAM."""
        asked = {"user": "ana", "database": "shop", "application_name": "tests"}
        self.send(startup(asked | (parameters or {})))
        if self.closed:
            return
        scram = ScramClient(Secret(password), "clientnonce")
        first = scram.first()
        body = b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first
        self.send(frame(b"p", body))
        server_first = cut_messages(self.client)[-1][1][4:]
        self.client = b""
        self.send(frame(b"p", scram.final(server_first)))
        self.up_at_ready = len(self.up)
        self.journal.clear()

    def send(self, data: bytes) -> None:
        """Send as the client, all of it at once."""
        self.perform(self.relay.feed(Side.CLIENT, data, self.now))

    def reply(self, data: bytes) -> None:
        """Send as the target."""
        self.perform(self.relay.feed(Side.TARGET, data, self.now))

    def answer(self, answer: Answer) -> None:
        """Answer the question that was left open."""
        self.perform(self.relay.answer(self.open_ticket, answer, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass, and wake the relay as a driver would."""
        self.now += timedelta(seconds=seconds)
        if self.relay.wake_at is not None and self.relay.wake_at <= self.now:
            self.perform(self.relay.wake(self.now))

    def perform(self, steps: Sequence[Step]) -> None:
        """Do what a relay says, in order."""
        for step in steps:
            assert not self.closed, "a step after Close"
            match step:
                case Send(Side.CLIENT, data):
                    self.client += data
                case Send(Side.TARGET, data):
                    self.journal.append(("sent", data))
                    self.up += data
                    answered = self.target.feed(data) if self.talks else b""
                    if answered:
                        self.reply(answered)
                case Ask(ticket, question):
                    self._ask(ticket, question)
                case Record(recorded):
                    self.frames.append(recorded)
                case StartTls():
                    self.journal.append(("tls", step.side))
                case Close(reason):
                    self.closed = reason

    def take(self) -> list[tuple[str, bytes]]:
        """Return the messages that the client got since the last time."""
        messages = cut_messages(self.client)
        self.client = b""
        return messages

    def tags(self) -> str:
        """Return the tags of the messages that the client got since the last time."""
        return "".join(tag for tag, _ in self.take())

    def _ask(self, ticket: int, question: Question) -> None:
        self.questions.append(question)
        answer: Answer | None
        match question:
            case Identify():
                answer = Identified(SALT, 1, (VERIFIER,))
            case Connect():
                answer = self.connected()
            case Authorize():
                self.asked.append(question)
                self.journal.append(("asked", question.text))
                answer = self.decide(question)
            case _:
                answer = None
        if answer is None:
            self.open_ticket = ticket
            return
        if isinstance(question, Authorize):
            self.journal.append(("answered", question.text))
        self.perform(self.relay.answer(ticket, answer, self.now))

    def connected(self) -> Connected:
        """Return the answer to Connect."""
        return Connected(
            "gw", Secret("pw"), "shop", "disable", ("public",), 4242, b"abcd", self.epoch
        )
