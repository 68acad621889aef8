"""Everything that happens because time has passed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from assent.control.grants import Grants
from assent.control.history import History
from assent.control.learning import Learning
from assent.control.pacing import Pacing
from assent.control.refusals import Refusals
from assent.control.sessions import Sessions
from assent.control.waiting import Waiting
from assent.core.clock import Clock
from assent.core.faults import Fault
from assent.core.people_changes import DropExpired
from assent.core.ports import Store

# A session must be cut within a second of its end; five looks a second leave room for load.
TICK_S = 0.2
_FLUSH_EVERY = 25
_THIN_EVERY = 9_000
_DROP_EVERY = 300
_NETWORKS_COUNT_FOR = timedelta(days=180)

_log = structlog.get_logger("sweep")


class Sweep:
    """Expires grants, sessions and requests, flushes counts, and thins old checkpoints."""

    def __init__(
        self,
        *,
        store: Store,
        history: History,
        learning: Learning,
        waiting: Waiting,
        pacing: Pacing,
        grants: Grants,
        sessions: Sessions,
        refusals: Refusals,
        clock: Clock,
    ) -> None:
        self._store = store
        self._history = history
        self._learning = learning
        self._waiting = waiting
        self._pacing = pacing
        self._grants = grants
        self._sessions = sessions
        self._refusals = refusals
        self._clock = clock
        self._ticks = 0

    async def run(self) -> None:
        """Sweep until cancelled. A fault of the outside is logged and tried again.

        What cuts has a loop of its own: a store that is slow must not delay it.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_again_and_again(self._cut))
            tasks.create_task(_again_and_again(self._tend))

    async def once(self) -> None:
        """Do all that is due now."""
        await self._cut()
        await self._tend()

    async def _cut(self) -> None:
        self._sessions.ending.expire(self._clock.now())

    async def _tend(self) -> None:
        now = self._clock.now()
        await self._guarded("grants", lambda: self._grants.expire(now))
        await self._guarded("sessions", self._sessions.ending.keep_ends)
        await self._guarded("requests", lambda: self._waiting.expire(now))
        await self._guarded("pacing", self._pacing.hurry)
        await self._guarded("refusals", self._refusals.flush)
        self._ticks += 1
        if self._ticks % _THIN_EVERY == 1:
            await self._guarded("checkpoints", self._thin)
        if self._ticks % _DROP_EVERY == 1:
            await self._guarded("tokens", lambda: self._drop_expired(now))
        if self._ticks % _FLUSH_EVERY == 0:
            await self._guarded("history", self._history.flush)
            await self._guarded("learning", self._learning.flush)

    async def _thin(self) -> None:
        await self._store.thin_checkpoints()

    async def _drop_expired(self, now: datetime) -> None:
        await self._store.commit((DropExpired(now, now - _NETWORKS_COUNT_FOR),), ())

    async def _guarded(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Fault as fault:
            _log.warning("sweep-failed", what=what, code=fault.code)
        except Exception:
            # A fault of ours in one duty must not stop the others: sessions must still end.
            _log.exception("sweep-broke", what=what)


async def _again_and_again(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await work()
        await asyncio.sleep(TICK_S)
