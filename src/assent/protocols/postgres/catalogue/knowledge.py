"""What is known of a target's names at this moment: the newest snapshot, and whether it is old."""

from collections.abc import Callable
from typing import Protocol

from assent.content.patterns import OwnPattern
from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.findings import refused

_MOST_PATHS = 256


class Reader(Protocol):
    """Reads a statement."""

    def classify(self, text: str) -> Statement: ...


class Knowledge:
    """Shared by all sessions on one database of a target.

    catalogue: the newest snapshot, None before the first. required: without a snapshot nothing
    is understood (otherwise names are taken as they are written). changes: how often something
    was let through that may have changed what the snapshot says. patterns: the operator's own, of
    what values of labels look like. when_outdated: called when it has become stale; when_missed:
    to be called when the target names what is not known.
    """

    def __init__(
        self,
        reader_of: Callable[[tuple[str, ...], Catalogue | None], Reader],
        *,
        required: bool = True,
        patterns: tuple[OwnPattern, ...] = (),
    ) -> None:
        self._reader_of = reader_of
        self._required = required
        self.patterns = patterns
        self._readers: dict[tuple[str, ...], Reader] = {}
        self.catalogue: Catalogue | None = None
        self.changes = 1 if required else 0
        self._changes_seen = 0
        self.version = 0
        self.when_outdated: Callable[[], None] = _nobody
        self.when_missed: Callable[[], None] = _nobody

    @property
    def stale(self) -> bool:
        """Whether something was let through that the snapshot may not have seen."""
        return self._changes_seen < self.changes

    def outdated(self) -> None:
        """Something that may have changed names has ended well: nothing rests on them now."""
        if self._required:
            self.changes += 1
        self.when_outdated()

    def has_seen(self, changes: int) -> bool:
        """Return whether the snapshot was begun after that many changes."""
        return self._changes_seen >= changes

    def confirm(self, changes: int) -> None:
        """The snapshot holds what the target did after that many changes."""
        self._changes_seen = max(self._changes_seen, changes)

    def replace(self, catalogue: Catalogue, changes: int | None = None) -> bool:
        """Put a snapshot in force; return whether anything is different from the one before.

        changes: what `changes` was when it was begun, now if not given. What was let through
        while it was made is in the next one.
        """
        self.confirm(self.changes if changes is None else changes)
        before = self.catalogue
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
