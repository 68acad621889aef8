"""One database in the MaxMind DB format, over a private copy of its file.

A file that is mapped where it lies takes the whole process down (SIGBUS) when somebody cuts it
short, and changes under its reader when somebody writes it in place. So it is copied into memory.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from typing import TypeAlias

import maxminddb
from maxminddb import InvalidDatabaseError, Reader

from assent.core.faults import OperatorFault
from assent.intelligence.addresses import Address

MOST_BYTES = 1 << 30

_LOOKED_AT = 1000
"""Records among which one must hold what the database is configured for."""

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
        self.kind = str(metadata.database_type)[:80]
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


def read_database(data: bytes, file: str, holds: Callable[[Record], bool]) -> Database:
    """Return the database in `data`, the content of `file`.

    holds: whether a record has what the database is configured for.
    Raises OperatorFault when it is none, is broken, or holds nothing of that kind.
    """
    try:
        reader = _open(data)
        database = Database(reader, file)
        records = (record for _, record in islice(reader, _LOOKED_AT))
        fits = any(holds(record) for record in records if isinstance(record, dict))
    except _BROKEN as fault:
        words = "is no readable database in the MaxMind DB format; fetch it again"
        raise OperatorFault("network-database", words, file) from fault
    if not fits:
        words = f"is of the kind `{database.kind}`, which has nothing that is read for this key"
        raise OperatorFault("network-database", f"{words}; name another file", file)
    return database


def _open(data: bytes) -> Reader:
    """Return a reader over a copy of `data`: in C over anonymous memory, or else in Python."""
    if sys.platform == "linux":
        # ValueError: the reader was installed without its extension. OSError: no /proc here.
        with suppress(OSError, ValueError):
            return _open_in_c(data)
    return maxminddb.open_database(BytesIO(data), maxminddb.MODE_FD)


def _open_in_c(data: bytes) -> Reader:
    handle = os.memfd_create("network-database", os.MFD_CLOEXEC)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        return maxminddb.open_database(f"/proc/self/fd/{handle}", maxminddb.MODE_MMAP_EXT)
    finally:
        os.close(handle)  # The mapping keeps the memory.


def _instant(epoch_s: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(epoch_s, UTC)
    except (OverflowError, ValueError, OSError):
        return None
