"""What is known of a target's names at this moment: the newest snapshot, and whether it is old."""

from collections.abc import Callable
from typing import Protocol

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.findings import refused

_MOST_PATHS = 256


class Reader(Protocol):
    """Reads a statement."""

    def classify(self, text: str) -> Statement: ...


class Knowledge:
    """Shared by all sessions on one database of a target.

    catalogue: the newest snapshot, None before the first. stale: something was let through that
    may have changed what it says; whoever keeps it clears that. required: without a snapshot
    nothing is understood (otherwise names are taken as they are written). when_outdated: called
    when it has become stale.
    """

    def __init__(
        self,
        reader_of: Callable[[tuple[str, ...], Catalogue | None], Reader],
        *,
        required: bool = True,
    ) -> None:
        self._reader_of = reader_of
        self._required = required
        self._readers: dict[tuple[str, ...], Reader] = {}
        self.catalogue: Catalogue | None = None
        self.stale = required
        self.version = 0
        self.when_outdated: Callable[[], None] = _nobody

    def outdated(self) -> None:
        """Something that may have changed names has ended well: nothing rests on them now."""
        self.stale = self._required
        self.when_outdated()

    def replace(self, catalogue: Catalogue) -> bool:
        """Put a snapshot in force; return whether anything is different from the one before."""
        before, self.stale = self.catalogue, False
        if before is not None and before.version == catalogue.version:
            return False
        self.catalogue = catalogue
        self._readers.clear()
        self.version += 1
        return True

    def reader(self, path: tuple[str, ...]) -> Reader:
        """Return what reads statements where names are looked up in these schemas."""
        if self.catalogue is None and self._required:
            return _NOTHING_KNOWN
        if path not in self._readers:
            if len(self._readers) >= _MOST_PATHS:
                self._readers.clear()
            self._readers[path] = self._reader_of(path, self.catalogue)
        return self._readers[path]


def _nobody() -> None:
    """Nobody is told."""


class _NothingKnown:
    """Understands nothing: what names mean could not be asked."""

    def classify(self, text: str) -> Statement:
        """Return that the text cannot be understood."""
        return refused("the target's catalogue could not be read, so names cannot be looked up")


_NOTHING_KNOWN = _NothingKnown()
