"""Segments in a local folder, with the facts of each beside it. Blocking: call it in a thread.

<session>/<number>.segment   its stored bytes
<session>/<number>.facts     what the log says of it
<session>/<number>.away      the same, where the bytes are at another place
<session>/<number>.jsonl     an unencrypted one, of version 1
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from assent.core.ids import SessionId
from assent.recording.segment import Segment, SegmentFacts, digest_of, facts_from, facts_of
from assent.stores.recordings.journal_files import sync_folder

_SESSION = re.compile(r"[a-z0-9_]{1,64}")
_FACTS, _AWAY, _STORED, _PLAIN = ".facts", ".away", ".segment", ".jsonl"


def is_session(text: str) -> bool:
    """Return whether a text may be the name of a session's folder."""
    return _SESSION.fullmatch(text) is not None


class Shelf:
    """The folder of all recordings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, segment: Segment) -> None:
        """Keep it durably under its name, all of it or nothing. Raises OSError."""
        home = self.folder / segment.session
        home.mkdir(mode=0o700, exist_ok=True)
        name = home / f"{segment.facts.number:06}"
        _write(name.with_suffix(_STORED), segment.data)
        # INVARIANT: facts are there only when the bytes are, so what has none was never logged.
        _write(name.with_suffix(_FACTS), msgspec.json.encode(segment.facts))
        sync_folder(home)
        if segment.facts.number == 1:
            sync_folder(self.folder)

    def facts(self, session: SessionId) -> list[SegmentFacts]:
        """Return what is known of a session's segments, by number. Raises OutsideFault not."""
        return [facts for _, facts in self._numbered(session) if facts is not None]

    def newest(self, session: SessionId, first: int) -> list[tuple[int, SegmentFacts | None]]:
        """Return the last segments, in order, back to the one that begins at or before `first`.

        None for one whose bytes are not those that its facts are of.
        """
        found: list[tuple[int, SegmentFacts | None]] = []
        for number, facts in reversed(self._numbered(session)):
            data = self.read(session, number)
            is_good = facts is not None and (data is None or digest_of(data) == facts.digest)
            found.append((number, facts if is_good else None))
            if facts is not None and is_good and facts.first_frame <= first:
                break
        return found[::-1]

    def read(self, session: SessionId, number: int) -> bytes | None:
        """Return the stored bytes of a segment, None where they are not here."""
        name = self.folder / session / f"{number:06}"
        for suffix in (_STORED, _PLAIN):
            with suppress(FileNotFoundError):
                return name.with_suffix(suffix).read_bytes()
        return None

    def put_away(self, session: SessionId, number: int) -> None:
        """Let go of the bytes of a segment, which are at another place now."""
        name = self.folder / session / f"{number:06}"
        name.with_suffix(_FACTS).rename(name.with_suffix(_AWAY))
        sync_folder(name.parent)
        name.with_suffix(_STORED).unlink(missing_ok=True)

    def here(self) -> Iterator[tuple[SessionId, int, int]]:
        """Yield session, number and length of every sealed segment whose bytes are here."""
        for path in sorted(self.folder.glob(f"*/*{_FACTS}")):
            stored = path.with_suffix(_STORED)
            if path.stem.isdigit() and stored.exists():
                yield SessionId(path.parent.name), int(path.stem), stored.stat().st_size

    def forget(self, session: SessionId) -> None:
        """Delete all that is here of a session."""
        home = self.folder / session
        if home.exists():
            shutil.rmtree(home)
            sync_folder(self.folder)

    def _numbered(self, session: SessionId) -> list[tuple[int, SegmentFacts | None]]:
        """Return number and facts of each, by number; None for facts that cannot be read."""
        home = self.folder / session
        if not is_session(session) or not home.is_dir():
            return []
        found: dict[int, SegmentFacts | None] = {}
        for path in sorted(home.iterdir()):
            if path.stem.isdigit() and path.suffix in {_FACTS, _AWAY, _PLAIN}:
                found[int(path.stem)] = _facts_at(path)
        return sorted(found.items())


def numbers(facts: Sequence[SegmentFacts]) -> list[int]:
    """Return the numbers of segments."""
    return [one.number for one in facts]


def _facts_at(path: Path) -> SegmentFacts | None:
    data = path.read_bytes()
    try:
        return facts_of(data, data) if path.suffix == _PLAIN else facts_from(data)
    except ValueError:
        return None


def _write(path: Path, data: bytes) -> None:
    part = path.with_suffix(path.suffix + ".part")
    with os.fdopen(
        os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb"
    ) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
