"""What the store answers of what was learned: habits, profiles, lessons, security events."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, tuple_

from assent.core.ids import SessionId, SubjectId, TargetId
from assent.core.lesson import Lesson
from assent.core.security_event import SecurityEvent
from assent.stores import rows, tables
from assent.stores.fetching import Fetching, bounded, decoded
from assent.stores.rows import Row

MOST_LESSONS = 100_000


class Recall(Fetching):
    """The learned part of the Store port's reading half."""

    async def habits(
        self, subject: SubjectId, target: TargetId, keys: Sequence[tuple[str, str]]
    ) -> Mapping[str, int]:
        counts = {f"{verb} {resource}": 0 for verb, resource in keys}
        columns = tables.habits.c
        for start in range(0, len(keys), 256):  # A statement takes only so many parameters.
            known = select(tables.habits).where(
                columns.subject_id == subject,
                columns.target_id == target,
                tuple_(columns.verb, columns.resource).in_(keys[start : start + 256]),
            )
            for row in await self._rows(known):
                counts[f"{row['verb']} {row['resource']}"] = row["times"]
        return counts

    async def profile(self, subject: SubjectId) -> bytes | None:
        columns = tables.profiles.c
        return await self._one(select(columns.body).where(columns.subject_id == subject), _body)

    async def profiles(
        self, after: SubjectId | None = None, limit: int = 1000
    ) -> Sequence[tuple[SubjectId, bytes]]:
        columns = tables.profiles.c
        wanted = select(columns.subject_id, columns.body).order_by(columns.subject_id)
        if after is not None:
            wanted = wanted.where(columns.subject_id > after)
        found = await self._rows(wanted.limit(bounded(limit)))
        return [(SubjectId(row["subject_id"]), row["body"]) for row in found]

    async def lessons(
        self,
        subject: SubjectId,
        session: SessionId | None = None,
        since: datetime | None = None,
        limit: int = MOST_LESSONS,
    ) -> Sequence[Lesson]:
        """Return the lessons, oldest first; of one instant, in the order in which they came.

        limit: above 100,000 it counts as that.
        """
        columns = tables.lessons.c
        wanted = select(tables.lessons).where(columns.subject_id == subject)
        if session is not None:
            wanted = wanted.where(columns.session_id == session)
        if since is not None:
            wanted = wanted.where(columns.at >= since)
        oldest = wanted.order_by(columns.at, columns.arrival)
        found = await self._rows(oldest.limit(bounded(limit, MOST_LESSONS)))
        # All of somebody's years can be a second's work, which must not hold up the others.
        return await asyncio.to_thread(_lessons_of, found)

    async def security_events(
        self, subject: SubjectId, since: datetime, limit: int = 100
    ) -> Sequence[SecurityEvent]:
        columns = tables.security_events.c
        wanted = select(tables.security_events).where(
            columns.subject_id == subject, columns.at >= since
        )
        newest = wanted.order_by(columns.at.desc(), columns.arrival.desc())
        return await self._all(newest.limit(bounded(limit)), rows.security_event_of)


def _body(row: Row) -> bytes:
    body: bytes = row["body"]
    return body


def _lessons_of(found: Sequence[Row]) -> list[Lesson]:
    return [decoded(rows.lesson_of, row) for row in found]
