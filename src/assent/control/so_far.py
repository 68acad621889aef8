"""What was done in a session so far: counted while it goes on, read at every decision."""

from collections import deque
from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import SessionSoFar
from assent.core.frame import ResultFrame
from assent.signals.aspects import is_reached

_MINUTE_S = 60.0
_MOST_REMEMBERED = 10_000
# Past these a session decides anew, however its statements look: what was usual for one of
# them may not be for a hundred thousand rows of them.
_FIRST_ROWS = 1_000
_FIRST_BYTES = 1_000_000
_FIRST_PACE = 60
GROWTH = 10


ORDINARY_MB = 3_000
"""Thousandths of a bit. Something a little unusual is done by everybody now and then: only what
is more than that adds up, or every long session would become suspicious."""


class SoFar:
    """Counters of one session. They only grow; a suspicion falls only by `proved`."""

    __slots__ = (
        "_bytes_mark", "_pace_mark", "_recent", "_repeats", "_rows_mark", "actions", "bytes",
        "denials", "errors", "previous", "rows", "suspicion_mb", "tables",
    )  # fmt: skip

    def __init__(self) -> None:
        self.actions = self.errors = self.denials = self.rows = self.bytes = 0
        self.suspicion_mb = 0
        self.previous = ""
        self.tables: set[str] = set()
        self._repeats: dict[str, int] = {}
        self._recent: deque[float] = deque(maxlen=_MOST_REMEMBERED)
        self._rows_mark, self._bytes_mark = _FIRST_ROWS, _FIRST_BYTES
        self._pace_mark = _FIRST_PACE

    def ran(self, frame: ResultFrame) -> bool:
        """Count what came of a statement; return whether the session should decide anew.

        It should when rows, bytes or pace have grown to ten times what they were the last time.
        """
        self.actions += 1
        self.errors += bool(frame.error)
        self.rows += max(0, frame.rows)
        self.bytes += frame.bytes
        self._recent.append(frame.at.timestamp())
        crossed = False
        while self.rows >= self._rows_mark:
            self._rows_mark, crossed = GROWTH * self._rows_mark, True
        while self.bytes >= self._bytes_mark:
            self._bytes_mark, crossed = GROWTH * self._bytes_mark, True
        # Counted out only when there may be so many: this is on the road of every statement.
        if len(self._recent) >= self._pace_mark:
            while self.in_last_minute(frame.at) >= self._pace_mark:
                self._pace_mark, crossed = GROWTH * self._pace_mark, True
        return crossed

    def decided(self, action: Action, step: str, bits_mb: int, *, permitted: bool) -> None:
        """Count a decision. bits_mb: what the action's behaviour said of who acts.

        What is unusual in the same way again says less each time: the k-th time it counts 1/k.
        """
        self.denials += not permitted
        if not permitted:
            return
        for touch in action.touches:
            if is_reached(touch) and len(self.tables) < _MOST_REMEMBERED:
                self.tables.add(touch.resource.name)
        if step:
            self.previous = step
        notable = bits_mb - ORDINARY_MB
        if notable > 0:
            times = self._repeats.get(step, 0) + 1
            if len(self._repeats) < _MOST_REMEMBERED:
                self._repeats[step] = times
            # It ratchets: usual things do not make up for what was unusual before them.
            self.suspicion_mb += notable // times

    def proved(self) -> None:
        """The person proved who they are, independently of this session: suspicion is over."""
        self.suspicion_mb = 0

    def in_last_minute(self, now: datetime) -> int:
        """Return how many statements ran in the last 60 s."""
        since = now.timestamp() - _MINUTE_S
        recent = self._recent
        while recent and recent[0] < since:
            recent.popleft()
        return len(recent)

    def shown(self, now: datetime, opened_at: datetime | None = None) -> SessionSoFar:
        """Return the counters as evidence, of a session that was opened then."""
        return SessionSoFar(
            actions=self.actions,
            errors=self.errors,
            denials=self.denials,
            rows=self.rows,
            bytes=self.bytes,
            tables=len(self.tables),
            in_last_minute=self.in_last_minute(now),
            previous=self.previous,
            suspicion_mb=self.suspicion_mb,
            opened_at=opened_at,
        )
