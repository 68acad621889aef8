"""How far what this process wrote is numbered, for those who wait, and what is in the way."""

import asyncio
from contextlib import suppress

from assent.core.faults import OutsideFault
from assent.stores import outbox
from assent.stores.publishing import Growth

BEHIND_S = 10.0
"""After so long without any progress nothing more is taken: somebody has to look."""


class Progress:
    """Shared by the writer and the sequencer of one process.

    written: position of the last row of its own that is durable. halted: why nothing is
    numbered any more, None while all is well.
    """

    def __init__(self, growth: Growth) -> None:
        self.growth = growth
        self.written = 0
        self.halted: str | None = None
        self._settled = 0
        self._first: int | None = None
        self._now = asyncio.get_running_loop().time
        self._moved_at = self._waited_at = self._now()
        self._wake = asyncio.Event()
        self._looked = asyncio.Event()

    def wrote(self, position: int) -> None:
        """Take note of the last row that this process made durable, and wake the sequencer."""
        self.written = max(self.written, position)
        self._wake.set()

    def seen(self, size: int, written: int, first: int | None) -> None:
        """Take note of a look. size: of the log. written: of this process, before the look.

        first: the first position that may still wait, None where none does.
        """
        if first is None or first != self._first:
            self._moved_at = self._now()
        self._first = first
        numbered = written if first is None else min(written, first - 1)
        self._settled = max(self._settled, numbered)
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()
        self.growth.grow(size)

    async def wait(self, pace_s: float, look_s: float) -> None:
        """Return when there is something to do, or after `look_s`.

        Two returns lie `pace_s` apart at the least.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(look_s):
                await self._wake.wait()
        await asyncio.sleep(max(0.0, self._waited_at + pace_s - self._now()))
        self._wake.clear()
        self._waited_at = self._now()

    async def settled(self, within_s: float) -> None:
        """Return when all that this process wrote so far is numbered. Raises OutsideFault."""
        wanted = self.written
        if self._settled >= wanted:
            return
        self._wake.set()
        try:
            async with asyncio.timeout(within_s):
                while self._settled < wanted:
                    await self._looked.wait()
        except TimeoutError:
            self.check()
            raise OutsideFault("store-unavailable", self._behind()) from None

    def trouble(self) -> str:
        """Return what keeps the log from growing; empty while nothing does."""
        if self.halted is not None:
            return outbox.halted(self.halted).detail
        return self._behind() if self._now() - self._moved_at > BEHIND_S else ""

    def check(self) -> None:
        """Raise OutsideFault while nothing may be written."""
        if trouble := self.trouble():
            code = "store-unavailable" if self.halted is None else "log-broken"
            raise OutsideFault(code, trouble)

    def _behind(self) -> str:
        behind = self._now() - self._moved_at
        return f"the log was not brought up to date for {behind:.0f} s: no process numbers entries"
