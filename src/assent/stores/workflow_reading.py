"""What the store answers of notices, timers, reviews, devices' keys and policy revisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from assent.core.absence import Absence
from assent.core.device_key import DeviceKey
from assent.core.ids import ReviewId, SubjectId
from assent.core.notice import Delivery, Notice
from assent.core.policy_revision import PolicyRevision
from assent.core.review import Review
from assent.core.timer import Timer
from assent.stores import workflow_rows as rows
from assent.stores.fetching import MOST_ROWS, Fetching, bounded
from assent.stores.workflow_tables import (
    absences,
    deliveries,
    device_keys,
    notices,
    policy_revisions,
    reviews,
    timers,
)

_MOST_OF_A_THREAD = 1_000


class WorkflowReading(Fetching):
    """The part of the Store port's reading half that came with the workflow."""

    async def due_timers(self, now: datetime, limit: int = 500) -> Sequence[Timer]:
        columns = timers.c
        due = select(timers).where(columns.due_at <= now)
        earliest = due.order_by(columns.due_at, columns.about, columns.kind)
        return await self._all(earliest.limit(bounded(limit)), rows.timer_of)

    async def due_deliveries(
        self, now: datetime, limit: int = 100
    ) -> Sequence[tuple[Notice, Delivery]]:
        columns = deliveries.c
        due = _told().where(columns.due_at <= now)
        longest = due.order_by(columns.due_at, columns.notice_id, columns.channel)
        return await self._all(longest.limit(bounded(limit)), rows.told_of)

    async def dead_deliveries(self, limit: int = 100) -> Sequence[tuple[Notice, Delivery]]:
        columns = deliveries.c
        dead = _told().where(columns.due_at.is_(None), columns.delivered_at.is_(None))
        newest = dead.order_by(notices.c.at.desc(), columns.notice_id.desc(), columns.channel)
        return await self._all(newest.limit(bounded(limit)), rows.told_of)

    async def delivered(self, thread: str, channel: str) -> Sequence[Delivery]:
        """Return those that have a reference, newest first; at most 1,000."""
        columns = deliveries.c
        found = (
            select(deliveries)
            .join_from(notices, deliveries, columns.notice_id == notices.c.id)
            .where(notices.c.thread == thread, columns.channel == channel, columns.reference != "")
        )
        newest = found.order_by(notices.c.at.desc(), notices.c.id.desc())
        return await self._all(newest.limit(_MOST_OF_A_THREAD), rows.delivery_of)

    async def absences(self) -> Sequence[Absence]:
        """Return what is kept of everybody, by subject."""
        return await self._all(select(absences).order_by(absences.c.subject_id), rows.absence_of)

    async def reviews(
        self,
        subject: SubjectId | None = None,
        open_only: bool = False,
        limit: int = 100,
    ) -> Sequence[Review]:
        columns = reviews.c
        wanted = select(reviews)
        if subject is not None:
            wanted = wanted.where(columns.subject_id == subject)
        if open_only:
            wanted = wanted.where(columns.closed_at.is_(None))
        newest = wanted.order_by(columns.opened_at.desc(), columns.id.desc())
        return await self._all(newest.limit(bounded(limit)), rows.review_of)

    async def review(self, review: ReviewId) -> Review | None:
        return await self._one(select(reviews).where(reviews.c.id == review), rows.review_of)

    async def device_keys(self, subject: SubjectId | None = None) -> Sequence[DeviceKey]:
        columns = device_keys.c
        wanted = select(device_keys)
        if subject is not None:
            wanted = wanted.where(columns.subject_id == subject)
        oldest = wanted.order_by(columns.enrolled_at, columns.id)
        return await self._all(oldest.limit(MOST_ROWS), rows.device_key_of)

    async def policy_revision(self, revision: str) -> PolicyRevision | None:
        wanted = select(policy_revisions).where(policy_revisions.c.revision == revision)
        return await self._one(wanted, rows.policy_revision_of)

    async def applied_policies(self) -> PolicyRevision | None:
        """Return the revision that somebody applied last; applied again, it is the last."""
        columns = policy_revisions.c
        applied = select(policy_revisions).where(columns.by.is_not(None))
        newest = applied.order_by(columns.arrival.desc(), columns.at.desc()).limit(1)
        return await self._one(newest, rows.policy_revision_of)


def _told() -> Select[Any]:
    return select(notices, deliveries).join_from(
        deliveries, notices, notices.c.id == deliveries.c.notice_id
    )
