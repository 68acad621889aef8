"""The one writer: whatever waits at one moment goes to disk in one transaction.

Callers wait until the disk has it. A conflict costs only the unit that has it; a disk that
cannot take the batch costs the whole batch, and the next one is tried again.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError

from assent.audit.edge import Edge
from assent.core.faults import ConflictFault, Fault, OperatorFault, OutsideFault
from assent.stores import log
from assent.stores.database import Database
from assent.stores.log import LogMoved, Unit
from assent.stores.publishing import Growth

_WAITING_UNITS = 1_024
_BATCH_ROWS = 2_048
_TRIES = 3
WITHIN_S = 10.0
"""How long a commit may take. Whoever waits for a disk that hangs is refused, not kept."""

# What the drivers raise when a disk, a server or a value is bad; ours are never among them.
FAILURES = (SQLAlchemyError, OSError, ValueError, OverflowError)
# These are about one unit's values and not about the disk; they must not take the others along.
_UNITS_OWN = (IntegrityError, DataError, ValueError, OverflowError)

_Waiting = tuple[Unit, asyncio.Future[None]]


class Writer:
    """Owns the log's edge, and is the only one that writes. `edge`: the one on disk."""

    def __init__(self, database: Database, edge: Edge) -> None:
        self._database = database
        self._edge = edge
        self.growth = Growth(edge.size)
        self._queue: asyncio.Queue[_Waiting | None] = asyncio.Queue(_WAITING_UNITS)
        self._closing = False
        self._overdue = asyncio.get_running_loop().call_later(0, lambda: None)
        self._task = asyncio.create_task(self._run(), name="store writer")

    async def submit(self, unit: Unit) -> None:
        """Return when the unit is durable. Raises ConflictFault or OutsideFault.

        A caller that is cancelled while it waits cannot know whether the unit was written.
        """
        if self._closing or self._task.done():
            raise _unavailable("the store is closed")
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._queue.full():
            await self._queue.put((unit, written))
        else:
            self._queue.put_nowait((unit, written))
        if self._task.done():
            # It stopped while this unit waited for a place; nobody will ever read it.
            raise _unavailable("the store is closed")
        await written

    async def close(self) -> None:
        """Write what waits, then stop."""
        if not self._closing:
            self._closing = True
            if not self._task.done():
                await self._queue.put(None)
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        batch: list[_Waiting] = []
        try:
            while (first := await self._queue.get()) is not None:
                batch, last = self._drain(first)
                self._expect(batch)
                await self._write(batch)
                self._overdue.cancel()
                if last:
                    return
        finally:
            self._overdue.cancel()
            self._abandon(batch, "the store is closed")

    def _expect(self, batch: Sequence[_Waiting]) -> None:
        # One timer for a batch: one for each commit would cost a tenth of it.
        self._overdue.cancel()
        loop = asyncio.get_running_loop()
        self._overdue = loop.call_later(WITHIN_S, self._give_up, batch)

    def _give_up(self, batch: Sequence[_Waiting]) -> None:
        """Refuse whoever waits; what is behind the batch that hangs will not be written."""
        self._abandon(batch, f"the disk did not take it within {WITHIN_S:g} s")
        if self._closing:
            self._queue.put_nowait(None)
        self._expect(())

    def _drain(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        batch, rows = [first], first[0].weight
        while rows < _BATCH_ROWS and not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is None:
                return batch, True
            batch.append(waiting)
            rows += waiting[0].weight
        return batch, False

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            outcomes: Sequence[Fault | None] = await self._transact([unit for unit, _ in batch])
        except FAILURES as cause:
            if len(batch) > 1 and _is_units_own(cause):
                for waiting in batch:
                    await self._write([waiting])
                return
            outcomes = [_refusal(cause) for _ in batch]
        except (LogMoved, OperatorFault) as cause:
            outcomes = [_unavailable("the log was changed beside us", cause) for _ in batch]
        for (_, written), fault in zip(batch, outcomes, strict=True):
            _settle(written, fault)

    async def _transact(self, units: Sequence[Unit]) -> list[ConflictFault | None]:
        for _ in range(_TRIES):
            try:
                outcomes, edge = await self._database.write(
                    partial(log.write, units=units, edge=self._edge)
                )
            except LogMoved:
                await self._follow()
                continue
            # Only what is committed counts; after a failure the old edge still stands.
            self._edge = edge
            self.growth.grow(edge.size)
            return outcomes
        raise LogMoved

    async def _follow(self) -> None:
        edge = await self._database.read(log.read_edge)
        if edge.size < self._edge.size:
            # A log that went back would give one index to two entries.
            raise LogMoved
        self._edge = edge

    def _abandon(self, batch: Sequence[_Waiting], because: str) -> None:
        left = list(batch)
        while not self._queue.empty():
            waiting = self._queue.get_nowait()
            if waiting is not None:
                left.append(waiting)
        for _, written in left:
            _settle(written, _unavailable(because))


def _settle(written: asyncio.Future[None], fault: Fault | None) -> None:
    if written.done():  # Settled before, or the caller was cancelled.
        return
    if fault is None:
        written.set_result(None)
    else:
        written.set_exception(fault)


def _is_units_own(cause: BaseException) -> bool:
    if isinstance(cause, _UNITS_OWN):
        return True
    # A value that a column type refuses comes wrapped, with what refused it beside it. asyncpg's
    # are told by their state alone: class 22 is data exceptions (PostgreSQL, appendix A).
    origin = cause.orig if isinstance(cause, StatementError) else None
    return isinstance(origin, ValueError) or str(getattr(origin, "sqlstate", ""))[:2] == "22"


def _refusal(cause: BaseException) -> Fault:
    if isinstance(cause, IntegrityError):
        # Conflicts of changes were told before; what is left is an entry's id.
        fault = ConflictFault("entry-exists", "an entry with this id stands in the log already")
        fault.__cause__ = cause
        return fault
    return _unavailable("the store cannot be written", cause)


def _unavailable(detail: str, cause: BaseException | None = None) -> OutsideFault:
    fault = OutsideFault("store-unavailable", detail)
    fault.__cause__ = cause
    return fault
