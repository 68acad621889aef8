"""Followers read the log after the fact, entry by entry, and make something of it.

How far one has come stands in the store, and moves in the same commit as what it made: whatever
happens, it sees every entry once or more, in order. An entry that it stumbles over is passed
over, with a warning; what is away is waited for.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from assent.core.changes import Change, MoveCursor
from assent.core.faults import Fault, OutsideFault
from assent.core.ports import Store, StoredEntry

Handle = Callable[[Sequence[StoredEntry]], Awaitable[Sequence[Change]]]
"""Makes changes of entries, in order; called again with the same ones after a failure.

Raises OutsideFault for what will pass; for anything else the entry is passed over.
"""

PAGE = 256
GATHER_S = 0.25
"""How long after the first new entry it begins, so that many share a commit."""
LONGEST_PAUSE_S = 30.0
PROBE_S, BUSY, FULL = 0.02, 0.3, 0.7
"""How long it looks whether others work meanwhile, and from which shares of that on they do, and
have no time to lose."""
LONGEST_REST_S = 10.0

_log = structlog.get_logger("following")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a follower is. position: of the next entry. end: how many the log has, as seen last.

    skipped: entries passed over since the start. waiting_for: the code of what is away, empty.
    """

    name: str
    position: int
    end: int
    skipped: int
    waiting_for: str

    @property
    def behind(self) -> int:
        """How many entries it has not seen."""
        return max(0, self.end - self.position)


class Resting:
    """Lets others come first. times: as long as it worked, while others work, too.

    worked: how many seconds this thread has worked for.
    """

    def __init__(
        self,
        times: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        self._times = times
        self._sleep = sleep
        self._worked = worked

    async def after(self, worked_s: float) -> None:
        """Rest after so much work, if the thread works while this one sleeps."""
        if not self._times:
            return
        share = await self._share_of_others()
        if share > FULL:
            # Threads that work beside a full loop cost it far more than their share.
            ends_at = time.perf_counter() + LONGEST_REST_S
            while share > FULL and time.perf_counter() < ends_at:
                await self._sleep(max(1.0, self._times * worked_s))
                share = await self._share_of_others()
        elif share > BUSY:
            await self._sleep(self._times * worked_s)

    async def _share_of_others(self) -> float:
        began, before = time.perf_counter(), self._worked()
        await self._sleep(PROBE_S)
        return (self._worked() - before) / max(time.perf_counter() - began, 1e-9)


class Follower:
    """Hands the log's entries to `handle`, from where it stopped before. One a name."""

    def __init__(
        self,
        name: str,
        store: Store,
        handle: Handle,
        *,
        rests: float = 0.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        worked: Callable[[], float] = time.thread_time,
        page: int = PAGE,
    ) -> None:
        """Follow under `name`. rests, worked: of `Resting`, after each page; 0 for never."""
        self._name = name
        self._store = store
        self._handle = handle
        self._resting = Resting(rests, sleep, worked)
        self._sleep = sleep
        self._page = page
        self._position = 0
        self._end = 0
        self._skipped = 0
        self._waiting_for = ""

    @property
    def progress(self) -> Progress:
        """How far it is, without asking the store."""
        end = max(self._end, self._position)
        return Progress(self._name, self._position, end, self._skipped, self._waiting_for)

    async def run(self) -> None:
        """Follow until cancelled."""
        pause = GATHER_S
        while True:
            try:
                if not await self.step():
                    self._end = await self._store.wait_beyond(self._position)
                    await self._sleep(GATHER_S)
                pause = GATHER_S
            except Fault as fault:
                if fault.code != self._waiting_for:
                    _log.warning("follower-waits", follower=self._name, code=fault.code)
                self._waiting_for = fault.code
                await self._sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    async def catch_up(self) -> None:
        """Follow to the end of the log as it is now. Raises what is waited for otherwise."""
        while await self.step():
            pass

    async def step(self) -> int:
        """Take the next page; return of how many entries, 0 at the end. Raises OutsideFault."""
        began = time.perf_counter()
        self._position = await self._store.cursor(self._name)
        taken = await self._take(self._page) or await self._take_one_by_one()
        self._waiting_for = ""
        if taken:
            await self._resting.after(time.perf_counter() - began)
        return taken

    async def _take(self, most: int) -> int:
        """Take so many entries at once; return how many there were, 0 also where one fails."""
        try:
            found = await self._store.entries(self._position, most)
            if found:
                changes = await self._handle(found)
                await self._move(found[-1].index + 1, changes)
        except Exception as error:
            # Whatever an entry makes a handler do, those behind it must still be seen.
            if _will_pass(error):
                raise
            if most > 1:
                return 0
            self._skipped += 1
            _log.exception("entry-skipped", follower=self._name, index=self._position)
            await self._move(self._position + 1, ())
            return 1
        return len(found)

    async def _take_one_by_one(self) -> int:
        """Take as many entries as a page has; each that fails is passed over alone."""
        taken = 0
        while taken < self._page and await self._take(1):
            taken += 1
        return taken

    async def _move(self, position: int, changes: Sequence[Change]) -> None:
        await self._store.commit((*changes, MoveCursor(self._name, position)), ())
        self._position = position
        self._end = max(self._end, position)


def _will_pass(error: Exception) -> bool:
    """Return whether it is worth trying again: something is away, and no entry is damaged."""
    return isinstance(error, OutsideFault) and error.code not in DAMAGED


DAMAGED = frozenset({"payload-unreadable", "recording-damaged", "store-unreadable"})
"""Codes of what stays as it is however often it is read."""
