"""Recordings in files: written before release, durable within 50 ms, sealed into the log.

Every frame goes at once to a journal that all sessions share (one write, no sync; a task
syncs it). A session's frames are sealed into a segment of its own when they are many, old,
or complete, and the segment's digest is appended to the log; a journal whose frames are all
sealed is deleted. `docs/specs/recording-format.md` has the formats.

    <folder>/lock                     held by the one process that may write here
    <folder>/journal-<number>.jsonl   what is not sealed yet
    <folder>/<session>/<number>.jsonl segments
"""

import asyncio
import errno
import fcntl
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from typing import TypeAlias, TypeVar

import structlog

from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import Fault, OperatorFault, OutsideFault
from assent.core.frame import Frame, ResultFrame
from assent.core.ids import EntryId, Ids, SessionId
from assent.recording.frames import decode, encode
from assent.recording.journal import (
    Leftovers,
    frame_line,
    line_start,
    read_journals,
    sealed_line,
)
from assent.recording.recovery import plan
from assent.recording.segment import LARGEST_BYTES, Segment, parse, seal

T = TypeVar("T")
Commit: TypeAlias = Callable[[Sequence[Entry]], Awaitable[None]]

SYNC_EVERY_S = 0.02
"""How long a written frame waits for its sync, so that many share one."""

BEHIND_S = 1.0
"""When a frame has waited for its sync as long as this, nothing more is recorded."""

SWEEP_EVERY_S = 1.0
SEAL_AFTER_S = 30.0
LARGEST_JOURNAL = 16 * 1024 * 1024
LARGEST_LATE = 64 * 1024
MOST_UNSEALED = 8 * 1024 * 1024
"""Bytes of one session's frames that may wait for a seal that does not come about."""

_SESSION = re.compile(r"[a-z0-9_]{1,64}")
_log = structlog.get_logger("recordings")


