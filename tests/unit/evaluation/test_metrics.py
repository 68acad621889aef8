"""Figures against their definitions, computed the slow way."""

from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.evaluation.metrics import (
    FALSE_ALARMS,
    Item,
    Ranking,
    brier,
    expected_calibration_error,
    percentile,
    reapprovals,
)

SUBJECTS = 4
# Few different scores, so that ties are the rule.
ITEMS = st.lists(
    st.builds(
        Item,
        st.integers(-4, 4).map(float),
        st.booleans(),
        st.integers(0, SUBJECTS - 1),
    ),
    max_size=30,
)
WEIGHTS = st.lists(st.integers(0, 3), min_size=SUBJECTS, max_size=SUBJECTS)


def brute_auc(attacks: list[float], others: list[float]) -> float | None:
    if not attacks or not others:
        return None
    wins = [(a > o) + (a == o) / 2 for a in attacks for o in others]
    return sum(wins) / len(wins)


def brute_average_precision(attacks: list[float], others: list[float]) -> float | None:
    if not attacks:
        return None
    total, recall = 0.0, 0.0
    for threshold in sorted({*attacks, *others}, reverse=True):
        hits = sum(score >= threshold for score in attacks)
        alarms = hits + sum(score >= threshold for score in others)
        total += (hits / len(attacks) - recall) * hits / alarms
        recall = hits / len(attacks)
    return total


def brute_tpr(attacks: list[float], others: list[float], percent: str) -> float | None:
    if not attacks or not others:
        return None
    rates = [0.0]
    for threshold in {*attacks, *others}:
        alarms = sum(score >= threshold for score in others)
        if Fraction(alarms, len(others)) <= Fraction(percent) / 100:
            rates.append(sum(score >= threshold for score in attacks) / len(attacks))
    return max(rates)


@given(ITEMS, WEIGHTS)
def test_weighted_figures_are_those_of_items_that_are_repeated(
    items: list[Item], weights: list[int]
) -> None:
    repeated = [one for one in items for _ in range(weights[one.subject])]
    attacks = [one.score for one in repeated if one.positive]
    others = [one.score for one in repeated if not one.positive]
    for figures in (Ranking(items).figures(weights), Ranking(repeated).figures()):
        assert figures.auc == pytest.approx(brute_auc(attacks, others))
        assert figures.average_precision == pytest.approx(brute_average_precision(attacks, others))
        rates = tuple(brute_tpr(attacks, others, percent) for percent in FALSE_ALARMS)
        assert figures.tpr_at == pytest.approx(rates)


def test_a_rate_of_false_alarms_is_met_exactly() -> None:
    others = [Item(float(n), False, 0) for n in range(1000)]
    attacks = [Item(998.5, True, 0), Item(997.5, True, 0)]
    # One of a thousand is 0.1 %, and two are more; 17 are 1.7 %.
    assert Ranking(others + attacks).figures().tpr_at == (0.5, 1.0, 1.0, 1.0)
    assert Ranking([*others, Item(982.5, True, 0)]).figures().tpr_at == (0.0, 0.0, 1.0, 1.0)
    assert Ranking([*others, Item(981.5, True, 0)]).figures().tpr_at == (0.0, 0.0, 0.0, 1.0)


def test_without_attacks_nothing_is_defined() -> None:
    figures = Ranking([Item(1.0, False, 0)]).figures()
    assert (figures.auc, figures.average_precision, set(figures.tpr_at)) == (None, None, {None})


def test_infinite_scores_are_ordered_as_any_others() -> None:
    items = [Item(float("inf"), True, 0), Item(0.0, False, 0), Item(float("-inf"), False, 0)]
    assert Ranking(items).figures().auc == 1.0


@given(
    st.lists(
        st.builds(Item, st.integers(0, 9).map(float), st.booleans(), st.integers(0, 1)),
        max_size=120,
    )
)
def test_reapprovals_are_those_of_wieflings_protocol(items: list[Item]) -> None:
    attacks = sorted((one.score for one in items if one.positive), reverse=True)
    for share, counts in reapprovals(items).items():
        enough = [t for t in attacks if _caught(attacks, t) >= Fraction(share)]
        for n, found in counts.items():
            subjects = [
                [one.score for one in items if not one.positive and one.subject == who][: int(n)]
                for who in (0, 1)
            ]
            long_enough = [scores for scores in subjects if len(scores) == int(n)]
            if not attacks or not long_enough:
                assert found is None
                continue
            asked = [sum(score >= max(enough) for score in scores) for scores in long_enough]
            assert found == median(asked)


def _caught(attacks: list[float], threshold: float) -> Fraction:
    return Fraction(sum(score >= threshold for score in attacks), len(attacks))


def test_brier_is_the_mean_squared_distance() -> None:
    assert brier([0.0, 1.0, 0.5, 0.5], [False, True, True, False]) == pytest.approx(0.125)
    assert brier([], []) is None


def test_calibration_compares_each_tenth_with_its_share_of_attacks() -> None:
    probabilities = [n / 100 for n in range(100)]
    positives = [False] * 100
    assert expected_calibration_error(probabilities, positives) == pytest.approx(0.495)
    assert expected_calibration_error([], []) is None


def test_equal_probabilities_are_judged_together() -> None:
    positives = [False] * 50 + [True] * 50
    assert expected_calibration_error([0.5] * 100, positives) == 0.0


def test_few_probabilities_have_fewer_bins() -> None:
    assert expected_calibration_error([0.0, 1.0], [True, True]) == pytest.approx(0.5)


@given(st.lists(st.integers(0, 50), min_size=1), st.sampled_from([2.5, 50, 97.5, 99]))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(
    values: list[int], percent: float
) -> None:
    enough = [v for v in values if sum(one <= v for one in values) * 100 >= percent * len(values)]
    assert percentile(values, percent) == min(enough)


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 50) is None
