"""How well scores tell attacks from the rest: exact, ties counted as published, no numpy.

Everything is computed from one order of the scores (`Ranking`), in which every subject may have
a weight: that is what a bootstrap needs, and plain figures are those with weight one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from operator import itemgetter
from statistics import median

FALSE_ALARMS = ("0.1", "1", "1.7", "5")
"""In percent, as names of figures say it: `tpr_at_1.7`."""
CAUGHT = (0.98, 0.99, 0.995)
AFTER = (12, 39)
"""Legitimate events of a subject; these and CAUGHT are Wiefling et al., TOPS 26(1), 2022."""
BINS = 10

_RATES = tuple(Fraction(percent) / 100 for percent in FALSE_ALARMS)


@dataclass(frozen=True, slots=True)
class Item:
    """One row or block that was scored. subject: a number from 0, in order of appearance."""

    score: float
    positive: bool
    subject: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one order; None where there is nothing to compute them from."""

    auc: float | None
    average_precision: float | None
    tpr_at: tuple[float | None, ...]
    """At FALSE_ALARMS: the largest share of attacks caught by one threshold for everybody."""


class Ranking:
    """Scores in falling order: for every attack, how many others are above it."""

    def __init__(self, items: Sequence[Item]) -> None:
        others = sorted(
            ((one.score, one.subject) for one in items if not one.positive), reverse=True
        )
        attacks = sorted(((one.score, one.subject) for one in items if one.positive), reverse=True)
        # Ascending for bisect.
        falling = [-score for score, _ in others]
        self._others = [subject for _, subject in others]
        self._attacks = [subject for _, subject in attacks]
        self._above = [bisect_left(falling, -score) for score, _ in attacks]
        self._not_below = [bisect_right(falling, -score) for score, _ in attacks]
        # Where the attacks of the same score end: a threshold takes all of them or none.
        rising = [-score for score, _ in attacks]
        self._tied_until = [bisect_right(rising, score) for score in rising]

    def figures(self, weights: Sequence[int] | None = None) -> Figures:
        """Return the figures; weights: how often each subject counts, by its number."""
        if weights is None:
            attack_weights = [1] * len(self._attacks)
            seen: Sequence[int] = range(len(self._others) + 1)
        else:
            attack_weights = [weights[subject] for subject in self._attacks]
            seen = list(accumulate(_picked(weights, self._others), initial=0))
        caught = list(accumulate(attack_weights, initial=0))
        positives, negatives = caught[-1], seen[-1]
        if not positives:
            return Figures(None, None, (None,) * len(FALSE_ALARMS))
        return Figures(
            self._auc(attack_weights, seen, positives, negatives),
            self._average_precision(attack_weights, seen, caught, positives),
            self._rates(seen, caught, positives, negatives),
        )

    def _auc(
        self, attack_weights: Sequence[int], seen: Sequence[int], positives: int, negatives: int
    ) -> float | None:
        """Return the share of (attack, other) pairs in the right order, a tie being half."""
        if not negatives:
            return None
        wrong_twice = sum(
            weight * (seen[above] + seen[not_below])
            for weight, above, not_below in zip(
                attack_weights, self._above, self._not_below, strict=True
            )
        )
        return 1 - wrong_twice / (2 * positives * negatives)

    def _average_precision(
        self,
        attack_weights: Sequence[int],
        seen: Sequence[int],
        caught: Sequence[int],
        positives: int,
    ) -> float:
        """Return the precision at each attack's own score, averaged over attacks."""
        total = 0.0
        for weight, not_below, until in zip(
            attack_weights, self._not_below, self._tied_until, strict=True
        ):
            if weight:
                total += weight * caught[until] / (caught[until] + seen[not_below])
        return total / positives

    def _rates(
        self, seen: Sequence[int], caught: Sequence[int], positives: int, negatives: int
    ) -> tuple[float | None, ...]:
        if not negatives:
            return (None,) * len(FALSE_ALARMS)
        rates = []
        for allowed in _RATES:
            most = allowed.numerator * negatives // allowed.denominator
            # False alarms only grow down the order, so the last attack that fits is the answer.
            fitting = bisect_right(self._not_below, most, key=seen.__getitem__)
            rates.append(caught[fitting] / positives)
        return tuple(rates)


def _picked(weights: Sequence[int], subjects: Sequence[int]) -> Iterable[int]:
    if len(subjects) > 1:
        return itemgetter(*subjects)(weights)  # type: ignore[no-any-return]
    return [weights[subject] for subject in subjects]


def reapprovals(items: Sequence[Item]) -> dict[str, dict[str, float | None]]:
    """Return, for each share of attacks caught, how often legitimate subjects are asked.

    The median, over subjects with at least n legitimate events, of how many of their first n
    are at or over the one threshold that catches this share. `{"0.98": {"12": …, "39": …}}`;
    None where no subject has as many events, or nothing is to be caught.
    """
    attacks = sorted((one.score for one in items if one.positive), reverse=True)
    firsts: dict[int, list[float]] = {}
    for one in items:
        if not one.positive:
            scores = firsts.setdefault(one.subject, [])
            if len(scores) < max(AFTER):
                scores.append(one.score)
    return {
        str(share): {str(n): _median_asked(firsts.values(), n, attacks, share) for n in AFTER}
        for share in CAUGHT
    }


def _median_asked(
    firsts: Iterable[Sequence[float]], n: int, attacks: Sequence[float], share: float
) -> float | None:
    long_enough = [scores[:n] for scores in firsts if len(scores) >= n]
    if not long_enough or not attacks:
        return None
    wanted = Fraction(str(share)) * len(attacks)
    threshold = attacks[-(-wanted.numerator // wanted.denominator) - 1]
    return float(median(sum(score >= threshold for score in scores) for scores in long_enough))


def brier(probabilities: Sequence[float], positives: Sequence[bool]) -> float | None:
    """Return the mean squared distance of probability and outcome (Brier 1950)."""
    if not probabilities:
        return None
    return sum(
        (probability - positive) ** 2
        for probability, positive in zip(probabilities, positives, strict=True)
    ) / len(probabilities)


def expected_calibration_error(
    probabilities: Sequence[float], positives: Sequence[bool]
) -> float | None:
    """Return how far bins of like probability are from their share of attacks, on average.

    BINS bins of equal mass (Nguyen and O'Connor 2015), each extended over ties: equal
    probabilities that were split by their outcome would look miscalibrated.
    """
    if not probabilities:
        return None
    order = sorted(zip(probabilities, positives, strict=True), key=itemgetter(0))
    total, start = 0.0, 0
    for number in range(1, BINS + 1):
        end = len(order) * number // BINS
        if end <= start:
            continue
        while end < len(order) and order[end][0] == order[end - 1][0]:
            end += 1
        total += abs(sum(probability - positive for probability, positive in order[start:end]))
        start = end
    return total / len(order)


def percentile(values: Sequence[int | float], percent: float) -> float | None:
    """Return the smallest value that `percent` of all do not exceed (nearest rank)."""
    if not values:
        return None
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return float(ordered[max(0, int(rank) - 1)])
