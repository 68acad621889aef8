"""The journal: the frames of all sessions, in the order in which they came, until sealed.

A line is either a frame, with its session and its number there, or a mark that all frames of
a session up to a number are in a sealed segment. It is a safety copy and proves nothing. On
disk its lines are encrypted, as many at once as are written at once: a *record*.
"""

from base64 import b64decode
from binascii import Error, b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assent.core.ids import SessionId, SubjectId
from assent.core.secret import Secret

VERSION = 2
_COUNTER_BYTES = 8
_GENERATION_BYTES = 4

Positive = Annotated[int, msgspec.Meta(ge=1)]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    session: str
    subject: str = ""
    number: Positive = 1
    # An empty one for a mark. A union with None would no longer keep the exact bytes.
    frame: msgspec.Raw = msgspec.Raw()
    segment: int = 0


class JournalHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a journal: its number, and the key of its records, sealed."""

    version: int
    generation: Positive
    key: bytes


_DECODER = msgspec.json.Decoder(_Line)
_HEADERS = msgspec.json.Decoder(JournalHeader)
_ENCODER = msgspec.json.Encoder()


@dataclass(slots=True)
class Leftover:
    """What a journal holds of one session, of the person `subject`.

    frames: number → line. sealed_segment: the last segment that is known to be in the log.
    """

    subject: SubjectId | None = None
    frames: dict[int, bytes] = field(default_factory=dict)
    sealed_segment: int = 0


@dataclass(slots=True)
class Leftovers:
    """What journals hold. damaged: how many lines could not be read."""

    sessions: dict[SessionId, Leftover] = field(default_factory=dict)
    damaged: int = 0


class JournalCipher:
    """Encrypts and opens the records of one journal: AES-256-GCM, nonces that count.

    A key is made for one process, and a generation used once in it, so that no nonce is used
    twice.
    """

    def __init__(self, key: Secret[bytes], generation: int) -> None:
        self._cipher = AESGCM(key.reveal())
        self._prefix = generation.to_bytes(_GENERATION_BYTES, "big")
        self._count = 0

    def seal(self, lines: bytes) -> bytes:
        """Return the record of these lines, a line itself. Called anew, it counts on."""
        self._count += 1
        count = self._count.to_bytes(_COUNTER_BYTES, "big")
        return b2a_base64(count + self._cipher.encrypt(self._prefix + count, lines, None))

    def open(self, record: bytes) -> bytes:
        """Return the lines of a record. Raises ValueError."""
        try:
            data = b64decode(record.removesuffix(b"\n"), validate=True)
            count, sealed = data[:_COUNTER_BYTES], data[_COUNTER_BYTES:]
            return self._cipher.decrypt(self._prefix + count, sealed, None)
        except (Error, InvalidTag, ValueError) as error:
            raise ValueError("not a record of this journal") from error


def header_line(generation: int, key: bytes) -> bytes:
    """Return the first line of a journal, with its newline. key: of its records, sealed."""
    return _ENCODER.encode(JournalHeader(VERSION, generation, key)) + b"\n"


def header_of(data: bytes) -> JournalHeader | None:
    """Return what the first line says; None for a journal in plain lines, as of version 1.

    Raises ValueError for one that is neither.
    """
    if not data or data.startswith(b'{"session":'):
        return None
    try:
        header = _HEADERS.decode(data.partition(b"\n")[0])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a journal: {error}") from error
    if header.version != VERSION:
        raise ValueError(f"not a journal of version {VERSION}: `{header.version}`")
    return header


def line_start(session: SessionId, subject: SubjectId | None = None) -> bytes:
    """Return how every frame line of a session begins; made once, as it is on the hot path."""
    start = b'{"session":%b,' % _ENCODER.encode(session)
    if subject is not None:
        start += b'"subject":%b,' % _ENCODER.encode(subject)
    return start + b'"number":'


def frame_line(start: bytes, number: int, frame: bytes) -> bytes:
    """Return the journal's line for frame `number`, with its newline."""
    return b'%b%d,"frame":%b}\n' % (start, number, frame)


def sealed_line(session: SessionId, segment: int, last: int) -> bytes:
    """Return the line that says: segment `segment` with frames up to `last` is in the log."""
    return b'%b%d,"segment":%d}\n' % (line_start(session), last, segment)


def opened(data: bytes, cipher: JournalCipher) -> tuple[bytes, int]:
    """Return the lines of all records of an encrypted journal, and how many were damaged."""
    lines, damaged = list[bytes](), 0
    for record in data.split(b"\n")[1:]:
        if record:
            try:
                lines.append(cipher.open(record))
            except ValueError:
                damaged += 1
    return b"".join(lines), damaged


def read_journals(journals: Iterable[bytes]) -> Leftovers:
    """Return what is left to seal. journals: all lines of each, oldest first.

    A line that cannot be read is counted and passed over: the last one may be torn by a
    crash, and what stands before and after it is still true. Raises nothing.
    """
    found = Leftovers()
    for data in journals:
        for text in data.split(b"\n"):
            if text:
                _take(found, text)
    return found


def _take(found: Leftovers, text: bytes) -> None:
    try:
        line = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found.damaged += 1
        return
    leftover = found.sessions.setdefault(SessionId(line.session), Leftover())
    if line.subject:
        leftover.subject = SubjectId(line.subject)
    if frame := bytes(line.frame):
        leftover.frames[line.number] = frame
        return
    if line.segment < 1:
        found.damaged += 1
        return
    leftover.sealed_segment = max(leftover.sealed_segment, line.segment)
    for number in [number for number in leftover.frames if number <= line.number]:
        del leftover.frames[number]
