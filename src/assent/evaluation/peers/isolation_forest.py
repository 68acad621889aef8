"""Isolation forest (Liu, Ting and Zhou, ICDM 2008), as the package `scikit-learn` fits it.

100 trees, fed the numbers of `frequencies` as they were before the row was counted. It cannot
learn row by row: it is fitted when 256 rows were learned, and again whenever their number has
doubled, on the last 10,000 of them. scikit-learn takes 5 ms to score one row; here the fitted
trees are walked directly, which gives the same score.
"""

from collections import deque
from math import log
from typing import Any

import numpy
from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped, unused-ignore]

from assent.evaluation.peers.frequencies import UNKNOWN, Frequencies
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode, admits

_TREES, _SEED = 100, 7
_FIRST_FIT = 256
_MOST_ROWS = 10_000
_LEAF = -1
_EULER = 0.577_215_664_901_532_9

_Tree = tuple[list[int], list[int], list[int], list[float], list[float]]
"""Left and right child, feature and threshold of each node; path length where it is a leaf."""


class Peer:
    """A detector without subjects; they reach it only through the frequencies."""

    name = "isolation_forest"

    def __init__(self, learn: LearnMode) -> None:
        self._mode = learn
        self._frequencies = Frequencies()
        self._rows: deque[dict[str, float]] = deque(maxlen=_MOST_ROWS)
        self._learned = 0
        self._next_fit = _FIRST_FIT
        self._names: tuple[str, ...] = ()
        self._trees: list[_Tree] = []
        self._usual_path = 1.0

    def score(self, row: Row) -> float:
        """Return the anomaly score, 0 to 1; 0.5, which says nothing, before the first fit."""
        if not self._trees:
            return 0.5
        numbers = self._frequencies.numbers(row)
        point = [numbers.get(name, UNKNOWN) for name in self._names]
        path = sum(_path(tree, point) for tree in self._trees) / len(self._trees)
        return float(2 ** (-path / self._usual_path))

    def learn(self, row: Row, *, label: int | None) -> None:
        """Keep the row for the next fit, then count it."""
        if not admits(self._mode, label):
            return
        self._rows.append(self._frequencies.numbers(row))
        self._frequencies.learn(row)
        self._learned += 1
        if self._learned == self._next_fit:
            self._fit()
            self._next_fit *= 2

    def _fit(self) -> None:
        self._names = tuple(sorted({name for one in self._rows for name in one}))
        points = [[one.get(name, UNKNOWN) for name in self._names] for one in self._rows]
        if not self._names:
            return
        # The trees compare in 32 bits, so thresholds are between such numbers.
        forest = IsolationForest(n_estimators=_TREES, random_state=_SEED)
        forest.fit(numpy.array(points, dtype=numpy.float32))
        self._usual_path = _average_path(forest.max_samples_)
        self._trees = [_flattened(tree.tree_) for tree in forest.estimators_]


def _flattened(tree: Any) -> _Tree:
    left, right = tree.children_left.tolist(), tree.children_right.tolist()
    ends = [0.0] * len(left)
    waiting = [(0, 0)]
    while waiting:
        node, depth = waiting.pop()
        if left[node] == _LEAF:
            ends[node] = depth + _average_path(int(tree.n_node_samples[node]))
        else:
            waiting += (left[node], depth + 1), (right[node], depth + 1)
    return left, right, tree.feature.tolist(), tree.threshold.tolist(), ends


def _path(tree: _Tree, point: list[float]) -> float:
    left, right, feature, threshold, ends = tree
    node = 0
    while (below := left[node]) != _LEAF:
        node = below if point[feature[node]] <= threshold[node] else right[node]
    return ends[node]


def _average_path(rows: int) -> float:
    """Return the average path of an unsuccessful search in a tree of so many rows."""
    if rows <= 1:
        return 0.0
    if rows == 2:
        return 1.0
    return 2 * (log(rows - 1) + _EULER) - 2 * (rows - 1) / rows
