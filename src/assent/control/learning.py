"""What is usual for whom: looked up for every decision, learned from what turned out well.

Profiles are sums of lessons, and lessons are kept, so that any of them can be taken back. A
profile is read when its person first acts; everybody's together are summed up after the start.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from assent.control.directory import Directory
from assent.core.changes import Change, DropLessons, ForgetSubject, PutLesson, PutProfile
from assent.core.clock import Clock
from assent.core.evidence import Known
from assent.core.ids import Ids, LessonId, SessionId, SubjectId
from assent.core.lesson import Aspect, Lesson
from assent.core.ports import Store
from assent.risk.dimensions import dimension
from assent.risk.memory import Memory, Seen
from assent.risk.profile import Profile

LESSON_EVERY = timedelta(seconds=60)
"""A session that goes on teaches so often; one that ended, at once."""

MOST_LESSONS = 100_000
MOST_AT_HAND = 5_000
"""Profiles in memory; a further one is read from the store when its person comes back."""

_MOST_ASPECTS = 2_000
_AMOUNT_SHARE = 0.25
_PAGE = 200
_DAY_S = 86_400.0

_Key = tuple[str, tuple[str, ...], str]

_log = structlog.get_logger("learning")


@dataclass(slots=True)
class _Notebook:
    """What a session did and is not taught yet. counts: chains → how often, taught or not."""

    subject: SubjectId
    since: datetime
    counts: dict[_Key, int] = field(default_factory=dict)
    taught: dict[_Key, int] = field(default_factory=dict)
    amounts: list[Aspect] = field(default_factory=list)
    weight: float = 1.0
    strong: bool = False
    confirmed: bool = False
    opened: bool = False
    ended: bool = False


class Learning:
    """Keeps what is known of people in memory, and lessons and profiles in the store."""

    def __init__(self, store: Store, directory: Directory, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._memory = Memory()
        self._notebooks: dict[SessionId, _Notebook] = {}
        self._unsaved: list[Change] = []
        # Held while a profile moves between here and the store.
        self._moving = asyncio.Lock()
        self._counted: set[SubjectId] = set()
        # Those whose profile is at hand, the longest unused first.
        self._ready: dict[SubjectId, None] = {}

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
        return self._memory.known(subject, self._groups(subject), seen, _days(now))

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
        book = self._notebooks.get(session)
        if book is None:
            book = self._notebooks[session] = _Notebook(subject, self._clock.now())
        book.weight = min(book.weight, weight)
        book.strong |= strong
        book.confirmed |= confirmed
        for aspect in seen:
            if len(book.counts) + len(book.amounts) >= _MOST_ASPECTS:
                return
            name = aspect.dimension.name
            if aspect.chain:
                key = (name, aspect.chain, aspect.after)
                book.counts[key] = book.counts.get(key, 0) + 1
            else:
                times = round(1000 * _AMOUNT_SHARE)
                book.amounts.append(Aspect(name, (), int(aspect.amount), "", times))

    def discard(self, session: SessionId) -> None:
        """Learn nothing of what the session did since its last lesson."""
        self._notebooks.pop(session, None)

    def ended(self, session: SessionId) -> None:
        """Teach what is left of a session with the next flush."""
        book = self._notebooks.get(session)
        if book is not None:
            book.ended = True

    async def flush(self) -> None:
        """Learn what is due, and keep it; what cannot be kept now is kept with the next one."""
        async with self._moving:
            now = self._clock.now()
            touched: dict[SubjectId, None] = {}
            for session, book in tuple(self._notebooks.items()):
                if book.ended or now - book.since >= LESSON_EVERY:
                    lesson = self._lesson(session, book, now)
                    if lesson is not None:
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
        self.discard(session)
        await self.flush()
        async with self._moving:
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
            self._memory.forget(subject, self._groups(subject))

    async def lessons(self, subject: SubjectId) -> Sequence[Lesson]:
        """Return what was learned of a subject, oldest first."""
        return await self._store.lessons(subject, limit=MOST_LESSONS)

    def profile(self, subject: SubjectId) -> Profile:
        """Return the profile of a subject that is `ready`; an empty one before any lesson."""
        return self._memory.profiles.get(subject) or Profile()

    async def _retell(
        self, subject: SubjectId, kept: Sequence[Lesson], gone: tuple[LessonId, ...]
    ) -> None:
        self._memory.forget(subject, self._groups(subject))
        for lesson in kept:
            self._learn(lesson)
        profile = self._memory.profiles.setdefault(subject, Profile())
        body = PutProfile(subject, profile.to_bytes(), self._clock.now())
        await self._store.commit((DropLessons(subject, gone), body), ())

    def _lesson(self, session: SessionId, book: _Notebook, now: datetime) -> Lesson | None:
        """Return what a notebook teaches now: what was repeated counts less each time."""
        aspects = []
        for key, times in book.counts.items():
            before = book.taught.get(key, 0)
            if times > before:
                name, chain, after = key
                worth = round(1000 * sum(1.0 / k for k in range(before + 1, times + 1)))
                aspects.append(Aspect(name, chain, -1, after, worth))
                book.taught[key] = times
        aspects += book.amounts
        book.amounts = []
        book.since = now
        if not aspects:
            return None
        opens, book.opened = not book.opened, True
        return Lesson(
            id=LessonId(self._ids.mint("lesson")),
            subject=book.subject,
            session=session,
            at=now,
            groups=tuple(self._groups(book.subject)),
            aspects=tuple(aspects),
            weight_milli=round(1000 * book.weight),
            strong=book.strong,
            confirmed=book.confirmed,
            opens=opens,
        )

    def _learn(self, lesson: Lesson) -> None:
        self._memory.learn(
            lesson.subject,
            lesson.groups,
            [seen_of(aspect) for aspect in lesson.aspects],
            _days(lesson.at),
            weight=lesson.weight_milli / 1000,
            strong=lesson.strong,
            confirmed=lesson.confirmed,
        )
        if lesson.opens:
            self._memory.count_session(lesson.subject)
        self._counted.add(lesson.subject)
        self._ready.setdefault(lesson.subject)

    async def _fetch(self, subject: SubjectId) -> None:
        if subject in self._ready:
            return
        body = await self._store.profile(subject)
        if body is not None:
            if subject not in self._counted:
                self._count(subject, body)
            self._memory.profiles[subject] = _read(subject, body)
        self._ready[subject] = None
        self._let_go()

    def _let_go(self) -> None:
        """Let go of the profiles that were longest unused: they are in the store as they are."""
        busy = {book.subject for book in self._notebooks.values()}
        while len(self._ready) > MOST_AT_HAND:
            idle = next((one for one in self._ready if one not in busy), None)
            if idle is None:
                return
            del self._ready[idle]
            self._memory.profiles.pop(idle, None)

    def _count(self, subject: SubjectId, body: bytes) -> None:
        """Count a profile in what is known of everybody, without keeping it."""
        self._memory.admit(subject, self._groups(subject), _read(subject, body))
        self._memory.profiles.pop(subject)
        self._counted.add(subject)

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
