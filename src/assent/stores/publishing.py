"""Checkpoints: signed as the log grows, waited for, and thinned as they grow old."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, not_, select

from assent.core.entry import Checkpoint
from assent.core.faults import Fault, OutsideFault
from assent.stores.append_only import deleting
from assent.stores.audit_tables import anchors, cosignatures
from assent.stores.tables import checkpoints

PACE_S = 1.0
"""The least time between two checkpoints."""

_ALL_FOR = timedelta(days=1)
_HOURLY_FOR = timedelta(days=31)
_TWO_KEYS = "%\n— %\n— %"

_log = structlog.get_logger("checkpoints")


class Growth:
    """How large the log is, for those who wait until it is larger."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._grown = asyncio.Event()

    def grow(self, size: int) -> None:
        """Take note that the log has `size` entries, and wake whoever waits."""
        if size > self.size:
            self.size = size
            grown, self._grown = self._grown, asyncio.Event()
            grown.set()

    async def beyond(self, size: int) -> int:
        """Return the size of the log as soon as it is larger than `size`."""
        while self.size <= size:
            await self._grown.wait()
        return self.size


class Publishing:
    """Signs checkpoints no faster than `PACE_S`, however many wait for one.

    publish: signs one over all that is committed and keeps it.
    """

    def __init__(self, growth: Growth, publish: Callable[[], Awaitable[Checkpoint]]) -> None:
        self._growth = growth
        self._publish = publish
        self._turn = asyncio.Lock()
        self._newest: Checkpoint | None = None
        self._not_before = 0.0

    async def covering(self, size: int, within_s: float) -> Checkpoint:
        """Return a checkpoint over at least the first `size` entries.

        Raises OutsideFault when there is none within that time.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._growth.beyond(size - 1)
                return await self._reaching(size)
        except TimeoutError:
            raise OutsideFault(
                "no-checkpoint", f"no checkpoint over {size} entries was signed in time"
            ) from None

    async def run(self) -> None:
        """Sign whenever the log has grown, until cancelled. A fault is logged and tried again."""
        while True:
            size = self._newest.size if self._newest is not None else 0
            try:
                await self._reaching(await self._growth.beyond(size))
            except Fault as fault:
                _log.warning("checkpoint-failed", code=fault.code, what=str(fault))
                await asyncio.sleep(PACE_S)
            except Exception:
                # A fault of ours here must not end sessions; that no checkpoint comes is seen.
                _log.exception("checkpoint-broke")
                await asyncio.sleep(PACE_S)

    async def _reaching(self, size: int) -> Checkpoint:
        """Return a checkpoint that reaches `size`: the newest one, or the next one."""
        async with self._turn:
            if self._newest is not None and self._newest.size >= size:
                return self._newest
            now = asyncio.get_running_loop().time
            await asyncio.sleep(max(0.0, self._not_before - now()))
            self._not_before = now() + PACE_S
            self._newest = await self._publish()
            self._growth.grow(self._newest.size)
            return self._newest


def thin(connection: Connection, now: datetime) -> int:
    """Delete checkpoints that are not retained any more; return how many.

    Retained are all of the last day, then the last one of each hour for a month, then the last
    one of each day, of those that a witness saw where there are any; and at any age the newest
    one, the newest that each witness saw, what an anchor holds, and what two keys of the log
    signed: who knows the older key alone comes to trust the newer one by it.
    """
    columns, signed = checkpoints.c, cosignatures.c
    anchored = exists(select(anchors.c.id).where(anchors.c.size == columns.size))
    cosigned = exists(select(signed.size).where(signed.size == columns.size))
    old = select(columns.size, columns.at, cosigned.label("seen"))
    old = old.where(columns.at < now - _ALL_FOR, not_(anchored), columns.note.not_like(_TWO_KEYS))
    old = old.order_by(columns.size)
    found = [(row.size, row.at, bool(row.seen)) for row in connection.execute(old)]
    newest = set(connection.scalars(select(func.max(signed.size)).group_by(signed.witness)))
    newest.add(connection.scalar(select(func.max(columns.size))))
    gone = [{"thinned": size} for size in superfluous(found, now) if size not in newest]
    if gone:
        thinned: BindParameter[int] = bindparam("thinned")
        with deleting(connection):
            connection.execute(delete(cosignatures).where(signed.size == thinned), gone)
            connection.execute(
                delete(checkpoints).where(columns.size == thinned, not_(anchored)), gone
            )
    return len(gone)


def superfluous(known: Iterable[tuple[int, datetime, bool]], now: datetime) -> Sequence[int]:
    """Return which of these checkpoints are too close to the next.

    known: (size, signed at, whether a witness saw it), by size, all older than a day. Of a span
    of time the last one that a witness saw is kept, or else the last one.
    """
    gone: list[int] = []
    for _, together in groupby(known, key=lambda each: _span_of(each[1].astimezone(UTC), now)):
        of_the_span = [(seen, size) for size, _, seen in together]
        gone += sorted(size for _, size in set(of_the_span) - {max(of_the_span)})
    return gone


def _span_of(at: datetime, now: datetime) -> tuple[int, ...]:
    day = (at.year, at.month, at.day)
    return (*day, at.hour) if now - at < _HOURLY_FOR else day
