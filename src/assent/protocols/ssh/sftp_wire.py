"""The bytes of SFTP: numbers, strings, attributes (draft-ietf-secsh-filexfer-02, sections 3 to 7).

Version 3, which is what OpenSSH speaks; later ones were never finished.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

VERSION = 3
LARGEST_PACKET = 256 * 1024
"""Bytes, without the length before it: OpenSSH's own limit."""
LONGEST_PATH = 4_096
LONGEST_HANDLE = 256


class Kind(IntEnum):
    """What a packet is (section 3)."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    READLINK = 19
    SYMLINK = 20
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class Status(IntEnum):
    """How something ended (section 7)."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    NO_CONNECTION = 6
    CONNECTION_LOST = 7
    OP_UNSUPPORTED = 8


READ, WRITE, APPEND, CREATE, TRUNCATE, EXCLUSIVE = 1, 2, 4, 8, 16, 32
ALL_FLAGS = READ | WRITE | APPEND | CREATE | TRUNCATE | EXCLUSIVE

_SIZE, _OWNER, _MODE, _TIMES = 1, 2, 4, 8


class Unreadable(Exception):
    """A packet that says nothing which we understand. Nothing outside of this folder sees it."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is set of a file; None for what stays. size: bytes. mode: with the kind of file."""

    size: int | None = None
    owner: tuple[int, int] | None = None
    mode: int | None = None
    times: tuple[int, int] | None = None

    @property
    def lends_rights(self) -> bool:
        """Whether who runs it gets somebody else's rights: set-user-id and the like."""
        return self.mode is not None and bool(self.mode & 0o7000)

    def words(self) -> tuple[str, ...]:
        """Return what is set, for people and policies."""
        said = []
        if self.size is not None:
            said.append(f"size={self.size}")
        if self.owner is not None:
            said.append(f"owner={self.owner[0]}:{self.owner[1]}")
        if self.mode is not None:
            said.append(f"mode={self.mode & 0o7777:04o}")
        if self.times is not None:
            said.append(f"times={self.times[0]}:{self.times[1]}")
        return tuple(said)


class Fields:
    """Takes a packet apart, from its start. Raises Unreadable where it ends too soon."""

    __slots__ = ("_data", "_place")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def number(self) -> int:
        """Return the next 32 bits."""
        return int.from_bytes(self._take(4))

    def long(self) -> int:
        """Return the next 64 bits."""
        return int.from_bytes(self._take(8))

    def string(self, most: int) -> bytes:
        """Return the next string, of `most` bytes at most."""
        length = self.number()
        if length > most:
            raise Unreadable(f"it has a string of {length} bytes; {most} are the most")
        return self._take(length)

    def path(self) -> bytes:
        """Return the next string as the name of a file."""
        found = self.string(LONGEST_PATH)
        if b"\0" in found:
            raise Unreadable("it has a name with a zero byte in it")
        return found

    def attributes(self) -> Attributes:
        """Return the next attributes (section 5)."""
        flags = self.number()
        if flags & ~(_SIZE | _OWNER | _MODE | _TIMES):
            raise Unreadable(f"it sets attributes {flags:#x}, which are not known here")
        return Attributes(
            self.long() if flags & _SIZE else None,
            (self.number(), self.number()) if flags & _OWNER else None,
            self.number() if flags & _MODE else None,
            (self.number(), self.number()) if flags & _TIMES else None,
        )

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._place == len(self._data)

    def rest(self) -> bytes:
        """Return all that is left."""
        return self._take(len(self._data) - self._place)

    def end(self) -> None:
        """Raise Unreadable where something is left."""
        if not self.at_end:
            raise Unreadable("it is longer than what it says")

    def _take(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._data):
            raise Unreadable("it ends too soon")
        taken = self._data[self._place : end]
        self._place = end
        return taken


def packet(kind: int, *parts: bytes) -> bytes:
    """Return a packet with its length before it."""
    body = b"".join(parts)
    return struct.pack(">IB", len(body) + 1, kind) + body


def number(value: int) -> bytes:
    """Return 32 bits."""
    return value.to_bytes(4)


def string(value: bytes) -> bytes:
    """Return a string with its length before it."""
    return len(value).to_bytes(4) + value


def status(id: int, code: Status, words: str) -> bytes:
    """Return how request `id` ended, with words for people (section 7)."""
    said = words.encode("utf-8", "replace")[:1_000]
    return packet(Kind.STATUS, number(id), number(code), string(said), string(b"en"))


def each_packet(
    buffer: bytearray, take: Callable[[int, memoryview], bool], passed: bytearray
) -> None:
    """Hand each whole packet of `buffer` to `take`, and append those that it is true for to
    `passed`, as many at once as can be; what `take` itself appends keeps its place.

    take: gets the kind and what is behind it. Raises Unreadable for a length that cannot be.
    """
    place = begun = 0
    with memoryview(buffer) as view:
        while len(buffer) - place >= 5:
            length = int.from_bytes(view[place : place + 4])
            if not 1 <= length <= LARGEST_PACKET:
                raise Unreadable(f"a packet of {length} bytes; {LARGEST_PACKET} are the most")
            end = place + 4 + length
            if end > len(buffer):
                break
            before = len(passed)
            with view[place + 5 : end] as body:
                passes = take(view[place + 4], body)
            if not passes:
                passed[before:before] = view[begun:place]
                begun = end
            place = end
        passed += view[begun:place]
    del buffer[:place]