class _Journal:
    """One file that is only appended to, by whole lines."""

    def __init__(self, folder: Path, generation: int) -> None:
        self.generation = generation
        self.path = folder / f"journal-{generation:08}.jsonl"
        self._file = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append all of `data`, or nothing. Raises OSError."""
        written = os.write(self._file, data)
        if written != len(data):
            # Half a line would swallow the next one.
            os.ftruncate(self._file, self.size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += written

    def sync(self) -> None:
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)


@dataclass(slots=True)
class _Timeline:
    """The frames of one open session that the log does not vouch for yet.

    next_frame, segment: the next frame's number, the last logged segment's number. since:
    when the oldest of `lines` came, monotonic. journal: the generation that it is in.
    """

    session: SessionId
    start: bytes
    next_frame: int = 1
    segment: int = 0
    previous: str = ""
    lines: list[bytes] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    size: int = 0
    since: float = 0.0
    journal: int = 0
    pending: Segment | None = None
    pending_journal: int = 0
    closing: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_due(self, now: float) -> bool:
        """Return whether its frames should be sealed now."""
        if self.closing or self.pending is not None:
            return True
        is_old = bool(self.lines) and now - self.since >= SEAL_AFTER_S
        return is_old or self.size >= LARGEST_BYTES

    def drop(self, segment: Segment, now: float) -> None:
        """Forget the frames of `segment`, which the log vouches for now."""
        del self.lines[: segment.frames], self.sequences[: segment.frames]
        self.size = sum(len(line) + 1 for line in self.lines)
        # What is left came after the segment was cut, so in that journal or a later one.
        self.since, self.journal = now, self.pending_journal
        self.segment, self.previous = segment.number, segment.digest
        self.pending = None


class FileRecorder:
    """The Recorder on a folder of its own. One process at a time; `run` must be running."""

    def __init__(
        self,
        folder: Path,
        commit: Commit,
        ids: Ids,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the folder. Raises OperatorFault when another process has it."""
        self._folder, self._commit, self._ids, self._clock = folder, commit, ids, clock
        self._monotonic = monotonic
        self._lock = _take_folder(folder)
        self._inherited = _journals(folder)
        self._generation = max(self._inherited, default=0) + 1
        self._journal = _Journal(folder, self._generation)
        self._old = {self._generation: self._journal.path}
        self._timelines: dict[SessionId, _Timeline] = {}
        self._late: list[bytes] = []
        self._late_bytes = 0
        # The oldest frame that is not synced, and the oldest since the sync under way began.
        self._oldest = inf
        self._dirty_since = inf
        self._broken = ""
        self._stopped = False
        self._wake = asyncio.Event()
        self._full = asyncio.Event()
        # One thread each: a seal must not delay a sync, nor two writes of one segment meet.
        self._syncer = ThreadPoolExecutor(1, "recording-sync")
        self._sealer = ThreadPoolExecutor(1, "recording-seal")

    # Recording: the hot path.

    def open(self, session: SessionId) -> None:
        """Begin the recording of a session."""
        if not _SESSION.fullmatch(session):
            raise ValueError(f"no id of a session: `{session}`")
        self._timelines.setdefault(session, _Timeline(session, line_start(session)))

    def record(self, session: SessionId, frame: Frame) -> None:
        """Write one frame, durable within 50 ms; a result may wait for the next write.

        Raises OutsideFault when it cannot be written, or when the disk has fallen behind:
        what the frame is about must not be released then.
        """
        timeline = self._timelines.get(session)
        now = self._monotonic()
        if timeline is None or timeline.closing or timeline.size > MOST_UNSEALED:
            raise _unavailable(f"session `{session}` is not open, or cannot be sealed")
        if now - self._oldest > BEHIND_S or self._broken:
            raise _unavailable(self._broken or "the disk has fallen behind")
        line = encode(frame)
        self._write(frame_line(timeline.start, timeline.next_frame, line), type(frame))
        if not timeline.lines:
            timeline.since, timeline.journal = now, self._journal.generation
        timeline.lines.append(line)
        timeline.sequences.append(frame.sequence)
        timeline.next_frame += 1
        timeline.size += len(line) + 1
        if timeline.size >= LARGEST_BYTES:
            self._full.set()
        if self._dirty_since == inf:
            self._touch(now)

    def _write(self, entry: bytes, kind: type[Frame]) -> None:
        if kind is ResultFrame and self._late_bytes < LARGEST_LATE:
            self._late.append(entry)
            self._late_bytes += len(entry)
            return
        try:
            if not self._late:
                self._journal.write(entry)
                return
            self._journal.write(b"".join([*self._late, entry]))
        except OSError as error:
            raise _unavailable(f"the journal cannot be written ({error.strerror})") from error
        self._late.clear()
        self._late_bytes = 0

    def _touch(self, now: float) -> None:
        self._dirty_since = now
        self._oldest = min(self._oldest, now)
        self._wake.set()

    # Syncing and sealing: in the background.

    async def run(self) -> None:
        """Sync the journal and seal what is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sync_for_ever())
            group.create_task(self._seal_for_ever())

    async def _sync_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(SYNC_EVERY_S)
            await self.sync()
            if self._broken:
                await asyncio.sleep(SWEEP_EVERY_S)

    async def sync(self) -> None:
        """Make durable what was recorded before; a failure stops recording until it is mended.

        After a failed sync nobody knows what of the file is on disk, so all that is not
        sealed is written again, to a new journal.
        """
        self._wake.clear()
        self._dirty_since = inf
        try:
            if self._broken or self._journal.size >= LARGEST_JOURNAL:
                await self._renew()
            else:
                self._flush()
                await _within(self._syncer, self._journal.sync)
        except OSError as error:
            self._broken = f"the journal cannot be synced ({error.strerror})"
            _log.error("journal-failed", errno=error.errno)
            self._wake.set()
            return
        if self._broken:
            _log.warning("journal-mended")
        self._broken = ""
        self._oldest = self._dirty_since

    def _flush(self) -> None:
        if self._late:
            self._journal.write(b"".join(self._late))
            self._late.clear()
            self._late_bytes = 0

    async def _renew(self) -> None:
        """Go on in a new journal; after a failure it begins with all that is not sealed."""
        self._generation += 1
        journal = _Journal(self._folder, self._generation)
        old, self._old[journal.generation] = self._journal, journal.path
        try:
            if self._broken:
                journal.write(b"".join(_lines_of(self._timelines.values())))
                self._late.clear()
                self._late_bytes = 0
            else:
                self._flush()
        except OSError:
            journal.close()
            raise
        self._journal = journal
        await _within(self._syncer, _settle, old, journal, not self._broken)
        if self._broken:
            for timeline in self._timelines.values():
                timeline.journal = journal.generation
        self._drop_journals()

    async def _seal_for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY_S):
                    await self._full.wait()
            self._full.clear()
            now = self._monotonic()
            due = [timeline for timeline in self._timelines.values() if timeline.is_due(now)]
            if not all([await self._try_to_seal(timeline) for timeline in due]):
                await asyncio.sleep(SWEEP_EVERY_S)

    async def close(self, session: SessionId) -> None:
        """Seal what is left and append its digest to the log.

        A seal that fails now is tried again until it is done; the frames are safe in the
        journal meanwhile.
        """
        timeline = self._timelines.get(session)
        if timeline is not None:
            timeline.closing = True
            await self._try_to_seal(timeline)

    async def _try_to_seal(self, timeline: _Timeline) -> bool:
        try:
            async with timeline.lock:
                while timeline.pending is not None or timeline.lines:
                    await self._seal(timeline)
                    if not timeline.closing:
                        break
        except (Fault, OSError) as error:
            code = error.code if isinstance(error, Fault) else errno.errorcode.get(error.errno or 0)
            _log.warning("seal-failed", session=timeline.session, code=code)
            return False
        if timeline.closing:
            self._timelines.pop(timeline.session, None)
        self._drop_journals()
        return True

    async def _seal(self, timeline: _Timeline) -> None:
        # A seal that failed half way is done again with the same bytes: its digest may be in
        # the log already.
        if timeline.pending is None:
            lines, sequences = list(timeline.lines), list(timeline.sequences)
            first = timeline.next_frame - len(lines)
            timeline.pending_journal = self._journal.generation
            number, previous = timeline.segment + 1, timeline.previous
            timeline.pending = await _within(
                self._sealer, seal, timeline.session, number, previous, first, lines, sequences
            )
        segment = timeline.pending
        await _within(self._sealer, _write_segment, self._folder, segment)
        await self._commit([self._entry(segment, {})])
        timeline.drop(segment, self._monotonic())
        self._late.append(sealed_line(segment.session, segment.number, segment.last))
        if self._dirty_since == inf:
            self._touch(self._monotonic())

    def _entry(self, segment: Segment, more: Mapping[str, Json]) -> Entry:
        return Entry(
            EntryId(self._ids.mint("entry")),
            EntryKind.SESSION_SEGMENT,
            self._clock.now(),
            session=segment.session,
            facts={**segment.facts(), **more},
        )

    def _drop_journals(self) -> None:
        """Delete the journals whose frames are all sealed, oldest first."""
        waiting = (timeline.journal for timeline in self._timelines.values() if timeline.lines)
        keep = min([self._journal.generation, *waiting])
        for generation in sorted(self._old):
            if generation >= keep:
                return
            self._old.pop(generation).unlink(missing_ok=True)

    # Starting, stopping and reading.

    async def recover(self) -> None:
        """Seal what an earlier process left in its journals, and delete them.

        Its entries say `recovered`. Raises what `commit` raises, and OSError; nothing is lost
        then, and it can be called again.
        """
        leftovers = await asyncio.to_thread(_read_leftovers, list(self._inherited.values()))
        if leftovers.damaged:
            _log.warning("journal-damaged", lines=leftovers.damaged)
        for session, leftover in leftovers.sessions.items():
            if not leftover.frames or not _SESSION.fullmatch(session):
                continue
            newest = await asyncio.to_thread(_newest, self._folder / session, min(leftover.frames))
            recovery = plan(session, leftover, newest)
            for segment in recovery.new:
                await _within(self._sealer, _write_segment, self._folder, segment)
            found = [*recovery.again, *recovery.new]
            if found:
                await self._commit([self._entry(segment, {"recovered": True}) for segment in found])
        for generation in sorted(self._inherited):
            self._inherited.pop(generation).unlink(missing_ok=True)

    async def stop(self) -> None:
        """Seal all sessions, sync, and let go of the folder. Call it when `run` has ended.

        The folder is let go of whatever fails on the way; a second call does nothing.
        """
        if self._stopped:
            return
        self._stopped = True
        try:
            for session in list(self._timelines):
                await self.close(session)
            await self.sync()
        finally:
            self._sealer.shutdown()
            self._syncer.shutdown()
            self._journal.close()
            if not self._timelines:
                self._journal.path.unlink(missing_ok=True)
            os.close(self._lock)

    async def frames(self, session: SessionId) -> Sequence[Mapping[str, Json]]:
        """Return the frames recorded so far, in order; none for a session that is not known.

        Raises OutsideFault when a segment on disk cannot be read any more.
        """
        timeline = self._timelines.get(session)
        lines = list(timeline.lines) if timeline else []
        sealed = await self.segments(session)
        try:
            return await asyncio.to_thread(_decoded, sealed, lines)
        except ValueError as error:
            raise OutsideFault(
                "recording-damaged", f"the recording of session `{session}` is damaged: {error}"
            ) from error

    async def segments(self, session: SessionId) -> Sequence[bytes]:
        """Return the exact bytes of the segments that are in the log, in order."""
        if not _SESSION.fullmatch(session):
            return []
        timeline = self._timelines.get(session)
        until = timeline.segment if timeline else None
        return await asyncio.to_thread(_read_segments, self._folder / session, until)


async def _within(thread: ThreadPoolExecutor, work: Callable[..., T], *given: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, partial(work, *given))


def _unavailable(why: str) -> OutsideFault:
    return OutsideFault("recording-unavailable", f"the recording cannot be kept: {why}")


def _take_folder(folder: Path) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise OperatorFault(
            "recordings-in-use",
            "another process keeps its recordings here; stop it, or choose another folder",
            str(folder),
        ) from error
    return lock


def _journals(folder: Path) -> dict[int, Path]:
    found = sorted(folder.glob("journal-*.jsonl"))
    return {int(path.stem.partition("-")[2]): path for path in found}


def _read_leftovers(journals: Sequence[Path]) -> Leftovers:
    return read_journals(path.read_bytes() for path in journals)


def _lines_of(timelines: Iterable[_Timeline]) -> Iterator[bytes]:
    for timeline in timelines:
        first = timeline.next_frame - len(timeline.lines)
        for number, line in enumerate(timeline.lines, first):
            yield frame_line(timeline.start, number, line)


def _settle(old: _Journal, new: _Journal, is_sound: bool) -> None:
    try:
        if is_sound:
            old.sync()
        new.sync()
        _sync_folder(new.path.parent)
    finally:
        old.close()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_segment(folder: Path, segment: Segment) -> None:
    """Write it durably under its name, all of it or nothing."""
    home = folder / segment.session
    home.mkdir(mode=0o700, exist_ok=True)
    part = home / f"{segment.number:06}.part"
    with part.open("wb") as file:
        file.write(segment.data)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o600)
    part.rename(home / f"{segment.number:06}.jsonl")
    _sync_folder(home)
    if segment.number == 1:
        _sync_folder(folder)


def _numbered(home: Path) -> list[tuple[int, Path]]:
    return sorted((int(path.stem), path) for path in home.glob("*.jsonl") if path.stem.isdigit())


def _read_segments(home: Path, until: int | None) -> list[bytes]:
    found = _numbered(home)
    return [path.read_bytes() for number, path in found if until is None or number <= until]


def _newest(home: Path, first: int) -> list[tuple[int, bytes]]:
    """Return the last segments, in order, back to the one that begins at or before `first`."""
    newest: list[tuple[int, bytes]] = []
    for number, path in reversed(_numbered(home)):
        data = path.read_bytes()
        newest.append((number, data))
        with suppress(ValueError):
            if parse(data)[0].first <= first:
                break
    return newest[::-1]


def _decoded(segments: Sequence[bytes], lines: Sequence[bytes]) -> list[dict[str, Json]]:
    sealed = [line for data in segments for line in parse(data)[1]]
    return [decode(line) for line in [*sealed, *lines]]
