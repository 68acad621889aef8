"""What the store answers of grants: each with the texts of its plan, in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from assent.core.grant import Grant, GrantKind, PlannedText
from assent.core.ids import GrantId, SubjectId, TargetId
from assent.stores.fetching import MOST_ROWS, Fetching, bounded
from assent.stores.rows import Row
from assent.stores.tables import grants, plan_texts
from assent.stores.workflow_rows import grant_of

_TEXT = ("digest", "times", "used")


class GrantReading(Fetching):
    """The part of the Store port's reading half that is about grants."""

    async def grant(self, grant: GrantId) -> Grant | None:
        found = await self._grants(select(grants.c.id).where(grants.c.id == grant), *_NEWEST)
        return found[0] if found else None

    async def grants(
        self,
        subject: SubjectId | None = None,
        target: TargetId | None = None,
        valid_at: datetime | None = None,
        limit: int = 100,
        but: SubjectId | None = None,
    ) -> Sequence[Grant]:
        wanted = select(grants.c.id)
        if subject is not None:
            wanted = wanted.where(grants.c.subject_id == subject)
        if target is not None:
            wanted = wanted.where(grants.c.target_id == target)
        if valid_at is not None:
            wanted = wanted.where(*_valid(valid_at))
        if but is not None:
            wanted = wanted.where(grants.c.subject_id != but)
        newest = wanted.order_by(*_NEWEST).limit(bounded(limit))
        return await self._grants(newest, *_NEWEST)

    async def delegations(self, valid_at: datetime) -> Sequence[Grant]:
        """Return the delegations that are valid then, oldest first; at most 10,000."""
        oldest = (grants.c.starts_at, grants.c.id)
        wanted = select(grants.c.id).where(
            grants.c.kind == GrantKind.DELEGATION.value, *_valid(valid_at)
        )
        return await self._grants(wanted.order_by(*oldest).limit(MOST_ROWS), *oldest)

    async def _grants(self, wanted: Select[Any], *order: ColumnElement[Any]) -> list[Grant]:
        statement = (
            select(grants, *(plan_texts.c[name].label(f"text_{name}") for name in _TEXT))
            .outerjoin_from(grants, plan_texts, plan_texts.c.grant_id == grants.c.id)
            .where(grants.c.id.in_(wanted))
            .order_by(*order, plan_texts.c.position)
        )
        return await self._grouped(statement, _grant_with_plan)


_NEWEST = (grants.c.starts_at.desc(), grants.c.id.desc())


def _valid(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return grants.c.revoked_at.is_(None), grants.c.starts_at <= at, grants.c.ends_at > at


def _grant_with_plan(found: Sequence[Row]) -> Grant:
    plan = [
        PlannedText(row["text_digest"], row["text_times"], row["text_used"])
        for row in found
        if row["text_digest"] is not None
    ]
    return grant_of(found[0], plan)
