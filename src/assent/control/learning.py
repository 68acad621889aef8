"""What is usual for whom: looked up for every decision, learned from what turned out well.

Profiles are sums of lessons, and lessons are kept, so that any of them can be taken back. A
profile is read when its person first acts; everybody's together are summed up after the start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from assent.control.directory import Directory
from assent.core.changes import Change, DropLessons, ForgetSubject, PutLesson, PutProfile
from assent.core.clock import Clock
from assent.core.evidence import Known
from assent.core.faults import Fault
from assent.core.ids import Ids, LessonId, SessionId, SubjectId
from assent.core.lesson import Aspect, Lesson
from assent.core.ports import Store
from assent.risk.dimensions import dimension
from assent.risk.memory import Memory, Reading, Seen
from assent.risk.profile import Profile

LESSON_EVERY = timedelta(seconds=60)
"""A session that goes on teaches so often; one that ended, at once."""

MOST_LESSONS = 100_000
MOST_AT_HAND = 5_000
"""Profiles in memory; a further one is read from the store when its person comes back."""

_MOST_ASPECTS = 2_000
_AMOUNT_SHARE = 0.25
_PAGE = 200
_READ_DEADLINE_S = 2.0
_DAY_S = 86_400.0
_MINUTE_S = 60.0

_Key = tuple[str, tuple[str, ...], str]

_log = structlog.get_logger("learning")


@dataclass(slots=True)
class _Draft:
    """What was done on one kind of proof. counts: chains → how often."""

    counts: dict[_Key, int] = field(default_factory=dict)
    amounts: list[Aspect] = field(default_factory=list)
    weight: float = 1.0


@dataclass(slots=True)
class _Notebook:
    """What a session did and is not taught yet, by (strong, confirmed).

    Apart from each other, because who assents to one action vouches for no other.
    taught: chains → how often, of all that was taught.
    """

    subject: SubjectId
    since: datetime
    drafts: dict[tuple[bool, bool], _Draft] = field(default_factory=dict)
    taught: dict[_Key, int] = field(default_factory=dict)
    opened: bool = False
    ended: bool = False

    def room(self) -> int:
        """Return how many further aspects may be noted."""
        drafts = self.drafts.values()
        noted = sum(len(draft.counts) + len(draft.amounts) for draft in drafts)
        return _MOST_ASPECTS - len(self.taught) - noted


class Learning:
    """Keeps what is known of people in memory, and lessons and profiles in the store."""

    def __init__(self, store: Store, directory: Directory, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._memory = Memory()
        self._notebooks: dict[SessionId, _Notebook] = {}
        # Sessions that were taken back while they were open: they teach nothing any more.
        self._barred: set[SessionId] = set()
        self._listeners: list[Callable[[SubjectId], Awaitable[None]]] = []
        self._unsaved: list[Change] = []
        # Held while a profile moves between here and the store.
        self._moving = asyncio.Lock()
        # Whose profiles are part of the crowds, and of which: the groups that they had then.
        self._counted: dict[SubjectId, tuple[str, ...]] = {}
        # What was read in this minute; nothing may be learned or forgotten without clearing it.
        self._minute = 0.0
        self._readings: dict[SubjectId, Reading] = {}
        # Those whose profile is at hand, the longest unused first.
        self._ready: dict[SubjectId, None] = {}

    def when_forgotten(self, listener: Callable[[SubjectId], Awaitable[None]]) -> None:
        """Await `listener` after a subject was forgotten."""
        self._listeners.append(listener)

    async def build(self) -> None:
        """Sum everybody's profiles up, page by page, while decisions go on."""
        after: SubjectId | None = None
        while page := await self._store.profiles(after, _PAGE):
            for subject, body in page:
                if subject not in self._counted:
                    self._count(subject, body)
                await asyncio.sleep(0)
            after = page[-1][0]

    def is_ready(self, subject: SubjectId) -> bool:
        """Return whether all that was learned of the subject is here."""
        return subject in self._ready

    async def ready(self, subject: SubjectId) -> None:
        """Read the subject's profile if it is not here yet."""
        async with self._moving:
            await self._fetch(subject)

    def known(self, subject: SubjectId, seen: Sequence[Seen], now: datetime) -> Known:
        """Return how usual each of `seen` is for a subject that is `ready`."""
        if subject in self._ready:
            self._ready[subject] = self._ready.pop(subject)
        # Counts fade in days: for a minute they are what they were, and comparing the same
        # things again is then nearly free.
        minute = now.timestamp() // _MINUTE_S
        if minute != self._minute:
            self._minute = minute
            self._readings.clear()
        reading = self._readings.get(subject)
        if reading is None:
            reading = self._memory.reading(
                subject, self._groups(subject), minute * _MINUTE_S / _DAY_S
            )
            self._readings[subject] = reading
        return self._memory.known_by(reading, seen)

    def note(
        self,
        session: SessionId,
        subject: SubjectId,
        seen: Sequence[Seen],
        *,
        weight: float,
        strong: bool,
        confirmed: bool,
    ) -> None:
        """Note what was done, and ended well, to be learned with the session's next lesson.

        weight: how sure it is that it was the person, 0 to 1. The surest of a lesson counts
        for none of it: the least sure does.
        """
        if session in self._barred:
            return
        book = self._notebooks.get(session)
        if book is None:
            book = self._notebooks[session] = _Notebook(subject, self._clock.now())
        draft = book.drafts.setdefault((strong, confirmed), _Draft())
        draft.weight = min(draft.weight, weight)
        room = book.room()
        for aspect in seen:
            name = aspect.dimension.name
            key = (name, aspect.chain, aspect.after)
            if aspect.chain and key in draft.counts:
                draft.counts[key] += 1
            elif room > 0 and aspect.chain:
                room -= 1
                draft.counts[key] = 1
            elif room > 0:
                room -= 1
                times = round(1000 * _AMOUNT_SHARE)
                draft.amounts.append(Aspect(name, (), int(aspect.amount), "", times))

    def discard(self, session: SessionId) -> None:
        """Learn nothing of what the session did since its last lesson."""
        self._notebooks.pop(session, None)

    def ended(self, session: SessionId) -> None:
        """Teach what is left of a session with the next flush."""
        self._barred.discard(session)
        book = self._notebooks.get(session)
        if book is not None:
            book.ended = True

    async def flush(self) -> None:
        """Learn what is due, and keep it; what cannot be kept now is kept with the next one."""
        async with self._moving:
            now = self._clock.now()
            for book in tuple(self._notebooks.values()):
                if _is_due(book, now):
                    # What could not be read when they acted must be here before it is written.
                    await self._fetch_in_time(book.subject)
            touched: dict[SubjectId, None] = {}
            for session, book in tuple(self._notebooks.items()):
                if not _is_due(book, now) or book.subject not in self._ready:
                    continue
                for lesson in self._lessons_of(session, book, now):
                    self._learn(lesson)
                    self._unsaved.append(PutLesson(lesson))
                    touched[lesson.subject] = None
                if book.ended:
                    del self._notebooks[session]
            for subject in touched:
                body = self._memory.profiles[subject].to_bytes()
                self._unsaved.append(PutProfile(subject, body, now))
            if self._unsaved:
                saving, self._unsaved = self._unsaved, []
                try:
                    await self._store.commit(saving, ())
                except BaseException:
                    self._unsaved = saving + self._unsaved
                    raise

    async def unlearn(self, subject: SubjectId, session: SessionId) -> int:
        """Take back all that a session taught; return how many lessons those were."""
        self._barred.add(session)
        self.discard(session)
        await self.flush()
        async with self._moving:
            await self._fetch(subject)
            lessons = await self._store.lessons(subject, limit=MOST_LESSONS)
            gone = tuple(lesson.id for lesson in lessons if lesson.session == session)
            if gone:
                kept = [lesson for lesson in lessons if lesson.session != session]
                await self._retell(subject, kept, gone)
            return len(gone)

    async def forget(self, subject: SubjectId) -> None:
        """Forget all that was learned of a subject, also in what is known of everybody."""
        async with self._moving:
            for session, book in tuple(self._notebooks.items()):
                if book.subject == subject:
                    del self._notebooks[session]
            self._unsaved = [change for change in self._unsaved if _subject_of(change) != subject]
            await self._fetch(subject)
            await self._store.commit((ForgetSubject(subject),), ())
            self._readings.clear()
            self._memory.forget(subject, self._crowds(subject))
        for listener in self._listeners:
            await listener(subject)

    async def lessons(self, subject: SubjectId) -> Sequence[Lesson]:
        """Return what was learned of a subject, oldest first."""
        return await self._store.lessons(subject, limit=MOST_LESSONS)

    def learned_at(self, subject: SubjectId) -> datetime | None:
        """Return the day of the subject's last lesson, None before the first one."""
        profile = self._memory.profiles.get(subject)
        if profile is None or profile.last_day < 0:
            return None
        return datetime.fromtimestamp(profile.last_day * _DAY_S, UTC)

    def profile(self, subject: SubjectId) -> Profile:
        """Return the profile of a subject that is `ready`; an empty one before any lesson."""
        return self._memory.profiles.get(subject) or Profile()

    async def _retell(
        self, subject: SubjectId, kept: Sequence[Lesson], gone: tuple[LessonId, ...]
    ) -> None:
        """Make the profile again from what is kept; nothing changes here before it is durable."""
        again, crowds = Memory(), self._crowds(subject)
        for lesson in kept:
            _teach(again, lesson, crowds)
        profile = again.profiles.get(subject) or Profile()
        body = PutProfile(subject, profile.to_bytes(), self._clock.now())
        await self._store.commit((DropLessons(subject, gone), body), ())
        self._readings.clear()
        self._memory.forget(subject, crowds)
        self._memory.admit(subject, crowds, profile)

    def _lessons_of(self, session: SessionId, book: _Notebook, now: datetime) -> list[Lesson]:
        """Return what a notebook teaches now, and count it as taught."""
        drafts, book.drafts, book.since = book.drafts, {}, now
        lessons = []
        for (strong, confirmed), draft in drafts.items():
            aspects = (*_worth(draft.counts, book.taught), *draft.amounts)
            if not aspects:
                continue
            lesson = Lesson(
                id=LessonId(self._ids.mint("lesson")),
                subject=book.subject,
                session=session,
                at=now,
                groups=self._crowds(book.subject),
                aspects=aspects,
                weight_milli=round(1000 * draft.weight),
                strong=strong,
                confirmed=confirmed,
                opens=not book.opened,
            )
            book.opened = True
            lessons.append(lesson)
        return lessons

    def _learn(self, lesson: Lesson) -> None:
        self._readings.clear()
        _teach(self._memory, lesson, self._crowds(lesson.subject))

    async def _fetch_in_time(self, subject: SubjectId) -> None:
        """Read a profile; one that cannot be read now waits, and what it would learn with it."""
        try:
            async with asyncio.timeout(_READ_DEADLINE_S):
                await self._fetch(subject)
        except (TimeoutError, Fault) as fault:
            _log.warning("profile-away", subject=subject, problem=type(fault).__name__)

    async def _fetch(self, subject: SubjectId) -> None:
        if subject in self._ready:
            return
        body = await self._store.profile(subject)
        if body is not None:
            if subject not in self._counted:
                self._count(subject, body)
            self._memory.profiles[subject] = _read(subject, body)
        self._readings.clear()
        self._ready[subject] = None
        self._let_go()

    def _let_go(self) -> None:
        """Let go of the profiles that were longest unused: they are in the store as they are."""
        busy = {book.subject for book in self._notebooks.values()}
        # What is in the store of these is older than what is here.
        busy |= {change.subject for change in self._unsaved if isinstance(change, PutProfile)}
        while len(self._ready) > MOST_AT_HAND:
            idle = next((one for one in self._ready if one not in busy), None)
            if idle is None:
                return
            del self._ready[idle]
            self._memory.profiles.pop(idle, None)

    def _count(self, subject: SubjectId, body: bytes) -> None:
        """Count a profile in what is known of everybody, without keeping it."""
        self._readings.clear()
        self._memory.admit(subject, self._crowds(subject), _read(subject, body))
        self._memory.profiles.pop(subject)

    def _crowds(self, subject: SubjectId) -> tuple[str, ...]:
        """Return which groups a subject is counted in, from now on if it was in none."""
        return self._counted.setdefault(subject, tuple(self._groups(subject)))

    def _groups(self, subject: SubjectId) -> Sequence[str]:
        return sorted(self._directory.subject(subject).groups)


