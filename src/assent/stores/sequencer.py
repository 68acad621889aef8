"""The one sequencer: numbers what waits in the outbox, each turn one transaction.

Every process has one, and the one that holds the advisory lock leads. Lock and transactions are
of one connection, so that whoever lost the one cannot finish the other; when it ends, or stands
still, another takes the lock, reads where the log ends, and goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from assent.audit.edge import Edge
from assent.core.faults import OperatorFault
from assent.stores.numbering import Numbered, Refused, numbered
from assent.stores.outbox import Stamp, Waiting
from assent.stores.progress import Progress

PACE_S = 0.02
LOOK_S = 0.05
"""How often it looks when nobody wakes it."""

BATCH_ROWS = 4_096

# A leader that stands still, stopped or swapped out, is cut off by the server and followed.
SETTINGS = {
    "idle_session_timeout": "3s",
    "idle_in_transaction_session_timeout": "3s",
    "application_name": "assent sequencer",
}

# Any number will do, as long as all of ours take the same one; not the one of migrations.
_LOCK = 0x61_73_73_65_6E_75
_BACK_OFF_S = 0.25
_CLOSE_S = 1.0

_LEAD = "select pg_try_advisory_lock($1)"
_LOOK = (
    "select (select size from frontier), (select min(position) from unsequenced), "
    "(select because from halts)"
)
_TAKE = (
    "select position, id, request_id, session_id, leaf, payload, mac from unsequenced "
    "order by position limit $1"
)
_MOVE = "update frontier set size = $1, hashes = $2 where size = $3"
_DROP = "delete from unsequenced where position = any($1::bigint[])"
_HALT = "insert into halts (id, because) values (1, $1) on conflict do nothing"
_HALTED = "select because from halts"

_log = structlog.get_logger("sequencer")


class Sequencer:
    """Numbers what waits, or waits to do so. progress: is told how far it has come.

    connect: opens a connection that can write. read_edge: reads where the log ends.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        read_edge: Callable[[], Awaitable[Edge]],
        stamp: Stamp,
        progress: Progress,
    ) -> None:
        self._connect = connect
        self._read_edge = read_edge
        self._stamp = stamp
        self._progress = progress

    async def run(self) -> None:
        """Lead, or wait to lead, until cancelled. What fails is logged and tried again."""
        while True:
            try:
                await self._attend()
            except Exception as cause:
                # Whatever it was: nobody else of this process numbers entries, and a driver whose
                # connection was cut in the wrong moment raises what it says is its own mistake.
                _log.warning("sequencer-away", what=type(cause).__name__)
            await asyncio.sleep(_BACK_OFF_S)

    async def _attend(self) -> None:
        connection = await self._connect()
        try:
            while not await connection.fetchval(_LEAD, _LOCK):
                written = self._progress.written
                size, first, because = await connection.fetchrow(_LOOK)
                self._progress.halt(because)
                self._progress.seen(size, written, first)
                await self._progress.wait(LOOK_S, LOOK_S)
            await self._lead(connection)
        finally:
            await _let_go(connection)

    async def _lead(self, connection: asyncpg.Connection) -> None:
        await self._stand_by(connection)
        try:
            edge = await self._read_edge()
            if edge.size < self._progress.growth.size:
                raise Refused(f"the log went back from {self._progress.growth.size} entries")
            _log.info("sequencing", size=edge.size)
            while True:
                edge, is_full = await self._turn(connection, edge)
                if not is_full:
                    await self._progress.wait(PACE_S, LOOK_S)
        except (Refused, OperatorFault) as fault:
            _log.error("log-broken", what=str(fault))
            await connection.execute(_HALT, str(fault))
            await self._stand_by(connection)

    async def _stand_by(self, connection: asyncpg.Connection) -> None:
        """Return when nothing is halted: until then somebody has to look."""
        while because := await connection.fetchval(_HALTED):
            self._progress.halt(because)
            await asyncio.sleep(LOOK_S)
        self._progress.halt(None)

    async def _turn(self, connection: asyncpg.Connection, edge: Edge) -> tuple[Edge, bool]:
        """Number what waits; return where the log ends then, and whether more may wait.

        Raises Refused when something among it is not ours; then nothing was numbered.
        """
        written = self._progress.written
        found = await connection.fetch(_TAKE, BATCH_ROWS)
        if not found:
            self._progress.seen(edge.size, written, None)
            return edge, False
        rows = [Waiting(*row) for row in found]
        # A batch takes tens of milliseconds, which statements should not wait for.
        batch = await asyncio.to_thread(numbered, rows, edge, self._stamp)
        async with connection.transaction():
            await _write(connection, edge, batch)
        is_full = len(rows) == BATCH_ROWS
        self._progress.seen(batch.edge.size, written, rows[-1].position + 1 if is_full else None)
        return batch.edge, is_full


async def _write(connection: asyncpg.Connection, edge: Edge, batch: Numbered) -> None:
    after = batch.edge
    moved = await connection.execute(_MOVE, after.size, b"".join(after.hashes), edge.size)
    if moved != "UPDATE 1":
        raise Refused(f"the log does not end at {edge.size} entries any more")
    try:
        for table, (columns, records) in batch.tables.items():
            if records:
                await connection.copy_records_to_table(table, columns=columns, records=records)
    except asyncpg.UniqueViolationError as cause:
        raise Refused("an entry that waits stands in the log already") from cause
    await connection.execute(_DROP, batch.positions)


async def _let_go(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=_CLOSE_S)
    except Exception:
        # It may be in any state; the server notices that it is gone.
        connection.terminate()
