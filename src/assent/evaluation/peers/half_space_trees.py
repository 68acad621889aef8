"""Half-space trees (Tan, Ting and Liu, IJCAI 2011), as the package `river` implements them.

25 trees of height 8 over windows of 250 rows. They are fed the numbers of `frequencies`, as
they were before the row was counted.
"""

from typing import Any

from river.anomaly import HalfSpaceTrees

from assent.evaluation.peers.frequencies import UNKNOWN, Frequencies
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode, admits

_TREES, _HEIGHT, _WINDOW, _SEED = 25, 8, 250, 7


class Peer:
    """An online detector without subjects; they reach it only through the frequencies."""

    name = "half_space_trees"

    def __init__(self, learn: LearnMode) -> None:
        self._mode = learn
        self._frequencies = Frequencies()
        # Its methods have no types.
        self._trees: Any = HalfSpaceTrees(
            n_trees=_TREES, height=_HEIGHT, window_size=_WINDOW, seed=_SEED
        )
        self._names: tuple[str, ...] = ()
        self._first: list[dict[str, float]] = []

    def score(self, row: Row) -> float:
        """Return the anomaly score, 0 to 1; 0 during the first window."""
        if not self._names:
            return 0.0
        return float(self._trees.score_one(self._known(self._frequencies.numbers(row))))

    def learn(self, row: Row, *, label: int | None) -> None:
        """Add the row to the window, then count it."""
        if not admits(self._mode, label):
            return
        numbers = self._frequencies.numbers(row)
        self._frequencies.learn(row)
        if self._names:
            self._trees.learn_one(self._known(numbers))
        else:
            self._start(numbers)

    def _start(self, numbers: dict[str, float]) -> None:
        # The trees split on what the first row has, and rows may have different features: so
        # the names of a whole window are gathered before the first of its rows is learned.
        self._first.append(numbers)
        if len(self._first) < _WINDOW:
            return
        self._names = tuple(sorted({name for one in self._first for name in one}))
        for one in self._first:
            self._trees.learn_one(self._known(one))
        self._first.clear()

    def _known(self, numbers: dict[str, float]) -> dict[str, float]:
        return {name: numbers.get(name, UNKNOWN) for name in self._names}
