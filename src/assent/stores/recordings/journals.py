"""The journals of a folder: which one is written, and which are still needed."""

import os
from collections.abc import Mapping
from pathlib import Path

from assent.core.secret import Secret
from assent.stores.recordings.journal_files import JournalFile


class Journals:
    """The journals of a folder: the one that is written, and older ones that are still needed."""

    def __init__(
        self,
        folder: Path,
        first: JournalFile,
        key: Secret[bytes],
        sealed_key: bytes,
        inherited: Mapping[int, Path],
        lock: int,
    ) -> None:
        self.current = first
        self.inherited = dict(inherited)
        self._folder = folder
        self._key = key
        self._sealed_key = sealed_key
        self._old = {first.generation: first.path}
        self._newest = first.generation
        self._lock = lock

    def next(self) -> JournalFile:
        """Return a new journal, which is not the current one yet. Raises OSError."""
        # A generation that failed is never used again: its nonces may have been.
        self._newest += 1
        journal = JournalFile(self._folder, self._newest, self._key, self._sealed_key)
        self._old[journal.generation] = journal.path
        return journal

    def drop(self, keep: int) -> None:
        """Delete journals before generation `keep`, oldest first."""
        for generation in sorted(self._old):
            if generation >= min(keep, self.current.generation):
                return
            self._old.pop(generation).unlink(missing_ok=True)

    def forget_inherited(self) -> None:
        """Delete what an earlier process left."""
        for generation in sorted(self.inherited):
            self.inherited.pop(generation).unlink(missing_ok=True)

    def close(self, *, is_done: bool) -> None:
        """Let go of the folder. is_done: nothing in the current journal is needed any more."""
        self.current.close()
        if is_done:
            self.current.path.unlink(missing_ok=True)
        os.close(self._lock)
