"""What people's answers say of a request: how often others like it were refused.

Refusals and answers are counted for each value of a request and for each pair of values. A value
is compared with the overall share of refusals, a pair with what its two values already say
(beta-binomial, shrunk towards either). How much a column counts is learned online from the same
answers, and so is a small correction for each value and pair, for what is said twice.
"""

from collections.abc import Sequence
from itertools import combinations
from math import exp, log, sqrt

from assent.risk.keys import chain_keys

MOST_VALUES = 12
"""Columns of a request that are looked at; pairs grow with the square of it."""

SHRINK = 12.0
"""So many answers every value is thought to have had, with the outcome that is to be expected."""

_WEIGHT = 0.4
_PAIR_WEIGHT = 0.2
_RATE = 0.1
_NAT = log(2.0)

_Column = str | tuple[str, str]
_Inputs = list[tuple[_Column, float]]


class _Answers:
    """Those to requests with one value or pair. correction: natural log-odds, learned."""

    __slots__ = ("answered", "correction", "refused", "squares")

    def __init__(self) -> None:
        self.refused = 0.0
        self.answered = 0.0
        self.correction = 0.0
        self.squares = 1.0


class Feedback:
    """Counts of answers. Scores are bits: how much likelier a refusal is than on average."""

    __slots__ = ("_answers", "_squares", "_weights", "most", "refused", "total")

    def __init__(self, most: int = 1_000_000) -> None:
        self.most = most
        self.refused = 0.0
        self.total = 0.0
        self._answers: dict[int, _Answers] = {}
        # By column or pair of columns; the squares are of the gradients so far (AdaGrad).
        self._weights: dict[_Column, float] = {}
        self._squares: dict[_Column, float] = {}

    def bits(self, values: Sequence[tuple[str, str]]) -> float:
        """Return the evidence for a refusal. values: (column, value), at most MOST_VALUES."""
        if not self.total:
            return 0.0
        inputs, answers = self._read(_keys(values))
        return self._sum(inputs, answers) / _NAT

    def learn(
        self, values: Sequence[tuple[str, str]], *, refused: bool, weight: float = 1.0
    ) -> None:
        """Count one answer, and adjust what each column counts by how well it told before."""
        keys = _keys(values)
        if self.refused:
            self._adjust(*self._read(keys), refused, weight)
        self.total += weight
        self.refused += weight * refused
        for _, key in (*keys[0], *keys[1]):
            answers = self._answers.get(key)
            if answers is None:
                if len(self._answers) >= self.most:
                    continue
                answers = self._answers[key] = _Answers()
            answers.refused += weight * refused
            answers.answered += weight

    def _read(self, keys: "_Keys") -> tuple[_Inputs, list[_Answers]]:
        """Return what each column says, in natural log-odds, and what is kept of the values."""
        rate = self._rate()
        usual = log(rate / (1.0 - rate))
        singles, pairs = keys
        said: list[float] = []
        inputs: _Inputs = []
        found: list[_Answers] = []
        for column, key in singles:
            answers = self._answers.get(key)
            odds = 0.0
            if answers is not None:
                found.append(answers)
                odds = _shrunk(answers, rate) - usual
                inputs.append((column, odds))
            said.append(odds)
        for (one, other), (columns, key) in zip(combinations(said, 2), pairs, strict=True):
            answers = self._answers.get(key)
            if answers is not None:
                found.append(answers)
                expected = usual + one + other
                inputs.append((columns, _shrunk(answers, _probability(expected)) - expected))
        return inputs, found

    def _sum(self, inputs: _Inputs, answers: Sequence[_Answers]) -> float:
        weighted = sum(self._weight(column) * odds for column, odds in inputs)
        return weighted + sum(known.correction for known in answers)

    def _adjust(
        self, inputs: _Inputs, answers: Sequence[_Answers], refused: bool, weight: float
    ) -> None:
        rate = self._rate()
        odds = log(rate / (1.0 - rate)) + self._sum(inputs, answers)
        error = (refused - _probability(odds)) * weight
        for column, said in inputs:
            gradient = error * said
            squares = self._squares.get(column, 1.0) + gradient * gradient
            self._squares[column] = squares
            moved = self._weight(column) + _RATE * gradient / sqrt(squares)
            self._weights[column] = max(0.0, moved)
        for known in answers:
            known.squares += error * error
            known.correction += _RATE * error / sqrt(known.squares)

    def _weight(self, column: _Column) -> float:
        weight = self._weights.get(column)
        if weight is None:
            return _WEIGHT if isinstance(column, str) else _PAIR_WEIGHT
        return weight

    def _rate(self) -> float:
        return (self.refused + 0.5) / (self.total + 1.0)


def _shrunk(answers: _Answers, expected: float) -> float:
    share = (answers.refused + SHRINK * expected) / (answers.answered + SHRINK)
    return log(share / (1.0 - share))


def _probability(odds: float) -> float:
    return 1.0 / (1.0 + exp(-max(-15.0, min(15.0, odds))))


_Keys = tuple[list[tuple[str, int]], list[tuple[tuple[str, str], int]]]


def _keys(values: Sequence[tuple[str, str]]) -> _Keys:
    singles = [
        (column, chain_keys(f"?{column}", (value,)).values[0])
        for column, value in values[:MOST_VALUES]
    ]
    pairs = [
        ((one, other), (one_key * 0x9E3779B1 + other_key * 0x85EBCA77) & 0xFFFFFFFFFFFF)
        for (one, one_key), (other, other_key) in combinations(singles, 2)
    ]
    return singles, pairs
