"""What an export is made of, as it is stored: nothing is opened and nothing is decoded."""

from collections.abc import Sequence

from sqlalchemy import select

from assent.core.data_key import DataKey
from assent.core.entry import Checkpoint
from assent.stores import audit_rows, rows
from assent.stores.audit_tables import data_keys
from assent.stores.fetching import Fetching, bounded
from assent.stores.tables import checkpoints, entries, payloads


class Exporting(Fetching):
    """The part of the Store port that exports are read by."""

    async def leaves(self, start: int, limit: int) -> Sequence[bytes]:
        """Return leaves as they are stored, in order, from index `start`."""
        index = entries.c.leaf_index
        wanted = select(entries.c.leaf).where(index >= start, index < start + bounded(limit))
        return await self._all(wanted.order_by(index), lambda row: bytes(row["leaf"]))

    async def payloads(self, start: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """Return index and stored bytes of the payloads among so many entries from `start`."""
        index = payloads.c.leaf_index
        wanted = select(payloads).where(index >= start, index < start + bounded(limit))
        return await self._all(
            wanted.order_by(index), lambda row: (int(row["leaf_index"]), bytes(row["body"]))
        )

    async def checkpoint_sizes(self, most: int) -> Sequence[int]:
        """Return the sizes of retained checkpoints up to the size `most`, the smallest first."""
        size = checkpoints.c.size
        wanted = select(size).where(size <= most).order_by(size)
        return await self._all(wanted, lambda row: int(row["size"]))

    async def checkpoint_at(self, size: int) -> Checkpoint | None:
        """Return the checkpoint of exactly that size."""
        wanted = select(checkpoints).where(checkpoints.c.size == size)
        return await self._one(wanted, rows.checkpoint_of)

    async def live_data_keys(self, after: str = "", limit: int = 1_000) -> Sequence[DataKey]:
        """Return the data keys that are not destroyed, by id, those behind `after`."""
        columns = data_keys.c
        live = select(data_keys).where(columns.id > after, columns.wrapped.is_not(None))
        return await self._all(
            live.order_by(columns.id).limit(bounded(limit)), audit_rows.data_key_of
        )
