"""How much of a result has passed, and how much more may."""

from collections.abc import Sequence
from dataclasses import replace

from assent.core.enforcement import Limit

MAX_ROWS = "max_rows"
MAX_BYTES = "max_bytes"
_NO_END = 1 << 62


class Passed:
    """Counts rows and bytes, as the target sent them, against limits until these are lifted."""

    __slots__ = ("_limits", "bytes", "rows")

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = list(limits)
        self.rows = 0
        self.bytes = 0

    @property
    def counts(self) -> bool:
        """Whether there is a limit left."""
        return bool(self._limits)

    @property
    def rows_left(self) -> int:
        """How many more rows may pass."""
        return self._left(MAX_ROWS, self.rows)

    @property
    def bytes_left(self) -> int:
        """How many more bytes may pass."""
        return self._left(MAX_BYTES, self.bytes)

    def add(self, rows: int, size: int) -> None:
        """Count what passes."""
        self.rows += rows
        self.bytes += size

    def reached(self) -> Limit | None:
        """Return the limit that keeps one more row from passing.

        Bytes are meant where rows are left: the row that comes next is too large for the rest.
        """
        by_rows = [limit for limit in self._limits if limit.name == MAX_ROWS]
        for limit in by_rows:
            if self.rows >= limit.most:
                return limit
        by_bytes = [limit for limit in self._limits if limit.name == MAX_BYTES]
        return min(by_bytes, key=lambda limit: limit.most, default=None)

    def also(self, limits: Sequence[Limit]) -> None:
        """From now on no more than this may pass either, on top of what has."""
        has_passed = {MAX_ROWS: self.rows, MAX_BYTES: self.bytes}
        self._limits += [
            replace(limit, most=limit.most + has_passed[limit.name]) for limit in limits
        ]

    def lift(self, limit: Limit) -> None:
        """More than this one may pass from now on."""
        self._limits = [other for other in self._limits if other is not limit]

    def _left(self, name: str, passed: int) -> int:
        most = min((limit.most for limit in self._limits if limit.name == name), default=_NO_END)
        return max(most - passed, 0)
