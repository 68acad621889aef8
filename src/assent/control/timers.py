"""Timers: what is to be done at a time is kept with the state that it is about.

A timer is set and dropped by changes in the commit of that state. Its handler may be called again
for the same timer, after a crash or a fault: it looks at how things stand and drops the timer in
its own commit. Deadlines themselves never wait for a timer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from assent.core.clock import Clock
from assent.core.faults import Fault
from assent.core.ports import Store
from assent.core.timer import Timer

LOOK_S = 1.0
"""How often it is looked for what is due."""
HANDLE_WITHIN_S = 15.0
_AT_ONCE = 32
_MOST_DUE = 500
_LONGEST_WAIT_S = 300.0

_log = structlog.get_logger("timers")

Handler = Callable[[str, datetime], Awaitable[None]]


class Timers:
    """Calls the handler of each kind with what its timer is about, and when that was due."""

    def __init__(self, *, store: Store, clock: Clock, within_s: float = HANDLE_WITHIN_S) -> None:
        self._store = store
        self._clock = clock
        self._within_s = within_s
        self._handlers: dict[str, Handler] = {}
        # Timers that were handled and are there still: how often, and when they are tried again.
        self._again: dict[Timer, tuple[int, datetime]] = {}
        self._unknown: set[str] = set()
        self._in_hand: set[Timer] = set()
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    def when(self, kind: str, handler: Handler) -> None:
        """Await `handler` with the id and the time of every timer of `kind` that is due."""
        if kind in self._handlers:
            raise ValueError(f"two handlers for timers of kind {kind}")
        self._handlers[kind] = handler

    async def run(self) -> None:
        """Handle what is due until cancelled. A fault of the outside is logged and tried again.

        A handler that is slow keeps nothing else from its time.
        """
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    for timer in await self._due():
                        tasks.create_task(self._handle(timer))
                except Fault as fault:
                    _log.warning("timers-failed", code=fault.code)
                except Exception:
                    # A fault of ours here must not take the sessions with it.
                    _log.exception("timers-broke")
                await asyncio.sleep(LOOK_S)

    async def once(self) -> None:
        """Handle all that is due now, and wait for it. Raises OutsideFault (the store)."""
        async with asyncio.TaskGroup() as tasks:
            for timer in await self._due():
                tasks.create_task(self._handle(timer))

    async def _due(self) -> Sequence[Timer]:
        """Return what is to be handled now and is not yet."""
        now = self._clock.now()
        # As many more as are put off, so that what cannot be done never hides what can.
        hidden = len(self._again) + len(self._in_hand)
        due = await self._store.due_timers(now, limit=_MOST_DUE + hidden)
        still_there = set(due)
        self._again = {timer: put for timer, put in self._again.items() if timer in still_there}
        ready = [timer for timer in due if timer not in self._in_hand and self._may(timer, now)]
        self._in_hand.update(ready)
        return ready

    def _may(self, timer: Timer, now: datetime) -> bool:
        put_off = self._again.get(timer)
        return put_off is None or now >= put_off[1]

    async def _handle(self, timer: Timer) -> None:
        try:
            async with self._at_once:
                handler = self._handlers.get(timer.kind)
                if handler is None:
                    self._wonder(timer)
                else:
                    await self._guarded(handler, timer)
        finally:
            self._in_hand.discard(timer)
            # Dropped by now, unless its commit failed; then it is tried again, and not at once.
            times = self._again.get(timer, (0, timer.due_at))[0] + 1
            wait = timedelta(seconds=min(2.0 ** min(times, 20), _LONGEST_WAIT_S))
            self._again[timer] = (times, self._clock.now() + wait)

    async def _guarded(self, handler: Handler, timer: Timer) -> None:
        try:
            async with asyncio.timeout(self._within_s):
                await handler(timer.about, timer.due_at)
        except TimeoutError:
            _log.warning("timer-slow", kind=timer.kind, about=timer.about)
        except Fault as fault:
            _log.warning("timer-failed", kind=timer.kind, about=timer.about, code=fault.code)
        except Exception:
            # A fault of ours in one handler must not keep the others from their time.
            _log.exception("timer-broke", kind=timer.kind, about=timer.about)

    def _wonder(self, timer: Timer) -> None:
        if timer.kind not in self._unknown:
            self._unknown.add(timer.kind)
            _log.warning("timer-unknown", kind=timer.kind, about=timer.about)
