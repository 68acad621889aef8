"""How long it takes from the end of an access to the end of its connections: measured always."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assent.control.live import LiveSession
from assent.core.clock import Clock

WITHIN = timedelta(seconds=1)
"""Whatever is over must be cut within this time."""

_MOST = 1_000
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of what is counted for `/metrics`, in seconds."""


def cut(live: LiveSession, since: datetime, words: str) -> None:
    """Cut a session that should be over since then; its client is told why."""
    if live.cut_since is None or since < live.cut_since:
        live.cut_since = since
    live.cut(words)


@dataclass(frozen=True, slots=True)
class Summary:
    """What was measured. Times in seconds, of the last 1,000; None where there is none.

    count: ever. late: of these, how many took longer than WITHIN. total_s: of all of them.
    buckets: how many took at most so long, by BUCKETS_S.
    """

    count: int
    late: int
    total_s: float
    p50_s: float | None
    p99_s: float | None
    max_s: float | None
    last_s: float | None
    buckets: tuple[int, ...]


@dataclass(slots=True)
class _Kept:
    times: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST))
    buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS_S))
    count: int = 0
    late: int = 0
    total_s: float = 0.0


REAL, CANARY = "real", "canary"


class Revocations:
    """Keeps how long the last revocations took, by source: `real`, and `canary`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: Mapping[str, _Kept] = {REAL: _Kept(), CANARY: _Kept()}

    def closed(self, live: LiveSession) -> None:
        """Hear that the client's connection is gone; it counts if the session was cut."""
        if live.cut_since is not None:
            self.took(REAL, (self._clock.now() - live.cut_since).total_seconds())

    def took(self, source: str, seconds: float) -> None:
        """Count one that took so long."""
        kept, seconds = self._kept[source], max(0.0, seconds)
        kept.times.append(seconds)
        kept.count += 1
        kept.total_s += seconds
        kept.late += seconds > WITHIN.total_seconds()
        for number, bound in enumerate(BUCKETS_S):
            kept.buckets[number] += seconds <= bound

    def summary(self, source: str) -> Summary:
        """Return what was measured of a source."""
        kept = self._kept[source]
        ordered = sorted(kept.times)
        return Summary(
            kept.count,
            kept.late,
            kept.total_s,
            _at(ordered, 0.5),
            _at(ordered, 0.99),
            ordered[-1] if ordered else None,
            kept.times[-1] if kept.times else None,
            tuple(kept.buckets),
        )


def _at(ordered: list[float], share: float) -> float | None:
    """Return the smallest time that at least this share of them did not exceed."""
    if not ordered:
        return None
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]
