"""Takes sealed segments from the folder to the place where they are kept, oldest first."""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import structlog

from assent.core.faults import OutsideFault
from assent.core.ids import SessionId
from assent.stores.recordings.pace import Pace
from assent.stores.recordings.places import Place
from assent.stores.recordings.shelf import Shelf
from assent.stores.recordings.threads import within

RETRY_S = 2.0
_REASON = "place"
_log = structlog.get_logger("recordings")


class Shipping:
    """What waits to be taken. most_waiting: bytes of it, beyond which sessions wait as well."""

    def __init__(self, shelf: Shelf, place: Place, pace: Pace, most_waiting: int) -> None:
        self._shelf = shelf
        self._place = place
        self._pace = pace
        self._most = most_waiting
        self._queue: deque[tuple[SessionId, int, int]] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "recording-ship")
        self._is_away = False
        self.waiting = 0

    def add(self, session: SessionId, number: int, size: int) -> None:
        """Have a segment taken, of which the log and the journal say that it is sealed."""
        self._queue.append((session, number, size))
        self.waiting += size
        self._judge()
        self._wake.set()

    async def run(self) -> None:
        """Take what waits, until cancelled; while the place is away, try again."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                if not await self.take_one():
                    await asyncio.sleep(RETRY_S)

    async def take_one(self) -> bool:
        """Take the oldest that waits; return whether that could be done."""
        session, number, size = self._queue[0]
        try:
            await within(self._thread, self._take, session, number)
        except (OutsideFault, OSError) as fault:
            if not self._is_away:
                code = fault.code if isinstance(fault, OutsideFault) else fault.strerror
                _log.warning("recordings-not-shipped", code=code, waiting=len(self._queue))
            self._is_away = True
            return False
        if self._is_away:
            _log.warning("recordings-shipped-again")
        self._is_away = False
        self._queue.popleft()
        self.waiting -= size
        self._judge()
        return True

    def stop(self) -> None:
        """Let go of the thread; what waits is taken after the next start."""
        self._thread.shutdown()

    def _take(self, session: SessionId, number: int) -> None:
        data = self._shelf.read(session, number)
        if data is None:
            return  # It was forgotten meanwhile.
        self._place.put(session, number, data)
        self._shelf.put_away(session, number)

    def _judge(self) -> None:
        if self.waiting > self._most:
            self._pace.hold(_REASON, "the store of recordings is away, and too much waits for it")
        else:
            self._pace.release(_REASON)
