"""What the store answers of the log's keys, witnesses, anchors and readers."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from assent.core.data_key import DataKey, LegalHold
from assent.core.entry import Anchor, Cosignature
from assent.core.ids import DataKeyId, SubjectId
from assent.stores import audit_rows as rows
from assent.stores.audit_changes import MINIMUM
from assent.stores.audit_tables import (
    anchors,
    configured,
    cosignatures,
    cursors,
    data_keys,
    legal_holds,
)
from assent.stores.fetching import MOST_ROWS, Fetching, bounded


class AuditReading(Fetching):
    """The part of the Store port's reading half that came with the log's keys and witnesses."""

    async def minimum(self) -> int:
        return await self.cursor(MINIMUM)

    async def cursor(self, name: str) -> int:
        wanted = select(cursors.c.position).where(cursors.c.name == name)
        return await self._one(wanted, lambda row: int(row["position"])) or 0

    async def configured(self, kind: str) -> Mapping[str, str]:
        wanted = select(configured).where(configured.c.kind == kind)
        return dict(await self._all(wanted, lambda row: (str(row["name"]), str(row["digest"]))))

    async def cosignatures(self, size: int) -> Sequence[Cosignature]:
        columns = cosignatures.c
        wanted = select(cosignatures).where(columns.size == size).order_by(columns.witness)
        return await self._all(wanted.limit(MOST_ROWS), rows.cosignature_of)

    async def newest_cosignatures(self) -> Sequence[Cosignature]:
        columns = cosignatures.c
        largest = (
            select(columns.witness, func.max(columns.size).label("size"))
            .group_by(columns.witness)
            .subquery()
        )
        wanted = select(cosignatures).join(
            largest, (columns.witness == largest.c.witness) & (columns.size == largest.c.size)
        )
        return await self._all(wanted.order_by(columns.witness), rows.cosignature_of)

    async def anchors(self, limit: int = 100) -> Sequence[Anchor]:
        newest = select(anchors).order_by(anchors.c.at.desc(), anchors.c.id.desc())
        return await self._all(newest.limit(bounded(limit)), rows.anchor_of)

    async def data_keys(
        self, subject: SubjectId | None, *, live_only: bool = False
    ) -> Sequence[DataKey]:
        columns = data_keys.c
        wanted = select(data_keys).where(columns.subject_id == (subject or ""))
        if live_only:
            wanted = wanted.where(columns.wrapped.is_not(None))
        newest = wanted.order_by(columns.created_at.desc(), columns.id.desc())
        return await self._all(newest.limit(MOST_ROWS), rows.data_key_of)

    async def data_key(self, key: DataKeyId) -> DataKey | None:
        return await self._one(select(data_keys).where(data_keys.c.id == key), rows.data_key_of)

    async def legal_holds(self) -> Sequence[LegalHold]:
        columns = legal_holds.c
        newest = select(legal_holds).order_by(columns.placed_at.desc(), columns.id.desc())
        return await self._all(newest.limit(MOST_ROWS), rows.legal_hold_of)
