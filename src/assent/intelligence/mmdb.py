"""One database in the MaxMind DB format, held in memory and read in Python.

Not mapped where it lies: that takes the whole process down (SIGBUS) when somebody cuts the file
short, and changes under its reader when it is written in place. Not by the C extension either:
in maxminddb 3.2.0 it corrupts the heap on files that are damaged inside. The Python reader raises,
and what it costs is paid once an address, since the book remembers.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import TypeAlias

import maxminddb
from maxminddb import InvalidDatabaseError, Reader

from assent.core.faults import OperatorFault
from assent.intelligence.addresses import Address

MOST_BYTES = 1 << 30

_LOOKED_AT = 2000
"""Networks of each version of IP among which one must have what the database is there for."""

_WHERE = ((32, 0, 1 << 32), (128, 0x2000 << 112, 0x4000 << 112))
"""Bits, first and behind the last number: all of IPv4, and IPv6's global unicast (RFC 4291)."""

# What the reader raises on a file that is broken inside: types and UTF-8 are not checked in it.
_BROKEN = (
    InvalidDatabaseError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
)

Record: TypeAlias = Mapping[str, object]


class Database:
    """Records by address. `problem` says what went wrong in a look-up, empty for nothing yet."""

    def __init__(self, reader: Reader, name: str) -> None:
        """Ask `reader`, calling the database `name` in problems. Raises what it raises."""
        metadata = reader.metadata()
        self._reader = reader
        self._name = name
        self._bits = {4: (32,), 6: (32, 128)}[metadata.ip_version]
        kind = str(metadata.database_type)[:80]
        self.kind = "".join(letter for letter in kind if letter.isprintable())
        self.built_at = _instant(metadata.build_epoch)
        self.problem = ""

    def record(self, address: Address, text: str) -> Record | None:
        """Return what is known of `address`, written `text`; None when it cannot be told.

        Empty when the database knows nothing of it. Raises nothing.
        """
        if address.bits not in self._bits:
            return None
        try:
            found = self._reader.get(text)
        except _BROKEN:
            self.problem = f"`{self._name}` is broken inside; replace it"
            return None
        return found if isinstance(found, dict) else {}

    def first_records(self) -> Iterator[Record]:
        """Yield the records of the first networks of each version of IP. Raises as the reader.

        It goes from network to network by address, at most the tree's depth for each: the
        reader's own walk never ends in a tree whose branches are tied together.
        """
        for bits, number, end in _WHERE:
            for _ in range(_LOOKED_AT if bits in self._bits else 0):
                if number >= end:
                    break
                text = str(Address(bits, number))
                record, length = self._reader.get_with_prefix_len(text)
                if isinstance(record, dict):
                    yield record
                shift = bits - length
                number = (number >> shift) + 1 << shift


def read_database(data: bytes, file: str, holds: Callable[[Record], bool]) -> Database:
    """Return the database in `data`, the content of `file`.

    holds: whether a record has what the database is configured for.
    Raises OperatorFault when it is none, is broken, or holds nothing of that kind.
    """
    try:
        # MODE_FD takes anything that can be read, and is read in Python.
        database = Database(maxminddb.open_database(BytesIO(data), maxminddb.MODE_FD), file)
        fits = any(map(holds, database.first_records()))
    except _BROKEN as fault:
        words = "is no readable database in the MaxMind DB format; fetch it again"
        raise OperatorFault("network-database", words, file) from fault
    if not fits:
        words = f"is of the kind `{database.kind}`, which has nothing that is read for this key"
        raise OperatorFault("network-database", f"{words}; name another file", file)
    return database


def _instant(epoch_s: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch_s, UTC)
    except (OverflowError, ValueError, OSError):
        return None
