"""Thresholds that follow from how often people may be asked, instead of being set by hand.

Scores are whole, 0 to 100, so the distribution of a segment is kept exactly, in 101 fading
counts: its quantiles need no approximation.
"""

from array import array
from dataclasses import dataclass

from assent.risk.model import MODEL

ENOUGH = 500.0
"""Until so many actions of a segment were seen, the fixed thresholds hold."""

HALF_LIFE_ACTIONS = 20_000.0

MEDIUM_BOUNDS = (10, 59)
HIGH_BOUNDS = (30, 90)
"""A flood of strange actions must not make them normal, nor a quiet week everything strange."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Which share of actions may be asked something, in thousandths of a percent.

    medium: may reach MEDIUM or more (a step-up, as policies usually have it). high: may reach
    HIGH (an approval). Raises ValueError when they are not 0 < high < medium < 100 %.
    """

    medium_milli: int
    high_milli: int

    def __post_init__(self) -> None:
        if not 0 < self.high_milli < self.medium_milli < 100_000:
            raise ValueError("a challenge budget must be 0 < high < medium < 100 percent")


class Thresholds:
    """The first scores of MEDIUM and HIGH, by segment. budget: None for the fixed ones."""

    def __init__(
        self,
        budget: Budget | None = None,
        medium_from: int = MODEL.medium_from,
        high_from: int = MODEL.high_from,
    ) -> None:
        self._budget = budget
        self._fixed = (medium_from, high_from)
        self._seen: dict[str, array[float]] = {}
        self._weight: dict[str, float] = {}

    def count(self, segment: str, score: int) -> None:
        """Count the score of one action."""
        if self._budget is None:
            return
        seen = self._seen.get(segment)
        if seen is None:
            seen = self._seen[segment] = array("d", bytes(8 * 101))
            self._weight[segment] = 1.0
        # Newer actions weigh more, instead of older ones less: nothing needs to be touched.
        weight = self._weight[segment] * 2.0 ** (1.0 / HALF_LIFE_ACTIONS)
        if weight > 1e12:
            for place, count in enumerate(seen):
                seen[place] = count / weight
            weight = 1.0
        self._weight[segment] = weight
        seen[score] += weight

    @property
    def budget(self) -> Budget | None:
        """How often people may be asked, None where the levels are fixed."""
        return self._budget

    def of(self, segment: str) -> tuple[int, int]:
        """Return the first scores of MEDIUM and of HIGH."""
        seen = self._seen.get(segment)
        if self._budget is None or seen is None:
            return self._fixed
        total = sum(seen)
        if total / self._weight[segment] < ENOUGH:
            return self._fixed
        medium = _within(_quantile(seen, total, self._budget.medium_milli), MEDIUM_BOUNDS)
        high = _within(_quantile(seen, total, self._budget.high_milli), HIGH_BOUNDS)
        return medium, max(high, medium + 1)


def _quantile(seen: "array[float]", total: float, milli: int) -> int:
    """Return the lowest score that at most this share of actions reaches."""
    allowed = total * milli / 100_000.0
    above = 0.0
    for score in range(100, -1, -1):
        above += seen[score]
        if above > allowed:
            return min(100, score + 1)
    return 0


def _within(score: int, bounds: tuple[int, int]) -> int:
    return max(bounds[0], min(bounds[1], score))
