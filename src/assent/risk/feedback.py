"""What people's answers say of a request: how often others like it were refused.

For each value of a request, and for each pair of values, refusals and answers are counted and
compared with the overall share of refusals (beta-binomial, shrunk towards it). How much a column
and a pair of columns count in the sum is learned online from the same answers, starting from
equal shares and never below zero; so values that say nothing do not drown those that do.
"""

from collections.abc import Sequence
from itertools import combinations
from math import exp, log, log2, sqrt

from assent.risk.keys import chain_keys

MOST_VALUES = 12
"""Columns of a request that are looked at; pairs grow with the square of it."""

SHRINK = 6.0
"""So many answers of average outcome every value is thought to have had."""

_RATE = 0.05
_START = 1.0


class Feedback:
    """Counts of answers. Scores are bits: how much likelier a refusal is than on average."""

    __slots__ = ("_answers", "_gradients", "_weights", "most", "refused", "total")

    def __init__(self, most: int = 2_000_000) -> None:
        self.most = most
        self.refused = 0.0
        self.total = 0.0
        # key → [refused, answered]; column → its weight and the sum of its squared gradients.
        self._answers: dict[int, list[float]] = {}
        self._weights: dict[str, float] = {}
        self._gradients: dict[str, float] = {}

    def bits(self, values: Sequence[tuple[str, str]]) -> float:
        """Return the evidence for a refusal. values: (column, value), at most MOST_VALUES."""
        if not self.total:
            return 0.0
        inputs = self._inputs(values)
        return sum(self._weight(column, len(inputs)) * bits for column, bits in inputs)

    def learn(
        self, values: Sequence[tuple[str, str]], *, refused: bool, weight: float = 1.0
    ) -> None:
        """Count one answer, and adjust what each column counts by how well it told before."""
        inputs = self._inputs(values) if self.total else []
        if inputs and self.refused:
            self._adjust(inputs, refused, weight)
        self.total += weight
        self.refused += weight * refused
        for _, key in _keys(values):
            answers = self._answers.get(key)
            if answers is None:
                if len(self._answers) >= self.most:
                    continue
                answers = self._answers[key] = [0.0, 0.0]
            answers[0] += weight * refused
            answers[1] += weight

    def _adjust(self, inputs: Sequence[tuple[str, float]], refused: bool, weight: float) -> None:
        odds = log(self._rate() / (1.0 - self._rate()))
        total = sum(self._weight(column, len(inputs)) * bits for column, bits in inputs)
        probability = 1.0 / (1.0 + exp(-max(-30.0, min(30.0, odds + total * log(2.0)))))
        error = (refused - probability) * weight
        for column, bits in inputs:
            gradient = error * bits
            squares = self._gradients.get(column, 1.0) + gradient * gradient
            self._gradients[column] = squares
            moved = self._weight(column, len(inputs)) + _RATE * gradient / sqrt(squares)
            self._weights[column] = max(0.0, moved)

    def _weight(self, column: str, columns: int) -> float:
        return self._weights.get(column, _START / sqrt(columns))

    def _rate(self) -> float:
        return (self.refused + 0.5) / (self.total + 1.0)

    def _inputs(self, values: Sequence[tuple[str, str]]) -> list[tuple[str, float]]:
        rate = self._rate()
        usual = log2(rate / (1.0 - rate))
        inputs = []
        for column, key in _keys(values):
            refused, answered = self._answers.get(key, _NEVER)
            share = (refused + SHRINK * rate) / (answered + SHRINK)
            inputs.append((column, log2(share / (1.0 - share)) - usual))
        return inputs


_NEVER = (0.0, 0.0)


def _keys(values: Sequence[tuple[str, str]]) -> list[tuple[str, int]]:
    kept = values[:MOST_VALUES]
    single = [(column, chain_keys(f"?{column}", (value,)).values[0]) for column, value in kept]
    pairs = [
        (f"{one}&{other}", (one_key * 0x9E3779B1 + other_key * 0x85EBCA77) & 0xFFFFFFFFFFFF)
        for (one, one_key), (other, other_key) in combinations(single, 2)
    ]
    return single + pairs
