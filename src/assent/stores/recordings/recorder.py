"""Recordings: written before release, durable within 50 ms, sealed into the log, encrypted.

Every frame goes at once to a journal that all sessions share (one write, no sync; a task
syncs it). A session's frames are sealed into a segment of its own when they are many, old,
or complete, and the segment's digest is appended to the log; a journal whose frames are all
sealed is deleted. When the disk, the log or the store of objects cannot keep up, sessions are
asked to wait. `docs/specs/recording-format.md` has the formats.

    <folder>/lock                     held by the one process that may write here
    <folder>/journal-<number>.jsonl   what is not sealed yet
    <folder>/<session>/               segments, see shelf.py
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import inf
from typing import TypeAlias

import structlog

from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import Fault
from assent.core.frame import Frame, Recorded, ResultFrame, StatementFrame
from assent.core.ids import EntryId, Ids, SessionId, SubjectId
from assent.recording.checking import Found
from assent.recording.frames import decode, encode
from assent.recording.journal import Leftover, frame_line, line_start, sealed_line
from assent.recording.recovery import plan
from assent.recording.segment import (
    LARGEST_BYTES,
    Segment,
    SegmentFacts,
    seal,
    seal_leftover,
)
from assent.stores.recordings.journal_files import (
    read_leftovers,
    settle,
)
from assent.stores.recordings.journals import Journals
from assent.stores.recordings.pace import LATE_S, Pace, unavailable
from assent.stores.recordings.places import Place
from assent.stores.recordings.reading import Keys, Numbered, Reader, sealing
from assent.stores.recordings.shelf import Shelf, is_session
from assent.stores.recordings.shipping import Shipping
from assent.stores.recordings.threads import within
from assent.stores.recordings.timeline import Timeline, lines_of

Commit: TypeAlias = Callable[[Sequence[Change], Sequence[Entry]], Awaitable[None]]
Logged: TypeAlias = Callable[[SessionId], Awaitable[Collection[str]]]

SYNC_EVERY_S = 0.02
"""How long a written frame waits for its sync, so that many share one."""

SWEEP_EVERY_S = 1.0
LARGEST_JOURNAL = 16 * 1024 * 1024
LARGEST_LATE = 64 * 1024
MANY_UNSEALED = 4 * 1024 * 1024
MOST_UNSEALED = 8 * 1024 * 1024
"""Bytes of one session's frames that may wait for a seal: before sessions wait, and at all."""

_SLOW = "the disk has fallen behind"
_log = structlog.get_logger("recordings")


