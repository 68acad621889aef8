"""The machine's clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one home of the real clock


class SystemClock:
    """Says what time it is on this machine, and never goes back.

    When somebody sets the machine's clock back, time goes on from where it was, at the pace of
    the monotonic clock: no grant, hold or password lasts longer for it. A clock that is set
    forward is followed. A restart takes the machine's word again.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = _wall,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._ahead_at = wall()
        self._ahead_since = monotonic()

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        wall, since = self._wall(), self._monotonic()
        gone_on = self._ahead_at + timedelta(seconds=since - self._ahead_since)
        if wall < gone_on:
            return gone_on
        self._ahead_at, self._ahead_since = wall, since
        return wall
