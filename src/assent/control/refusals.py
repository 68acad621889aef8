"""Refused proofs of who somebody is, said in the log without letting anybody flood it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assent.core.canonical import Json
from assent.core.clock import Clock, isoformat
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.ports import Store

SAID_EVERY = timedelta(minutes=1)
_MOST_ADDRESSES = 20
_MOST_KINDS = 100_000

_Kind = tuple[SubjectId | None, str, str]
"""Who was named, how they were to be known, and why they were not."""


@dataclass(slots=True)
class _Counted:
    """Refusals of one kind that are not in the log yet. said_at: when there last was an entry."""

    count: int = 0
    first_at: datetime | None = None
    addresses: dict[str, None] = field(default_factory=dict)
    said_at: datetime | None = None


class Refusals:
    """Counts refusals, and appends at most one entry a minute for each person and way.

    All names that nobody has are counted as one, or whoever makes names up could fill the log.
    They are appended by `flush`, not where they happen: else the time that a refusal takes would
    tell which names there are.
    """

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._counted: dict[_Kind, _Counted] = {}

    def count(self, subject: SubjectId | None, method: str, code: str, address: str) -> None:
        """Count one refusal. subject: None for a name that nobody has."""
        kind = (subject, method, code)
        counted = self._counted.get(kind)
        if counted is None:
            if len(self._counted) >= _MOST_KINDS:
                return
            counted = self._counted[kind] = _Counted()
        counted.count += 1
        counted.first_at = counted.first_at or self._clock.now()
        if address and len(counted.addresses) < _MOST_ADDRESSES:
            counted.addresses[address[:80]] = None

    async def flush(self, *, all_of_them: bool = False) -> None:
        """Append what is due. all_of_them: also what was said less than a minute ago.

        Raises OutsideFault; what could not be appended stays counted.
        """
        now = self._clock.now()
        due = [
            (kind, counted)
            for kind, counted in self._counted.items()
            if counted.count
            and (all_of_them or counted.said_at is None or now - counted.said_at >= SAID_EVERY)
        ]
        if not due:
            self._forget(now)
            return
        taken = [(counted, counted.count) for _, counted in due]
        await self._store.commit((), [self._entry(kind, counted, now) for kind, counted in due])
        for counted, count in taken:
            # What was refused while this became durable waits for the next time.
            counted.count -= count
            counted.first_at = now if counted.count else None
            counted.addresses = {}
            counted.said_at = now

    def _forget(self, now: datetime) -> None:
        over = [
            kind
            for kind, counted in self._counted.items()
            if not counted.count and counted.said_at and now - counted.said_at >= SAID_EVERY
        ]
        for kind in over:
            del self._counted[kind]

    def _entry(self, kind: _Kind, counted: _Counted, now: datetime) -> Entry:
        subject, method, code = kind
        facts: dict[str, Json] = {
            "code": code,
            "count": counted.count,
            "first_at": isoformat(counted.first_at or now),
            "method": method,
        }
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOGIN_REFUSED,
            at=now,
            subject=subject,
            facts=facts,
            payload={"addresses": list(counted.addresses)} if counted.addresses else None,
        )