class FileRecorder:
    """The Recorder on a folder. One process at a time; made by `opening.open_recorder`."""

    def __init__(
        self,
        *,
        shelf: Shelf,
        journals: Journals,
        reader: Reader,
        place: Place | None,
        shipping: Shipping | None,
        pace: Pace,
        keys: Keys,
        commit: Commit,
        logged: Logged,
        ids: Ids,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._shelf, self._journals, self._reader = shelf, journals, reader
        self._place, self._shipping, self._pace, self._keys = place, shipping, pace, keys
        self._logged = logged
        self._commit, self._ids, self._clock, self._monotonic = commit, ids, clock, monotonic
        self._timelines: dict[SessionId, Timeline] = {}
        self._late: list[bytes] = []
        self._late_bytes = 0
        # Segments in the log whose mark in the journal is not durable yet.
        self._unmarked: list[tuple[SessionId, int, int]] = []
        # The oldest frame that is not synced, and the oldest since the sync under way began.
        self._oldest = inf
        self._dirty_since = inf
        self._broken = ""
        # Whether a new journal is to be begun, so that the old one can go.
        self._renews = False
        self._stopped = False
        self._wake = asyncio.Event()
        self._full = asyncio.Event()
        # One thread each: a seal must not delay a sync, nor two writes of one segment meet.
        self._syncer = ThreadPoolExecutor(1, "recording-sync")
        self._sealer = ThreadPoolExecutor(1, "recording-seal")

    # Recording: the hot path.

    @property
    def behind(self) -> bool:
        """Whether recording is behind, so that nothing new should be released before `ready`."""
        return self._pace.behind

    async def ready(self) -> None:
        """Wait until it is not behind. Raises OutsideFault when that takes too long."""
        await self._pace.ready()

    def open(self, session: SessionId, subject: SubjectId | None) -> None:
        """Begin the recording of a session of this person, under whose key it is kept."""
        if not is_session(session):
            raise ValueError(f"no id of a session: `{session}`")
        if session not in self._timelines:
            self._timelines[session] = Timeline(session, subject, line_start(session, subject))

    def record(self, session: SessionId, frame: Frame) -> None:
        """Write one frame, durable within 50 ms; a result may wait for the next write.

        Raises OutsideFault when it cannot be written, or when recording was behind for too
        long: what the frame is about must not be released then.
        """
        timeline = self._timelines.get(session)
        now = self._monotonic()
        if timeline is None or timeline.closing or timeline.size > MOST_UNSEALED:
            raise unavailable(f"session `{session}` is not open, or cannot be sealed")
        if now - self._oldest > LATE_S or self._pace.behind:
            self._bear(frame)
        line = encode(frame)
        self._write(frame_line(timeline.start, timeline.next_frame, line), type(frame))
        if not timeline.lines:
            timeline.since, timeline.journal = now, self._journals.current.generation
        timeline.lines.append(line)
        timeline.sequences.append(frame.sequence)
        timeline.next_frame += 1
        timeline.size += len(line) + 1
        if timeline.size >= LARGEST_BYTES:
            self._grown(timeline)
        if self._dirty_since == inf:
            self._touch(now)

    def _bear(self, frame: Frame) -> None:
        """Take what came of statements that were released before, and no new statement."""
        if self._broken and type(frame) is StatementFrame:
            raise unavailable(self._broken)
        if not self._pace.behind:
            self._pace.hold("disk", _SLOW)
        self._pace.bear()

    def _grown(self, timeline: Timeline) -> None:
        self._full.set()
        if timeline.size >= MANY_UNSEALED:
            self._pace.hold("seal", "what was recorded cannot be sealed into the log")

    def _write(self, entry: bytes, kind: type[Frame]) -> None:
        if kind is ResultFrame and self._late_bytes < LARGEST_LATE:
            self._late.append(entry)
            self._late_bytes += len(entry)
            return
        try:
            if not self._late:
                self._journals.current.write(entry)
                return
            self._journals.current.write(b"".join([*self._late, entry]))
        except OSError as error:
            raise unavailable(f"the journal cannot be written ({error.strerror})") from error
        self._late.clear()
        self._late_bytes = 0

    def _touch(self, now: float) -> None:
        self._dirty_since = now
        self._oldest = min(self._oldest, now)
        self._wake.set()

    # Syncing and sealing: in the background.

    async def run(self) -> None:
        """Sync the journal, seal what is due and take it where it is kept, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sync_for_ever())
            group.create_task(self._seal_for_ever())
            if self._shipping is not None:
                group.create_task(self._shipping.run())

    async def _sync_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(SYNC_EVERY_S)
            await self.sync()
            if self._broken:
                await asyncio.sleep(SWEEP_EVERY_S)

    async def sync(self) -> None:
        """Make durable what was recorded before; a failure stops sessions until it is mended.

        After a failed sync nobody knows what of the file is on disk, so all that is not
        sealed is written again, to a new journal.
        """
        self._wake.clear()
        self._dirty_since = inf
        marked, self._unmarked = self._unmarked, []
        # A sync that hangs is noticed although nobody may record anything meanwhile.
        watch = asyncio.get_running_loop().call_later(LATE_S, self._pace.hold, "disk", _SLOW)
        try:
            if self._broken or self._renews or self._journals.current.size >= LARGEST_JOURNAL:
                await self._renew()
            else:
                self._flush()
                await within(self._syncer, self._journals.current.sync)
        except OSError as error:
            self._unmarked = [*marked, *self._unmarked]
            self._broken = f"the journal cannot be synced ({error.strerror})"
            self._pace.hold("disk", self._broken)
            _log.error("journal-failed", errno=error.errno)
            self._wake.set()
            return
        finally:
            watch.cancel()
        if self._broken:
            _log.warning("journal-mended")
        self._broken = ""
        self._oldest = self._dirty_since
        self._pace.release("disk")
        if self._shipping is not None:
            for segment in marked:
                self._shipping.add(*segment)

    def _flush(self) -> None:
        if self._late:
            self._journals.current.write(b"".join(self._late))
            self._late.clear()
            self._late_bytes = 0

    async def _renew(self) -> None:
        """Go on in a new journal; after a failure it begins with all that is not sealed."""
        journal, old = self._journals.next(), self._journals.current
        try:
            if self._broken:
                for line in lines_of(self._timelines.values()):
                    journal.write(line)
                self._late.clear()
                self._late_bytes = 0
            else:
                self._flush()
        except OSError:
            journal.close()
            raise
        self._journals.current = journal
        self._renews = False
        await within(self._syncer, settle, old, journal, not self._broken)
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

    async def close(self, session: SessionId) -> Recorded:
        """Seal what is left, append its digest to the log, and say how much there is in all.

        A seal that fails now is tried again until it is done; the frames are safe in the
        journal meanwhile. Of a session that is not open it says what was recorded of it.
        """
        timeline = self._timelines.get(session)
        if timeline is None:
            known = await self._reader.facts(session)
            return Recorded(known[-1].last_frame if known else 0, len(known))
        timeline.closing = True
        is_sealed = await self._try_to_seal(timeline)
        return Recorded(timeline.next_frame - 1, timeline.segment if is_sealed else None)

    async def seal_all(self, subject: SubjectId | None) -> None:
        """Seal what was recorded of a person up to now, under the key that they have now.

        The journal that it is in as well is deleted within half a minute. Raises OutsideFault.
        """
        own = [one for one in self._timelines.values() if one.subject == subject]
        if not all([await self._try_to_seal(timeline) for timeline in own]):
            raise unavailable("what was recorded of them cannot be sealed now")
        if own:
            self._renews = True
            self._wake.set()

    async def _try_to_seal(self, timeline: Timeline) -> bool:
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
        if all(one.size < MANY_UNSEALED for one in self._timelines.values()):
            self._pace.release("seal")
        self._drop_journals()
        return True

    async def _seal(self, timeline: Timeline) -> None:
        # A seal that failed half way is done again with the same bytes: its digest may be in
        # the log already.
        if timeline.pending is None:
            key, encrypt = await sealing(self._keys, timeline.subject)
            lines, sequences = list(timeline.lines), list(timeline.sequences)
            first = timeline.next_frame - len(lines)
            timeline.pending_journal = self._journals.current.generation

            def sealed() -> Segment:
                number, previous = timeline.segment + 1, timeline.previous
                return seal(
                    timeline.session, number, previous, first, lines,
                    key=key, encrypt=encrypt, sequences=sequences,
                )  # fmt: skip

            timeline.pending = await within(self._sealer, sealed)
        segment = timeline.pending
        await within(self._sealer, self._shelf.write, segment)
        await self._commit((), [self._entry(timeline.session, timeline.subject, segment.facts)])
        timeline.drop(segment, self._monotonic())
        facts = segment.facts
        self._late.append(sealed_line(segment.session, facts.number, facts.last_frame))
        self._unmarked.append((segment.session, facts.number, facts.bytes))
        if self._dirty_since == inf:
            self._touch(self._monotonic())

    def _entry(
        self,
        session: SessionId,
        subject: SubjectId | None,
        facts: SegmentFacts,
        more: Mapping[str, Json] | None = None,
    ) -> Entry:
        return Entry(
            EntryId(self._ids.mint("entry")),
            EntryKind.SESSION_SEGMENT,
            self._clock.now(),
            subject=subject,
            session=session,
            facts={**facts.as_json(), **(more or {})},
        )

    def _drop_journals(self) -> None:
        """Delete the journals whose frames are all sealed, oldest first."""
        waiting = (timeline.journal for timeline in self._timelines.values() if timeline.lines)
        self._journals.drop(min(waiting, default=self._journals.current.generation))

    # Starting and stopping.

    async def recover(self) -> None:
        """Seal what an earlier process left in its journals, and delete them.

        Its entries say `recovered`. Raises what `commit` raises, OSError, and OperatorFault for
        a journal that cannot be opened; nothing is lost then, and it can be called again.
        """
        leftovers = await read_leftovers(self._journals.inherited, self._keys.open)
        if leftovers.damaged:
            _log.warning("journal-damaged", records=leftovers.damaged)
        for session, leftover in leftovers.sessions.items():
            if leftover.frames and is_session(session):
                await self._recover(session, leftover)
        self._journals.forget_inherited()
        if self._shipping is not None:
            for segment in await asyncio.to_thread(lambda: list(self._shelf.here())):
                self._shipping.add(*segment)

    async def _recover(self, session: SessionId, leftover: Leftover) -> None:
        newest = await asyncio.to_thread(self._shelf.newest, session, min(leftover.frames))
        recovery = plan(leftover, newest)
        key, encrypt = await sealing(self._keys, leftover.subject)

        def write() -> list[SegmentFacts]:
            made = []
            for segment in seal_leftover(
                session, recovery.frames, recovery.number, recovery.previous,
                key=key, encrypt=encrypt,
            ):  # fmt: skip
                self._shelf.write(segment)
                made.append(segment.facts)
            return made

        known = await self._logged(session) if recovery.again else ()
        again = [facts for facts in recovery.again if facts.digest not in known]
        found = [*again, *await within(self._sealer, write)]
        if found:
            said = {"recovered": True}
            await self._commit(
                (), [self._entry(session, leftover.subject, one, said) for one in found]
            )

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
            if self._shipping is not None:
                self._shipping.stop()
            self._journals.close(is_done=not self._timelines)

    # Reading.

    async def frames(self, session: SessionId) -> Sequence[Mapping[str, Json]]:
        """Return the frames recorded so far, in order; none for a session that is not known.

        Raises OutsideFault when a segment on disk cannot be read any more.
        """
        return [frame for _, frame in await self.page(session)]

    async def page(
        self, session: SessionId, after: int = 0, limit: int | None = None
    ) -> Sequence[Numbered]:
        """Return at most `limit` frames behind number `after`, each with its number."""
        timeline = self._timelines.get(session)
        lines = list(timeline.lines) if timeline else []
        first = timeline.next_frame - len(lines) if timeline else 0
        sealed = await self.segments(session, timeline.segment if timeline else None)
        page = await self._reader.frames(session, sealed, after, limit)
        if limit is None or len(page) < limit:
            waiting = [(number, line) for number, line in enumerate(lines, first) if number > after]
            left = None if limit is None else limit - len(page)
            page += [(number, decode(line)) for number, line in waiting[:left]]
        return page

    async def segments(
        self, session: SessionId, until: int | None = None
    ) -> Sequence[SegmentFacts]:
        """Return what is known of the segments that are in the log, by number."""
        timeline = self._timelines.get(session)
        if until is None and timeline is not None:
            until = timeline.segment
        return await self._reader.facts(session, until)

    async def segment(self, session: SessionId, number: int) -> bytes | None:
        """Return the stored bytes of a segment, None where there is none. Raises OutsideFault."""
        return await self._reader.segment(session, number)

    async def found(self, session: SessionId, number: int) -> Found | None:
        """Return a segment, opened if it can be, None where there is none. Raises OutsideFault."""
        return await self._reader.found(session, number)

    async def forget(self, session: SessionId) -> None:
        """Delete a recording of a session that has ended, wherever it is. Raises OutsideFault."""
        if session in self._timelines or not is_session(session):
            return
        if self._place is not None:
            for facts in await self._reader.facts(session):
                await asyncio.to_thread(self._place.forget, session, facts.number)
        await within(self._sealer, self._shelf.forget, session)
