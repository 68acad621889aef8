"""News inside of the process: what open pages and long polls wait for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assent.core.notice import Notice

_MOST_WAITING = 256


class Events:
    """Passes notices to whoever listens now; keeps nothing for whoever does not."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Notice | None]] = set()

    def publish(self, notice: Notice) -> None:
        """Hand `notice` to every subscriber; one that does not keep up is dropped."""
        for queue in tuple(self._queues):
            if queue.qsize() >= _MOST_WAITING:
                # A page that was dropped reloads itself; a queue without a bound would not end.
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(notice)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[Notice]]:
        """Yield an iterator over the notices from now on; it ends when it fell behind."""
        queue: asyncio.Queue[Notice | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield self._iterate(queue)
        finally:
            self._queues.discard(queue)

    async def _iterate(self, queue: asyncio.Queue[Notice | None]) -> AsyncIterator[Notice]:
        while (notice := await queue.get()) is not None:
            yield notice

    def close(self) -> None:
        """End every subscription, so that a server that stops does not wait for its pages."""
        for queue in tuple(self._queues):
            self._queues.discard(queue)
            queue.put_nowait(None)
