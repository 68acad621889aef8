"""Recordings, for people: what there is, whether it is whole, and its frames by page."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from assent.control.seeing import SessionViews, read_entry
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.frame import Recorded
from assent.core.ids import Ids, SessionId
from assent.core.ports import Store
from assent.core.session import Session, SessionState
from assent.recording.checking import Check, Found
from assent.recording.segment import SegmentFacts, facts_from

MOST_FRAMES = 1_000
"""How many frames a page has at most."""

_PAGE = 1_000
_ABOUT_SEGMENTS = (b'"kind":"session.segment"', b'"kind":"session.ended"')


class Library(Protocol):
    """Where recordings are read. Raises OutsideFault where one cannot be read now."""

    async def page(
        self, session: SessionId, after: int = 0, limit: int | None = None
    ) -> Sequence[tuple[int, Mapping[str, Json]]]:
        """Return at most `limit` frames behind number `after`, each with its number."""
        ...

    async def segments(self, session: SessionId) -> Sequence[SegmentFacts]:
        """Return what is known of the segments that are in the log, by number."""
        ...

    async def found(self, session: SessionId, number: int) -> Found | None:
        """Return a segment as it is stored, opened if it can be."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """What there is of a recording, by the log, and what is wrong with it.

    ended: what the log says of its end, None while the session is open. erased: numbers of
    the segments whose key was destroyed. problems: in words; empty when it is whole.
    """

    session: Session
    segments: tuple[SegmentFacts, ...]
    ended: Recorded | None
    erased: tuple[int, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Frames in order, each with its number. after: where the next page begins, None for none."""

    session: Session
    frames: Sequence[tuple[int, Mapping[str, Json]]]
    after: int | None


async def logged_digests(store: Store, session: SessionId) -> frozenset[str]:
    """Return the digests of the segments that the log has of a session."""
    leaves = [leaf async for leaf in leaves_about(store, session)]
    said = [json.loads(leaf) for leaf in leaves]
    return frozenset(
        facts_from(one["facts"]).digest for one in said if one["kind"] == EntryKind.SESSION_SEGMENT
    )


async def leaves_about(store: Store, session: SessionId) -> AsyncIterator[bytes]:
    """Yield the leaves that tell of the recording of a session, in the log's order."""
    start = 0
    while page := await store.leaves_of(session, start, _PAGE):
        for _, leaf in page:
            if any(about in leaf for about in _ABOUT_SEGMENTS):
                yield leaf
        start = page[-1][0] + 1


class Recordings:
    """Reads recordings for those who may see their sessions; whoever reads is in the log."""

    def __init__(
        self, *, store: Store, library: Library, views: SessionViews, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._library = library
        self._views = views
        self._clock = clock
        self._ids = ids

    async def list(
        self, caller: Caller, everybody: bool
    ) -> Sequence[tuple[Session, Sequence[SegmentFacts]]]:
        """Return sessions with their sealed segments, newest first. Raises ForbiddenFault."""
        sessions = await self._views.list(caller, False, everybody)
        return [(one, await self._library.segments(one.id)) for one in sessions]

    async def check(self, caller: Caller, session: SessionId) -> Checked:
        """Compare every segment with the log, and its frames with each other.

        Raises MissingFault when there is no such session for this person, OutsideFault.
        """
        found = await self._views.get(caller, session)
        # What is sealed meanwhile is not missing: what is stored is looked at first.
        stored = {facts.number for facts in await self._library.segments(session)}
        logged, ended = await self._logged(session)
        check, erased = Check(session), []
        for facts in logged:
            one = await self._library.found(session, facts.number)
            if one is not None and one.plain is None and not one.why:
                erased.append(facts.number)
            check.take(facts, one)
        if found.state is SessionState.OPEN:
            ended = None
        problems = check.finish(ended, stored - {facts.number for facts in logged})
        return Checked(found, tuple(logged), ended, tuple(erased), problems)

    async def page(self, caller: Caller, session: SessionId, after: int, limit: int) -> Page:
        """Return frames behind number `after`; who reads those of another one is in the log.

        Raises MissingFault when there is no such session for this person, OutsideFault.
        """
        found = await self._views.get(caller, session)
        self._views.check_frames(caller, found)
        frames = await self._library.page(session, after, min(limit, MOST_FRAMES))
        if frames and found.subject != caller.subject.id:
            said: dict[str, Json] = {"from": frames[0][0], "to": frames[-1][0]}
            entry = read_entry(self._ids, self._clock, caller, found, said)
            await self._store.commit((), (entry,))
        is_last = len(frames) < min(limit, MOST_FRAMES)
        return Page(found, frames, None if is_last else frames[-1][0])

    async def _logged(self, session: SessionId) -> tuple[Sequence[SegmentFacts], Recorded | None]:
        """Return each segment that the log has, in its order, and what it says of the end."""
        segments: dict[SegmentFacts, None] = {}
        ended: Recorded | None = None
        async for leaf in leaves_about(self._store, session):
            said = json.loads(leaf)
            if said["kind"] == EntryKind.SESSION_SEGMENT:
                segments[facts_from(said["facts"])] = None
            elif said["kind"] == EntryKind.SESSION_ENDED and "frames" in said["facts"]:
                ended = Recorded(said["facts"]["frames"], said["facts"].get("segments"))
        return list(segments), ended
