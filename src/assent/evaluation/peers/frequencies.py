"""Rows as numbers from 0 to 1, for detectors that know nothing of values or subjects.

For every categorical feature two numbers: how often its values, over the levels on average,
were seen with this subject, and with everybody. For every magnitude three: its place between
the smallest and the largest of everybody so far, on a logarithmic scale, and the two
frequencies of its power of two.
"""

from collections import Counter
from math import copysign, log1p

from assent.evaluation.peers.levels import levels
from assent.evaluation.rows import Row

UNKNOWN = 1.0
"""For a feature that a row does not have: nothing unusual about it."""


class Frequencies:
    """Counts, and the numbers that they make of a row."""

    def __init__(self) -> None:
        self._values: Counter[tuple[str, str, int, str]] = Counter()
        self._rows: Counter[tuple[str, str]] = Counter()
        self._ranges: dict[str, tuple[float, float]] = {}

    def numbers(self, row: Row) -> dict[str, float]:
        """Return name → number; names depend on the names and kinds of the features only."""
        numbers = {}
        for name, feature in row.features.items():
            chain = levels(feature)
            numbers[f"{name} of subject"] = self._share(row.subject, name, chain)
            numbers[f"{name} of all"] = self._share("", name, chain)
            if isinstance(feature, float):
                numbers[f"{name} size"] = self._place(name, feature)
        return numbers

    def learn(self, row: Row) -> None:
        """Count the row."""
        for name, feature in row.features.items():
            chain = levels(feature)
            # No subject is empty, so that "" can be everybody.
            for who in (row.subject, ""):
                self._rows[who, name] += 1
                for index, value in enumerate(chain):
                    self._values[who, name, len(chain) - index, value] += 1
            if isinstance(feature, float):
                size = _logarithmic(feature)
                low, high = self._ranges.get(name, (size, size))
                self._ranges[name] = min(low, size), max(high, size)

    def _share(self, who: str, name: str, chain: tuple[str, ...]) -> float:
        rows = self._rows.get((who, name), 0)
        if not rows:
            return 0.0
        depth, values = len(chain), self._values
        seen = sum(values.get((who, name, depth - i, value), 0) for i, value in enumerate(chain))
        return seen / (depth * rows)

    def _place(self, name: str, feature: float) -> float:
        low, high = self._ranges.get(name, (0.0, 0.0))
        size = _logarithmic(feature)
        if high == low:
            return 0.5
        return min(1.0, max(0.0, (size - low) / (high - low)))


def _logarithmic(size: float) -> float:
    return copysign(log1p(abs(size)), size)
