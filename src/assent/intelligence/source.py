"""One file of the operator's: its last good content, how old that is, and what is wrong now."""

from collections.abc import Callable, Sized
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from assent.core.clock import Clock
from assent.core.faults import OperatorFault
from assent.intelligence.bounded_file import Stamp, read, stamp_of
from assent.intelligence.mmdb import Database

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one configured file stands.

    name: its key. read_at: when the content in use was read. entries: how many a list has, None
    for a database. built_at: when its maker built it, as a database says, else None. problem:
    what is wrong with the file now, in one clause that begins with its place; empty for nothing.
    The last good content stays in use meanwhile.
    """

    name: str
    path: Path
    read_at: datetime
    entries: int | None
    built_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T_co]):
    """One reading that went well."""

    content: T_co
    stamp: Stamp
    at: datetime


class Source(Generic[T_co]):
    """A file and the value that `parse` makes of it.

    One thread at a time may `refresh`; `content` and `status` may be asked meanwhile.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        most_bytes: int,
        parse: Callable[[bytes, str], T_co],
        clock: Clock,
    ) -> None:
        """Read `path`. Raises OperatorFault when that cannot be done."""
        self.name = name
        self._path = path
        self._most_bytes = most_bytes
        self._parse = parse
        self._clock = clock
        self._problem = ""
        self._refused: Stamp | None = None
        data, stamp = read(path, most_bytes)
        self._reading = _Reading(parse(data, str(path)), stamp, clock.now())

    @property
    def content(self) -> T_co:
        """What the last reading that went well made of the file."""
        return self._reading.content

    def refresh(self) -> str:
        """Read the file again if it changed; return a sentence on what is new, else an empty one.

        When it is gone or broken, the content stays and the problem is kept until it is good.
        """
        try:
            stamp = stamp_of(self._path)
            if stamp == self._refused:
                return ""
            if stamp != self._reading.stamp:
                return self._read_again()
        except OperatorFault as fault:
            # Not for its content: it may be good at the next look without a new stamp.
            self._refused = None
            return self._keep(fault)
        if not self._problem:
            return ""
        self._problem, self._refused = "", None
        return f"network file `{self.name}` is as it was read before, and good again"

    def status(self) -> SourceStatus:
        """Return how the file stands, by the last `refresh`."""
        reading = self._reading
        content: object = reading.content
        database = content if isinstance(content, Database) else None
        entries = len(content) if isinstance(content, Sized) else None
        return SourceStatus(
            self.name,
            self._path,
            reading.at,
            entries,
            database.built_at if database else None,
            self._problem or (database.problem if database else ""),
        )

    def _read_again(self) -> str:
        data, stamp = read(self._path, self._most_bytes)
        try:
            content = self._parse(data, str(self._path))
        except OperatorFault as fault:
            # The same bytes would be refused again: wait until there are others.
            self._refused = stamp
            return self._keep(fault)
        self._reading = _Reading(content, stamp, self._clock.now())
        self._problem, self._refused = "", None
        return f"network file `{self.name}` was read again from `{self._path}`"

    def _keep(self, fault: OperatorFault) -> str:
        if fault.detail == self._problem:
            return ""
        self._problem = fault.detail
        read_at = self._reading.at.isoformat(timespec="seconds")
        return f"network file `{self.name}` is kept as read at {read_at}: {fault.detail}"