def seen_of(aspect: Aspect) -> Seen:
    """Return an aspect as the memory takes it."""
    return Seen(
        dimension(aspect.dimension),
        aspect.chain,
        float(aspect.amount),
        aspect.after,
        aspect.times_milli / 1000,
    )


def _is_due(book: _Notebook, now: datetime) -> bool:
    return book.ended or now - book.since >= LESSON_EVERY


def _worth(counts: Mapping[_Key, int], taught: dict[_Key, int]) -> list[Aspect]:
    """Return chains as aspects, counted in `taught`: what is repeated counts less each time."""
    aspects = []
    for key, times in counts.items():
        name, chain, after = key
        before = taught.get(key, 0)
        worth = sum(1.0 / k for k in range(before + 1, before + times + 1))
        aspects.append(Aspect(name, chain, -1, after, round(1000 * worth)))
        taught[key] = before + times
    return aspects


def _teach(memory: Memory, lesson: Lesson, crowds: Sequence[str]) -> None:
    memory.learn(
        lesson.subject,
        crowds,
        [seen_of(aspect) for aspect in lesson.aspects],
        _days(lesson.at),
        weight=lesson.weight_milli / 1000,
        strong=lesson.strong,
        confirmed=lesson.confirmed,
    )
    if lesson.opens:
        memory.count_session(lesson.subject)


def _read(subject: SubjectId, body: bytes) -> Profile:
    try:
        return Profile.from_bytes(body)
    except ValueError as fault:
        # It is made again from what comes; nothing is permitted because it is empty.
        _log.error("profile-unreadable", subject=subject, problem=str(fault))
        return Profile()


def _days(at: datetime) -> float:
    return at.timestamp() / _DAY_S


def _subject_of(change: Change) -> SubjectId | None:
    match change:
        case PutLesson(lesson):
            return lesson.subject
        case PutProfile(subject):
            return subject
        case _:
            return None
