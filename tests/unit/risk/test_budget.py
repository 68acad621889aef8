"""Unit tests of risk/budget.py."""

import pytest

from assent.risk.budget import (
    ENOUGH,
    HALF_LIFE_ACTIONS,
    HIGH_BOUNDS,
    MEDIUM_BOUNDS,
    Budget,
    Thresholds,
)
from assent.risk.model import MODEL

USUAL = (MODEL.medium_from, MODEL.high_from)
TWO_PERCENT = Budget(2000, 500)


def counting(thresholds: Thresholds, score: int, times: int, segment: str = "prod") -> None:
    for _ in range(times):
        thresholds.count(segment, score)


def mixed(thresholds: Thresholds, rounds: int) -> None:
    """Count rounds of a hundred: 90 times 5, 5 times 20, 4 times 40, once 80."""
    for _ in range(rounds):
        for score, times in ((5, 90), (20, 5), (40, 4), (80, 1)):
            counting(thresholds, score, times)


@pytest.mark.parametrize(
    ("medium", "high"), [(0, 0), (500, 500), (500, 2000), (100_000, 500), (2000, 0), (-1, -2)]
)
def test_a_budget_out_of_order_is_refused(medium: int, high: int) -> None:
    with pytest.raises(ValueError, match="0 < high < medium < 100 percent"):
        Budget(medium, high)


def test_without_a_budget_thresholds_are_what_was_set() -> None:
    thresholds = Thresholds(None, 30, 70)
    counting(thresholds, 99, 2000)
    assert thresholds.of("prod") == (30, 70)
    assert Thresholds().of("prod") == USUAL


def test_until_enough_was_seen_the_fixed_thresholds_hold() -> None:
    thresholds = Thresholds(TWO_PERCENT, 30, 70)
    counting(thresholds, 5, int(ENOUGH) - 1)
    assert thresholds.of("prod") == (30, 70)
    counting(thresholds, 5, 10)
    assert thresholds.of("prod") == (MEDIUM_BOUNDS[0], HIGH_BOUNDS[0])


def test_the_first_scores_are_those_that_the_budget_allows() -> None:
    # 1 % reach 80, 5 % reach 40 and 10 % reach 20.
    for budget, expected in (
        (Budget(10_500, 5_500), (10, 30)),
        (Budget(5_500, 1_500), (21, 41)),
        (Budget(1_500, 500), (41, 81)),
        (Budget(400, 300), (59, 81)),
    ):
        thresholds = Thresholds(budget)
        mixed(thresholds, 20)
        assert thresholds.of("prod") == expected


def test_segments_do_not_share_what_they_saw() -> None:
    thresholds = Thresholds(TWO_PERCENT)
    counting(thresholds, 50, 1000, "prod")
    counting(thresholds, 5, 1000, "dev")
    assert thresholds.of("prod") == (51, 51 + 1)
    assert thresholds.of("dev") == (MEDIUM_BOUNDS[0], HIGH_BOUNDS[0])
    assert thresholds.of("another") == USUAL


def test_a_flood_of_the_highest_scores_moves_thresholds_no_further_than_their_bounds() -> None:
    thresholds = Thresholds(TWO_PERCENT)
    counting(thresholds, 100, 3000)
    assert thresholds.of("prod") == (MEDIUM_BOUNDS[1], HIGH_BOUNDS[1])


def test_what_is_newer_counts_more() -> None:
    # As often 50 as 5, and longer ago: it counts half as much.
    old, new = Thresholds(Budget(45_000, 40_000)), Thresholds(Budget(45_000, 40_000))
    half = int(HALF_LIFE_ACTIONS)
    counting(old, 50, half)
    counting(old, 5, half)
    counting(new, 5, half)
    counting(new, 50, half)
    assert old.of("prod") == (MEDIUM_BOUNDS[0], HIGH_BOUNDS[0])
    assert new.of("prod")[0] == 51


def test_counts_stay_in_bounds_however_many_actions_come() -> None:
    thresholds = Thresholds(Budget(5_500, 1_500))
    # So many that the weights of new actions are scaled back once.
    for _ in range(9_000):
        for score, times in ((5, 90), (20, 5), (40, 4), (80, 1)):
            counting(thresholds, score, times)
    assert thresholds.of("prod") == (21, 41)
