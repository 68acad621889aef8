"""Watching a session while it goes on: what its recording gets, as it gets it.

Nothing is shown that is not recorded, and nothing before the log says who looks. Whoever reads
slower than a session writes is told how much was left out.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.control.directory import Directory
from assent.control.four_eyes import looks, looks_away
from assent.control.live import LiveSession, LiveSessions
from assent.control.reading import with_reason
from assent.control.recordings import Library
from assent.control.seeing import SessionViews, is_theirs
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.ids import EntryId, Ids, SessionId, SubjectId
from assent.core.ports import Store
from assent.recording.segment import SegmentFacts

MOST_AT_ONCE = 200
"""How many frames are shown at once; of more, the newest."""
MOST_BEGUN = 2_000
"""How many are looked through when somebody begins to watch: a key's echo is a frame of its own."""
LOOK_S = 0.2
"""How long news are gathered before they are shown."""
STILL_S = 15.0
"""How often it is said that nothing has happened, so that it is noticed when nobody listens."""
EYES_S = 2 * STILL_S
"""How long somebody counts as watching who takes nothing of what they are sent."""
SAID_EVERY = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000
_PAGE, _MOST_PAGES = 2_000, 20
_LONGEST_TEXT, _LONGEST_VALUE, _MOST_PARAMETERS = 10_000, 200, 50


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What is new. skipped: how many frames were left out before `frames`. over: it has ended."""

    frames: Sequence[tuple[int, Mapping[str, Json]]]
    skipped: int = 0
    over: bool = False


class _Watcher:
    """Counts the frames of a session from outside of its road; hearing of one costs a number."""

    __slots__ = ("count", "news")

    def __init__(self) -> None:
        self.count = 0
        self.news = asyncio.Event()

    def saw(self) -> None:
        self.count += 1
        self.news.set()


class LiveWatch:
    """Shows open sessions to those who may see them. tells: whether the person is told of it."""

    def __init__(
        self,
        *,
        store: Store,
        library: Library,
        views: SessionViews,
        directory: Directory,
        live: LiveSessions,
        clock: Clock,
        ids: Ids,
        tells: bool = False,
    ) -> None:
        self._store = store
        self._library = library
        self._views = views
        self._directory = directory
        self._live = live
        self._clock = clock
        self._ids = ids
        self._tells = tells
        self._said: dict[tuple[SubjectId, SessionId], datetime] = {}
        self._watchers: set[_Watcher] = set()
        self._closed = False

    async def begin(self, caller: Caller, session: SessionId) -> LiveSession:
        """Say in the log that this person watches, before anything is shown to them.

        Raises MissingFault, ForbiddenFault, ConflictFault where it is over, OutsideFault.
        """
        found = await self._views.get(caller, session)
        self._views.check_frames(caller, found)
        live = self._live.get(session)
        if live is None:
            raise ConflictFault(
                "session-ended", f"session `{session}` has ended: look at its replay"
            )
        if not is_theirs(self._directory, caller.subject.id, found.subject):
            await self._say(caller, live)
        return live

    async def follow(
        self, live: LiveSession, after: int = 0, by: SubjectId | None = None
    ) -> AsyncIterator[Glimpse]:
        """Yield what was recorded behind frame `after`, and from then on what is.

        by: who sees it, and counts as watching while this goes on; None for nobody who does.
        Ends when the session has ended or nobody may look any more (`close`).
        """
        watcher = _Watcher()
        live.watchers = (*live.watchers, watcher.saw)
        self._watchers.add(watcher)
        eyes: asyncio.TimerHandle | None = None
        try:
            async for glimpse in self._glimpses(live, watcher, after):
                if by is not None:
                    if eyes is not None:
                        eyes.cancel()
                    looks(self._directory, live, watcher, by)
                    # While nothing is taken, nobody asks here whether they still may look.
                    loop = asyncio.get_running_loop()
                    eyes = loop.call_later(EYES_S, looks_away, live, watcher)
                yield glimpse
        finally:
            if eyes is not None:
                eyes.cancel()
            looks_away(live, watcher)
            self._watchers.discard(watcher)
            live.watchers = tuple(one for one in live.watchers if one != watcher.saw)

    async def look(self, live: LiveSession) -> Glimpse:
        """Return the newest of what was recorded so far, for those who have begun to watch.

        More of terminals than of all else, so that they stand as they were left.
        """
        frames = await self._newest(live.session.id, 0, MOST_BEGUN)
        told = [number for number, frame in frames if not _is_of_terminal(frame)]
        begins = told[-MOST_AT_ONCE] if len(told) > MOST_AT_ONCE else 0
        shown = [
            (number, _shown(frame))
            for number, frame in frames
            if _is_shown(frame) and (number >= begins or _is_of_terminal(frame))
        ]
        return Glimpse(shown, begins - 1 if begins else frames[0][0] - 1 if frames else 0)

    async def segments(self, session: SessionId) -> Sequence[SegmentFacts]:
        """Return what is known of the sealed parts of a recording. Raises OutsideFault."""
        return await self._library.segments(session)

    @property
    def closed(self) -> bool:
        """Whether the server stops."""
        return self._closed

    def close(self) -> None:
        """End all that is watched, so that a server that stops does not wait for it."""
        self._closed = True
        for watcher in tuple(self._watchers):
            watcher.news.set()

    async def _glimpses(
        self, live: LiveSession, watcher: _Watcher, after: int
    ) -> AsyncIterator[Glimpse]:
        session = live.session.id
        while not self._closed:
            watcher.news.clear()
            over, counted = self._live.get(session) is not live, watcher.count
            frames = await self._newest(session, after)
            skipped = frames[0][0] - after - 1 if frames else 0
            if frames:
                after = frames[-1][0]
            shown = [(number, _shown(frame)) for number, frame in frames if _is_shown(frame)]
            yield Glimpse(shown, skipped, over)
            if over:
                return
            if watcher.count == counted:
                await _news(watcher)
            # Frames come in pairs and bursts; they are shown together.
            await asyncio.sleep(LOOK_S)

    async def _newest(
        self, session: SessionId, after: int, most: int = MOST_AT_ONCE
    ) -> Sequence[tuple[int, Mapping[str, Json]]]:
        """Return the frames behind number `after`; of more than `most` the newest."""
        page = await self._library.page(session, after, most)
        if len(page) < most:
            return page
        sealed = await self._library.segments(session)
        start = max(page[-1][0], sealed[-1].last_frame - most if sealed else 0)
        kept = deque(page, most)
        for _ in range(_MOST_PAGES):
            further = await self._library.page(session, start, _PAGE)
            kept.extend(further)
            if len(further) < _PAGE or self._closed:
                break
            start = further[-1][0]
        return tuple(kept)

    async def _say(self, caller: Caller, live: LiveSession) -> None:
        now, session = self._clock.now(), live.session
        key = (caller.subject.id, session.id)
        said_at = self._said.get(key)
        if said_at is not None and now - said_at < SAID_EVERY:
            # The same page, which was away for a moment.
            return
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.SESSION_WATCHED,
            at=now,
            subject=caller.subject.id,
            target=session.target,
            session=session.id,
            facts={"of": session.subject},
            payload=with_reason(caller),
        )
        await self._store.commit((), (entry,))
        self._said.pop(key, None)
        self._said[key] = now
        if len(self._said) > _MOST_REMEMBERED:
            del self._said[next(iter(self._said))]
        if self._tells:
            live.say((f"{caller.subject.name} watches this session from now on",))


async def _news(watcher: _Watcher) -> None:
    try:
        async with asyncio.timeout(STILL_S):
            await watcher.news.wait()
    except TimeoutError:
        return


def _is_of_terminal(frame: Mapping[str, Json]) -> bool:
    return frame.get("kind") in ("output", "input", "resize")


def _is_shown(frame: Mapping[str, Json]) -> bool:
    """Return whether it is shown while it happens; rows and keys, where they are kept, later."""
    return frame.get("kind") not in ("rows", "input")


def _shown(frame: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return a frame with what is long in it cut, so that everybody can be shown everything."""
    text, parameters = frame.get("text"), frame.get("parameters")
    if not isinstance(text, str) or not isinstance(parameters, list):
        return frame
    kept: list[Json] = [
        one[:_LONGEST_VALUE] if isinstance(one, str) else one
        for one in parameters[:_MOST_PARAMETERS]
    ]
    if kept == parameters and len(text) <= _LONGEST_TEXT:
        return frame
    return {**frame, "text": text[:_LONGEST_TEXT], "parameters": kept, "cut": True}
