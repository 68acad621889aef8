"""Security events about people: kept, remembered, and told to whatever they concern."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from assent.core.changes import Change, PutSecurityEvent
from assent.core.clock import Clock
from assent.core.entry import Entry
from assent.core.ids import SubjectId
from assent.core.ports import Store
from assent.core.security_event import SecurityEvent

COUNT_FOR = timedelta(days=30)
_MOST = 32
_FAILURES_COUNT_FOR = timedelta(hours=1)
_MOST_FAILURES = 20
_MOST_NAMES = 10_000


class Warnings:
    """What others said of people's security, and who was refused under their name."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._events: dict[SubjectId, tuple[SecurityEvent, ...]] = {}
        self._failures: dict[SubjectId, deque[datetime]] = {}
        self._listeners: list[Callable[[SecurityEvent], Awaitable[None]]] = []

    def when_warned(self, listener: Callable[[SecurityEvent], Awaitable[None]]) -> None:
        """Await `listener` after every security event."""
        self._listeners.append(listener)

    def is_ready(self, subject: SubjectId) -> bool:
        """Return whether the subject's events are here."""
        return subject in self._events

    async def ready(self, subject: SubjectId) -> None:
        """Read the subject's events if they are not here yet."""
        if subject not in self._events:
            since = self._clock.now() - COUNT_FOR
            found = await self._store.security_events(subject, since, _MOST)
            # Somebody may have warned meanwhile: what is here then knows of it.
            self._events.setdefault(subject, tuple(found))

    def of(self, subject: SubjectId, now: datetime) -> tuple[SecurityEvent, ...]:
        """Return the events that still count for a subject that is `ready`, newest first."""
        events = self._events.get(subject, ())
        return tuple(event for event in events if now - event.at <= COUNT_FOR)

    async def warn(
        self,
        event: SecurityEvent,
        entries: tuple[Entry, ...] = (),
        changes: Sequence[Change] = (),
    ) -> None:
        """Keep an event, with the entries that say so, and tell who listens.

        changes: what else is made durable in the same transaction.
        """
        await self.ready(event.subject)
        await self._store.commit((PutSecurityEvent(event), *changes), entries)
        self._events[event.subject] = (event, *self._events[event.subject])[:_MOST]
        for listener in self._listeners:
            await listener(event)

    def refused(self, subject: SubjectId) -> None:
        """Count a refused password or credential under this subject's name."""
        while len(self._failures) > _MOST_NAMES:
            del self._failures[next(iter(self._failures))]
        failures = self._failures.setdefault(subject, deque(maxlen=_MOST_FAILURES))
        failures.append(self._clock.now())

    def failures(self, subject: SubjectId, now: datetime) -> int:
        """Return how many were refused under this name within the last hour."""
        failures = self._failures.get(subject)
        if not failures:
            return 0
        while failures and now - failures[0] > _FAILURES_COUNT_FOR:
            failures.popleft()
        return len(failures)
