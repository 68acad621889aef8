"""Rows as numbers from 0 to 1, for detectors that know nothing of values or subjects.

For every feature two numbers: what share of the values, over its levels, was seen with this
subject, and with everybody; on a logarithmic scale, because what is rare and what is rarer lie
together on a plain one, where such detectors see a dense and harmless spot. For a magnitude,
whose value is its power of two, a third: its place between the smallest and the largest of
everybody so far, on a logarithmic scale too.
"""

from collections import Counter
from math import copysign, log1p, log10

from assent.evaluation.peers.levels import levels
from assent.evaluation.rows import Row

_HALF = 0.5
"""Of an event, added to what was seen and to what was not."""
_DECADES = 4
"""1 is always; a ten-thousandth is 0."""

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
        depth, values = len(chain), self._values
        seen = sum(values.get((who, name, depth - i, value), 0) for i, value in enumerate(chain))
        share = (seen + _HALF) / (depth * rows + 2 * _HALF)
        return max(0.0, 1 + log10(share) / _DECADES)

    def _place(self, name: str, feature: float) -> float:
        low, high = self._ranges.get(name, (0.0, 0.0))
        size = _logarithmic(feature)
        if high == low:
            return 0.5
        return min(1.0, max(0.0, (size - low) / (high - low)))


def _logarithmic(size: float) -> float:
    return copysign(log1p(abs(size)), size)
