"""Back-pressure: whether what is recorded gets to safety in time, and waiting until it does."""

import asyncio
from collections.abc import Callable

from assent.core.faults import OutsideFault

LATE_S = 0.05
"""When a frame has waited for its sync as long as this, nothing new is released."""

LONGEST_BEHIND_S = 10.0
"""How long sessions wait for the recording before they are ended."""


class Pace:
    """Why recording is behind, if it is. behind: the one thing that the hot path looks at."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.behind = False
        self._monotonic = monotonic
        self._since = 0.0
        self._reasons: dict[str, str] = {}
        self._free = asyncio.Event()
        self._free.set()

    def hold(self, reason: str, words: str) -> None:
        """Let sessions wait, because of `reason`, until it is released."""
        if not self._reasons:
            self._since = self._monotonic()
            self._free.clear()
        self._reasons[reason] = words
        self.behind = True

    def release(self, reason: str) -> None:
        """Let sessions go on, if that was the last reason."""
        if self._reasons.pop(reason, None) is not None and not self._reasons:
            self.behind = False
            self._free.set()

    async def ready(self) -> None:
        """Wait until recording is not behind. Raises OutsideFault when it is for too long."""
        while self._reasons:
            try:
                async with asyncio.timeout(max(self._left(), 0.0)):
                    await self._free.wait()
            except TimeoutError:
                raise self.fault() from None

    def bear(self) -> None:
        """Raise OutsideFault when recording has been behind for too long."""
        if self._reasons and self._left() <= 0:
            raise self.fault()

    def fault(self) -> OutsideFault:
        """Return what to tell of it."""
        words = "; ".join(self._reasons.values()) or "it fell behind"
        return unavailable(words)

    def _left(self) -> float:
        return self._since + LONGEST_BEHIND_S - self._monotonic()


def unavailable(why: str) -> OutsideFault:
    """Return the fault that ends a session: what is not recorded is not done."""
    return OutsideFault("recording-unavailable", f"the recording cannot be kept: {why}")
