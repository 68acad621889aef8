"""The Store port on PostgreSQL: written by many processes, numbered by one of them."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.exc import DBAPIError

from assent.audit.edge import Edge
from assent.audit.note import Signer, open_note
from assent.core.clock import Clock
from assent.core.entry import Checkpoint
from assent.core.faults import ConflictFault, OperatorFault, OutsideFault
from assent.core.ids import Ids, SessionId
from assent.core.ports import MasterKey, StoredEntry
from assent.stores import log, outbox
from assent.stores.database import Database
from assent.stores.log import Unit
from assent.stores.outbox import PURPOSE, Stamp
from assent.stores.postgres_database import WRITING, PostgresDatabase, connect
from assent.stores.progress import Progress
from assent.stores.sequencer import SETTINGS, Sequencer
from assent.stores.store import SqlStore
from assent.stores.tables import checkpoints
from assent.stores.writer import Writer

_SETTLED_WITHIN_S = 5.0
_TRIES = 3
# Deadlock and serialisation failure (PostgreSQL, appendix A).
_TRY_AGAIN = ("40P01", "40001")


class OutboxWriter(Writer):
    """Writes this process's units, entries into the outbox. Each batch is one transaction."""

    def __init__(self, database: PostgresDatabase, edge: Edge, stamp: Stamp) -> None:
        super().__init__(database, edge)
        self._stamp = stamp
        self.progress = Progress(self.growth, asyncio.get_running_loop().time)

    async def submit(self, unit: Unit) -> None:
        """Return when the unit is durable. Raises ConflictFault or OutsideFault."""
        self.progress.check()
        await super().submit(unit)

    async def _transact(self, units: Sequence[Unit]) -> list[ConflictFault | None]:
        work = partial(outbox.write, units=units, stamp=self._stamp)
        for _ in range(_TRIES - 1):
            try:
                return self._wrote(*await self._database.write(work))
            except DBAPIError as cause:
                # Two processes may lock rows in opposite order; one of them was undone.
                if getattr(cause.orig, "sqlstate", "") not in _TRY_AGAIN:
                    raise
        return self._wrote(*await self._database.write(work))

    def _wrote(
        self, outcomes: list[ConflictFault | None], position: int
    ) -> list[ConflictFault | None]:
        self.progress.wrote(position)
        return outcomes


async def postgres_store(
    database: Database, edge: Edge, signer: Signer, ids: Ids, clock: Clock, master: MasterKey
) -> "PostgresStore":
    """Return the store in a database whose schema is up to date, with its sequencer running."""
    if not isinstance(database, PostgresDatabase):
        raise TypeError("the outbox is PostgreSQL's")
    await database.read(partial(_check_signer, signer=signer))
    last = await database.read(outbox.last_position)
    return PostgresStore(database, edge, last, signer, ids, clock, master)


def _check_signer(connection: Connection, *, signer: Signer) -> None:
    """Raise OperatorFault where others have signed this log: their MACs and ours would differ."""
    columns = checkpoints.c
    note = connection.scalar(select(columns.note).order_by(columns.size.desc()).limit(1))
    try:
        if note is not None:
            open_note(note, [signer.verifier])
    except ValueError as cause:
        raise OperatorFault(
            "audit-key-other",
            "the log in this database was signed with another key, or under another origin: bring "
            "its `audit.key` into the data folder, or begin a new log in an empty database",
        ) from cause


class PostgresStore(SqlStore):
    """`core.ports.Store` on PostgreSQL. Whoever reads the log finds what they committed.

    last: position of what earlier processes left in the outbox, which is found as well.
    """

    _writer: OutboxWriter

    def __init__(
        self,
        database: PostgresDatabase,
        edge: Edge,
        last: int,
        signer: Signer,
        ids: Ids,
        clock: Clock,
        master: MasterKey,
    ) -> None:
        stamp = Stamp(partial(signer.all_derived, PURPOSE))
        writer = OutboxWriter(database, edge, stamp)
        writer.progress.wrote(last)
        super().__init__(database, writer, signer, ids, clock, master, shared=True)
        sequencer = Sequencer(
            partial(connect, database.url, {**WRITING, **SETTINGS}),
            partial(database.read, log.read_edge),
            stamp,
            writer.progress,
        )
        self._sequencing = asyncio.create_task(sequencer.run(), name="sequencer")

    async def publish(self) -> Checkpoint:
        await self._writer.progress.settled(_SETTLED_WITHIN_S)
        return await super().publish()

    def trouble(self) -> str:
        """Return what keeps the log from growing; empty while nothing does."""
        return self._writer.progress.trouble()

    async def leaves_of(
        self, session: SessionId, start: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        await self._writer.progress.settled(_SETTLED_WITHIN_S)
        return await super().leaves_of(session, start, limit)

    async def _opened(self, wanted: Select[Any]) -> Sequence[StoredEntry]:
        await self._writer.progress.settled(_SETTLED_WITHIN_S)
        return await super()._opened(wanted)

    async def close(self) -> None:
        """Write what waits, number it if that can be done, and let go of the database."""
        await self._writer.close()
        # If not, it is durable still: whoever opens the store next, or runs now, numbers it.
        with suppress(OutsideFault):
            await self._writer.progress.settled(_SETTLED_WITHIN_S)
        self._sequencing.cancel()
        await asyncio.wait([self._sequencing])
        await self._database.close()
