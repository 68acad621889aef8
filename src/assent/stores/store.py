"""The Store port on SQLite or PostgreSQL: opened, written by one writer, read by many."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from assent.audit.checkpoint import format_checkpoint
from assent.audit.note import Signer
from assent.audit.tree import Frontier
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.entry import Checkpoint, Entry
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import Ids
from assent.stores import log, schema
from assent.stores.database import Database, database_at, locate
from assent.stores.log import Unit
from assent.stores.reading import Reading
from assent.stores.writer import Writer


async def open_store(where: Path | str, signer: Signer, ids: Ids, clock: Clock) -> "SqlStore":
    """Return the store in the folder `where`, or at the URL `where`, its schema up to date.

    Raises OperatorFault when the schema is newer than this version or the log does not add
    up, OutsideFault when the database cannot be reached.
    """
    url = locate(where)
    database = database_at(url)
    try:
        edge = await database.write(_prepare)
    except (SQLAlchemyError, OSError) as cause:
        await database.close()
        raise OutsideFault(
            "store-unavailable", f"the store at `{url.render_as_string()}` cannot be opened"
        ) from cause
    except OperatorFault:
        await database.close()
        raise
    return SqlStore(database, Writer(database, edge), signer, ids, clock)


def _prepare(connection: Connection) -> Frontier:
    schema.upgrade(connection)
    return log.check(connection)


class SqlStore(Reading):
    """`core.ports.Store` in SQL. Reads never wait for the writer."""

    def __init__(
        self, database: Database, writer: Writer, signer: Signer, ids: Ids, clock: Clock
    ) -> None:
        super().__init__(database)
        self._writer = writer
        self._signer = signer
        self._ids = ids
        self._clock = clock
        self._publishing = asyncio.Lock()

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        """Apply all and append all, or nothing; durable on return.

        A caller that is cancelled while it waits cannot know whether it was written.
        Raises ConflictFault, OutsideFault.
        """
        unit = Unit(tuple(changes), log.encode_entries(entries, self._ids))
        if unit.changes or unit.entries:
            await self._writer.submit(unit)

    async def publish(self) -> Checkpoint:
        """Sign a checkpoint over all that is committed, keep it and return it.

        While the log does not grow it is the same one. Raises OperatorFault, and signs
        nothing, when the log does not continue what was signed before.
        """
        async with self._publishing:
            # In this order, so that a checkpoint of another process is never ahead of the log.
            newest = await self.checkpoint()
            edge = await self._frontier()
            root = edge.root()
            if newest is not None and (
                newest.size > edge.size or (newest.size == edge.size and newest.root != root)
            ):
                raise log.broken(f"size {newest.size} was signed with another root or is gone")
            if newest is not None and newest.size == edge.size:
                return newest
            text = format_checkpoint(self._signer.name, edge.size, root)
            signed = Checkpoint(edge.size, root, self._signer.sign(text), self._clock.now())
            await self._writer.submit(Unit(checkpoint=signed))
            return signed

    async def close(self) -> None:
        """Write what waits and let go of the database."""
        await self._writer.close()
        await self._database.close()
