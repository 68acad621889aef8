"""Finds, in what a target sends, the few messages that must be read; all else passes unread.

Rows are jumped over from header to header, runs of equally long ones with strided slices at
the speed of C. Only a message that must be read is kept until it is whole.
"""

import struct

from msgspec import Struct

from assent.core.faults import PeerFault
from assent.protocols.postgres.messages import LENGTH, violation

_unpack = struct.Struct("!BI").unpack_from
_length = LENGTH.unpack_from

LARGEST_READ_BYTES = 64 * 1024

# CommandComplete, ErrorResponse, ReadyForQuery, ParameterStatus, CopyInResponse,
# ParseComplete, BindComplete, CloseComplete, EmptyQueryResponse, PortalSuspended.
_READ = frozenset(b"CEZSG123Is")
# Rows, their descriptions, COPY out, notices and notifications. A description of parameters
# is read all the same where it is small.
_PASSED = frozenset(b"DdTtnNAHc")
_LONGEST_RUN = 1 << 14


class Found(Struct, frozen=True, gc=False):
    """A message to be read: `data[start:end]`, header included; its body is `body`.

    An error too large to be kept is found with `end == start` and an empty body.
    """

    kind: int
    start: int
    end: int
    body: bytes


class TargetStream:
    """Walks the target's messages across chunks.

    After `walk`, `data[:passed]` may go on; the rest, less than one message, is kept.
    fault: what the target did wrong right after that, None if nothing.
    """

    __slots__ = ("_kept", "_skip", "data", "fault", "passed", "position")

    def __init__(self) -> None:
        self._kept = b""
        self._skip = 0
        self.data = b""
        self.fault: PeerFault | None = None
        self.passed = 0
        self.position = 0

    @property
    def at_boundary(self) -> bool:
        """Whether a message of the gateway's own may be put in after what has passed."""
        return self._skip == 0

    @property
    def kept_bytes(self) -> int:
        """How much is kept."""
        return len(self._kept)

    @property
    def skip(self) -> int:
        """How many bytes of a message that has begun to pass are still to come."""
        return self._skip

    def walk(self, chunk: bytes) -> list[Found]:
        """Return the messages to be read in `data`."""
        self.position += self.passed
        data = self._kept + chunk if self._kept else chunk
        self.data = data
        size = len(data)
        found: list[Found] = []
        at = self._skip
        while at + 5 <= size:
            kind, length = _unpack(data, at)
            end = at + length + 1
            if length < 4:
                return self._failed(at, found)
            if kind == 68 or kind == 100:
                end = rows_end(data, kind, length, end, size)
            elif kind in _READ or (kind == 116 and length <= LARGEST_READ_BYTES):
                if length <= LARGEST_READ_BYTES:
                    if end > size:
                        break
                    found.append(Found(kind, at, end, data[at + 5 : end]))
                elif kind == 69:
                    found.append(Found(kind, at, at, b""))
                else:
                    return self._failed(at, found)
            elif kind not in _PASSED:
                return self._failed(at, found)
            at = end
        if at >= size:
            self.passed, self._skip, self._kept = size, at - size, b""
        else:
            self.passed, self._skip, self._kept = at, 0, data[at:]
        return found

    @property
    def at_rest(self) -> bool:
        """Whether the next byte begins a message, and nothing is kept."""
        return self._skip == 0 and not self._kept

    def pass_whole(self, chunk: bytes) -> None:
        """Let a chunk of whole messages pass that was read elsewhere; only at rest."""
        self.position += self.passed
        self.data = chunk
        self.passed = len(chunk)

    def take(self, chunk: bytes) -> bytes:
        """Return all that is to be read by somebody else, who says so by `taken`."""
        self.position += self.passed
        self.data = self._kept + chunk if self._kept else chunk
        self._kept = b""
        self.passed = 0
        return self.data

    def taken(self, passed: int, skip: int) -> None:
        """So much of it was dealt with, and so many bytes of a message are still to pass."""
        self.passed, self._skip = passed, skip

    def keep(self, rest: bytes) -> None:
        """Keep the start of a message, less than all of it."""
        self._kept = rest

    def stop_at(self, end: int) -> None:
        """Let nothing pass from `data[end]` on, the start of a message."""
        self.passed, self._skip, self._kept = end, 0, b""

    def _failed(self, at: int, found: list[Found]) -> list[Found]:
        self.stop_at(at)
        self.fault = violation("the target sent a message that is not expected of one")
        return found


def rows_end(data: bytes, kind: int, last: int, end: int, size: int) -> int:
    """Return where the rows that follow one of length `last` up to `end` end."""
    while end + 5 <= size and data[end] == kind:
        length: int = _length(data, end + 1)[0]
        if length == last:
            further = run_end(data, end, length + 1, size)
            if further == end:
                return end + length + 1
            end, last = further, -1
        elif length < 4:
            return end
        else:
            end += length + 1
            last = length
    return end


def run_end(data: bytes, at: int, stride: int, size: int) -> int:
    """Return where a run of whole messages with the header at `at` ends, at least one."""
    header = data[at : at + 5]
    count = 16
    while True:
        same = min(count, (size - at) // stride)
        for offset in range(5):
            if same < 1:
                return at
            begin = at + offset
            column = data[begin : begin + (same - 1) * stride + 1 : stride]
            same -= len(column.lstrip(header[offset : offset + 1]))
        at += same * stride
        if same < count:
            return at
        count = min(count * 4, _LONGEST_RUN)
