"""Turns at what is costly: a few at once, some more wait, the rest is sent away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assent.core.faults import OutsideFault


class Turns:
    """Lets `at_once` work, `waiting` wait behind them, and refuses whoever comes then."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most_waiting = waiting
        self._waiting = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Have a turn for the block. Raises OutsideFault `sign-in-busy`."""
        if self._free.locked() and self._waiting >= self._most_waiting:
            words = "too many people sign in at this moment; try again in a few seconds"
            raise OutsideFault("sign-in-busy", words)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
