"""COPY from the client: data passes in bulk, its end is found.

Flush and Sync inside of it are dropped: the target ignores them there, and one that it read
after an error instead would count.
"""

from struct import Struct

from assent.protocols.postgres.messages import violation
from assent.protocols.postgres.target_stream import run_end

_unpack = Struct("!BI").unpack_from
_LARGEST_FAILURE_BYTES = 64 * 1024


class CopyIn:
    """Cuts the client's stream while it copies. skip: bytes of a begun message still to come."""

    __slots__ = ("_kept", "skip")

    def __init__(self) -> None:
        self._kept = b""
        self.skip = 0

    @property
    def kept(self) -> bytes:
        """The start of a message that is not whole."""
        return self._kept

    def feed(self, chunk: bytes) -> tuple[bytes, bytes | None]:
        """Return what passes, and what follows the end of the copy, None while it goes on.

        Raises PeerFault for what has no place in a copy.
        """
        data = self._kept + chunk if self._kept else chunk
        self._kept = b""
        size, at, begin = len(data), self.skip, 0
        pieces: list[bytes] = []
        while at + 5 <= size:
            kind, length = _unpack(data, at)
            end = at + length + 1
            if length < 4:
                raise violation("a message inside a COPY has an impossible length")
            if kind == 100:
                if end + 5 <= size and data[end : end + 5] == data[at : at + 5]:
                    end = run_end(data, at, length + 1, size)
                at = end
            elif kind in b"SH" and length == 4:
                pieces.append(data[begin:at])
                at = begin = end
            elif kind in b"cf" and length <= _LARGEST_FAILURE_BYTES:
                if end > size:
                    break
                self.skip = 0
                pieces.append(data[begin:end])
                return b"".join(pieces), data[end:]
            else:
                raise violation("a message came inside a COPY that has no place there")
        self.skip = max(at - size, 0)
        self._kept = data[at:] if at < size else b""
        pieces.append(data[begin:at])
        return (pieces[0] if len(pieces) == 1 else b"".join(pieces)), None
