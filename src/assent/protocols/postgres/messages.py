"""The frames of the PostgreSQL protocol 3.0: how they are cut, read and written.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", message formats. A length
counts itself but not the tag in front of it.
"""

from collections.abc import Callable, Sequence
from struct import Struct

from assent.core.faults import PeerFault

HEADER = Struct("!BI")
LENGTH = Struct("!I")
SHORT = Struct("!H")
SIGNED = Struct("!i")

PROTOCOL_3_0 = 196608
SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104
CANCEL_REQUEST = 80877102

SYNC = b"S\x00\x00\x00\x04"
FLUSH = b"H\x00\x00\x00\x04"
PARSE_COMPLETE = b"1\x00\x00\x00\x04"
BIND_COMPLETE = b"2\x00\x00\x00\x04"
READY_HEADER = b"Z\x00\x00\x00\x05"
AUTHENTICATION_OK = b"R\x00\x00\x00\x08\x00\x00\x00\x00"
SSL_REQUEST_PACKET = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"

IDLE = b"I"[0]


def violation(detail: str) -> PeerFault:
    """Return the fault of a peer that broke the protocol."""
    return PeerFault("protocol-violation", detail)


def frame(kind: bytes, body: bytes = b"") -> bytes:
    """Return one message. kind: one byte."""
    return kind + LENGTH.pack(len(body) + 4) + body


def authentication(code: int, body: bytes = b"") -> bytes:
    """Return an Authentication message: 10 SASL, 11 SASLContinue, 12 SASLFinal."""
    return frame(b"R", LENGTH.pack(code) + body)


def ready(status: int) -> bytes:
    """Return ReadyForQuery. status: `I`, `T` or `E` as a number."""
    return READY_HEADER + bytes((status,))


def backend_key(process_id: int, secret_key: bytes) -> bytes:
    """Return BackendKeyData: what the client may cancel with."""
    return frame(b"K", LENGTH.pack(process_id & 0xFFFFFFFF) + secret_key)


def query(text: str) -> bytes:
    """Return a simple Query."""
    return frame(b"Q", text.encode() + b"\0")


def parse(name: str, text: str) -> bytes:
    """Return a Parse that declares no parameter types."""
    return frame(b"P", name.encode() + b"\0" + text.encode() + b"\0\0\0")


def close_portal(name: bytes) -> bytes:
    """Return a Close of a portal."""
    return frame(b"C", b"P" + name + b"\0")


def describe_portal(name: bytes) -> bytes:
    """Return a Describe of a portal."""
    return frame(b"D", b"P" + name + b"\0")


def startup(parameters: dict[str, str]) -> bytes:
    """Return a StartupMessage of protocol 3.0."""
    pairs = b"".join(
        key.encode() + b"\0" + value.encode() + b"\0" for key, value in parameters.items()
    )
    return LENGTH.pack(len(pairs) + 9) + LENGTH.pack(PROTOCOL_3_0) + pairs + b"\0"


def negotiate_version(options: Sequence[str]) -> bytes:
    """Return NegotiateProtocolVersion: 3.0 is the newest here, and these options are unknown."""
    names = b"".join(option.encode() + b"\0" for option in options)
    return frame(b"v", LENGTH.pack(PROTOCOL_3_0) + LENGTH.pack(len(options)) + names)


class Cursor:
    """Reads one message body, bounds checked. Everything in it raises PeerFault."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self._at = at

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        end = self._at + size
        if size < 0 or end > len(self._data):
            raise violation("a message is shorter than what it announces")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def byte(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def short(self) -> int:
        """Return an unsigned 16-bit number."""
        return int(SHORT.unpack(self.take(2))[0])

    def signed(self) -> int:
        """Return a signed 32-bit number."""
        return int(SIGNED.unpack(self.take(4))[0])

    def unsigned(self) -> int:
        """Return an unsigned 32-bit number."""
        return int(LENGTH.unpack(self.take(4))[0])

    def string(self) -> bytes:
        """Return the bytes up to the next NUL, which is skipped."""
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise violation("a string in a message has no end")
        taken = self._data[self._at : end]
        self._at = end + 1
        return taken

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._data) - self._at)

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def end(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self._data):
            raise violation("a message is longer than what is in it")


class Inbox:
    """Bytes of one peer, cut into whole messages.

    admit: called with the kind and the length field of each message when its header is
    seen, before its body is waited for; raises PeerFault for what is unknown or too large.
    """

    __slots__ = ("_admit", "_at", "_chunks", "_data", "_wanted", "size")

    def __init__(self, admit: Callable[[int, int], None]) -> None:
        self._admit = admit
        self._chunks: list[bytes] = []
        self._data = b""
        self._at = 0
        self._wanted = 5
        self.size = 0

    def add(self, data: bytes) -> None:
        """Append what arrived."""
        self.size += len(data)
        self._chunks.append(data)

    def next(self) -> bytes | None:
        """Return the next whole message with its header, None while there is none."""
        if self.size < self._wanted:
            return None
        if self._chunks:
            self._join()
        at = self._at
        kind, length = HEADER.unpack_from(self._data, at)
        self._admit(kind, length)
        if length + 1 > self.size:
            self._wanted = length + 1
            return None
        end = at + length + 1
        message = self._data[at:end]
        self._at = end
        self.size -= length + 1
        self._wanted = 5
        return message

    def drain(self) -> bytes:
        """Return everything that is left, and be empty."""
        self._join()
        left = self._data[self._at :]
        self._data, self._at, self.size, self._wanted = b"", 0, 0, 5
        return left

    def _join(self) -> None:
        left = self._data[self._at :] if self._at else self._data
        # INVARIANT: joined once a message is whole, so a large one is not copied per chunk.
        self._data = (
            b"".join((left, *self._chunks)) if left or len(self._chunks) != 1 else (self._chunks[0])
        )
        self._chunks.clear()
        self._at = 0
