"""How far what this process wrote is numbered, for those who wait, and what is in the way."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from assent.core.faults import OutsideFault
from assent.stores import outbox
from assent.stores.publishing import Growth

BEHIND_S = 10.0
"""After so long without any progress nothing more is taken: somebody has to look."""


class Progress:
    """Shared by the writer and the sequencer of one process.

    written: position of the last row that it must see numbered, and that is durable.
    now: seconds, which never go back.
    """

    def __init__(self, growth: Growth, now: Callable[[], float]) -> None:
        self.growth = growth
        self.written = 0
        self._halted: str | None = None
        self._settled = 0
        self._first: int | None = None
        self._now = now
        self._moved_at = self._waited_at = self._now()
        self._wake = asyncio.Event()
        self._looked = asyncio.Event()

    def wrote(self, position: int) -> None:
        """Take note of a row that is durable, and wake the sequencer."""
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
        self.growth.grow(size)
        self._tell()

    def halt(self, because: str | None) -> None:
        """Take note of why nothing is numbered any more, None where all is well."""
        if because != self._halted:
            self._halted = because
            self._tell()

    def _tell(self) -> None:
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

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
        """Return when all that was written so far is numbered.

        Raises OutsideFault when it is not in time, or will not be.
        """
        wanted = self.written
        if self._settled >= wanted:
            return
        self._wake.set()
        try:
            async with asyncio.timeout(within_s):
                while self._settled < wanted:
                    self.check()
                    await self._looked.wait()
        except TimeoutError:
            raise OutsideFault("store-unavailable", self._behind()) from None

    def trouble(self) -> str:
        """Return what keeps the log from growing; empty while nothing does."""
        if self._halted is not None:
            return outbox.halted(self._halted).detail
        return self._behind() if self._now() - self._moved_at > BEHIND_S else ""

    def check(self) -> None:
        """Raise OutsideFault while nothing may be written."""
        if self._halted is not None:
            # Without what it is: this is shown to whoever asked for something.
            words = "the log takes nothing until an operator has looked at it (`assent doctor`)"
            raise OutsideFault("log-broken", words)
        if trouble := self.trouble():
            raise OutsideFault("store-unavailable", trouble)

    def _behind(self) -> str:
        behind = self._now() - self._moved_at
        return f"the log was not brought up to date for {behind:.0f} s: no process numbers entries"
