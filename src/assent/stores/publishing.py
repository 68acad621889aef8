"""Checkpoints: signed as the log grows, waited for, and thinned as they grow old."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import Connection, and_, bindparam, delete, exists, not_, select

from assent.core.entry import Checkpoint
from assent.core.faults import Fault, OutsideFault
from assent.stores.append_only import deleting
from assent.stores.audit_tables import anchors, cosignatures
from assent.stores.tables import checkpoints

PACE_S = 1.0
"""The least time between two checkpoints."""

_ALL_FOR = timedelta(days=1)
_HOURLY_FOR = timedelta(days=31)

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
    one of each day; and at any age the newest one and what a witness or an anchor has seen.
    """
    columns = checkpoints.c
    seen = (
        exists(select(cosignatures.c.size).where(cosignatures.c.size == columns.size)),
        exists(select(anchors.c.id).where(anchors.c.size == columns.size)),
    )
    unseen = and_(*(not_(each) for each in seen))
    old = select(columns.size, columns.at).where(columns.at < now - _ALL_FOR, unseen)
    found = [(row.size, row.at) for row in connection.execute(old.order_by(columns.size))]
    gone = superfluous(found, now)
    newest = connection.scalar(select(columns.size).order_by(columns.size.desc()).limit(1))
    gone = [size for size in gone if size != newest]
    if gone:
        with deleting(connection):
            connection.execute(
                delete(checkpoints).where(columns.size == bindparam("thinned"), unseen),
                [{"thinned": size} for size in gone],
            )
    return len(gone)


def superfluous(known: Iterable[tuple[int, datetime]], now: datetime) -> Sequence[int]:
    """Return which of these checkpoints, (size, signed at) by size, are too close to the next.

    All of them must be older than a day.
    """
    gone: list[int] = []
    for _, together in groupby(known, key=lambda each: _span_of(each[1].astimezone(UTC), now)):
        sizes = [size for size, _ in together]
        gone += sizes[:-1]
    return gone


def _span_of(at: datetime, now: datetime) -> tuple[int, ...]:
    day = (at.year, at.month, at.day)
    return (*day, at.hour) if now - at < _HOURLY_FOR else day
