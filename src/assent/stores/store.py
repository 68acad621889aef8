"""The Store port on SQLite or PostgreSQL: opened, written by one writer, read by many."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from assent.audit.checkpoint import format_checkpoint
from assent.audit.edge import Edge
from assent.audit.note import Signer
from assent.core.changes import Change, PutDataKey
from assent.core.clock import Clock
from assent.core.entry import Checkpoint, Entry
from assent.core.faults import Fault, OutsideFault
from assent.core.ids import Ids
from assent.core.ports import MasterKey
from assent.stores import log, schema
from assent.stores.database import Database, database_at, locate
from assent.stores.erasing import destroyed, destroying, refuse_foreign, tidied
from assent.stores.keyring import Keyring, KeysGone
from assent.stores.log import Unit
from assent.stores.publishing import Publishing, thin
from assent.stores.reading import Reading
from assent.stores.rewrapping import rewrap
from assent.stores.writer import Writer


async def open_store(
    where: Path | str,
    signer: Signer,
    ids: Ids,
    clock: Clock,
    master: MasterKey,
    former: MasterKey | None = None,
) -> "SqlStore":
    """Return the store in the folder `where`, or at the URL `where`, its schema up to date.

    former: the master key before this one; what it wrapped is wrapped anew. Raises OperatorFault
    when the schema is newer than this version, the log does not add up, or another master key
    wrapped its keys, OutsideFault when the database cannot be reached.
    """
    url = locate(where)
    database = database_at(url)
    try:
        edge = await _prepared(database)
        if former is not None:
            await rewrap(database, former, master)
        await database.read(partial(refuse_foreign, master=master.name))
        # A stop between destroying a key and cutting out its copies left these lying.
        await tidied(database)
        if url.get_backend_name() == "postgresql":
            from assent.stores.postgres_log import postgres_store

            return await postgres_store(database, edge, signer, ids, clock, master)
        return SqlStore(database, Writer(database, edge), signer, ids, clock, master)
    except (SQLAlchemyError, OSError) as cause:
        await database.close()
        why = f": {cause}" if isinstance(cause, ConnectionError) else ""
        shown = url.set(drivername=url.get_backend_name()).render_as_string()
        raise OutsideFault(
            "store-unavailable", f"the store at `{shown}` cannot be opened{why}"
        ) from cause
    except Fault:
        await database.close()
        raise


async def _prepared(database: Database) -> Edge:
    await database.write(schema.upgrade)
    await database.write(_check)
    # A log of an older version stands without tiles: millions of entries take many turns.
    while not await database.write(log.catch_up):
        pass
    return await database.read(log.read_edge)


def _check(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Another process may be writing: entries and frontier must be of one moment.
        connection.execute(text("set transaction isolation level repeatable read"))
    log.check(connection)


class SqlStore(Reading):
    """`core.ports.Store` in SQL. Reads never wait for the writer."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        signer: Signer,
        ids: Ids,
        clock: Clock,
        master: MasterKey,
        *,
        shared: bool = False,
    ) -> None:
        super().__init__(database)
        self.keyring = Keyring(master, self, self._keep_key, ids, clock, shared=shared)
        self._writer = writer
        self._signer = signer
        self._clock = clock
        self._signing = asyncio.Lock()
        self._publishing = Publishing(writer.growth, self.publish)

    def trouble(self) -> str:
        """Return what keeps the log from growing; empty while nothing does."""
        return ""

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        """Apply all and append all, or nothing; durable on return.

        A caller that is cancelled while it waits cannot know whether it was written.
        Raises ConflictFault, OutsideFault.
        """
        if (gone := destroyed(changes)) is not None:
            async with destroying(gone, self.keyring, self._database):
                await self._commit(changes, entries)
        else:
            await self._commit(changes, entries)

    async def _commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        try:
            await self._sealed_and_submitted(changes, entries)
        except OutsideFault as fault:
            if not isinstance(fault.__cause__, KeysGone):
                raise
            # Nothing of it was written.
            self.keyring.forget(fault.__cause__.keys)
            await self._sealed_and_submitted(changes, entries)

    async def _sealed_and_submitted(
        self, changes: Sequence[Change], entries: Sequence[Entry]
    ) -> None:
        seal = await self.keyring.sealer(entries)
        unit = Unit(tuple(changes), log.encode_entries(entries, seal))
        if unit.changes or unit.entries:
            await self._writer.submit(unit)

    async def publish(self) -> Checkpoint:
        """Sign a checkpoint over all that is committed, keep it and return it.

        While the log does not grow it is the same one. Raises OperatorFault, and signs
        nothing, when the log does not continue what was signed before.
        """
        async with self._signing:
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

    async def publish_on_growth(self) -> None:
        """Sign a checkpoint whenever the log has grown, at most once a second, until cancelled."""
        await self._publishing.run()

    async def covering(self, size: int, within_s: float) -> Checkpoint:
        """Return a checkpoint over at least the first `size` entries, waiting for it.

        Raises OutsideFault when there is none in time.
        """
        newest = await self.checkpoint()
        if newest is not None and newest.size >= size:
            return newest
        return await self._publishing.covering(size, within_s)

    async def wait_beyond(self, size: int) -> int:
        """Return how large the log is as soon as it is larger than `size`."""
        return await self._writer.growth.beyond(size)

    async def thin_checkpoints(self) -> int:
        """Delete checkpoints that are not retained any more; return how many."""
        try:
            return await self._database.write(partial(thin, now=self._clock.now()))
        except (SQLAlchemyError, OSError) as cause:
            raise OutsideFault("store-unavailable", "the store cannot be written") from cause

    async def _keep_key(self, key: PutDataKey) -> None:
        await self._writer.submit(Unit((key,)))

    async def close(self) -> None:
        """Write what waits and let go of the database."""
        await self._writer.close()
        await self._database.close()
