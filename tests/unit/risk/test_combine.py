"""Several weights of one family."""

import pytest

from assent.risk.combine import combined, shares


def test_one_weight_counts_whole() -> None:
    assert combined([3.0]) == 3.0


def test_a_second_of_the_same_sign_counts_half() -> None:
    assert combined([4.0, 2.0]) == 5.0
    assert combined([-2.0, -4.0]) == -5.0


def test_what_speaks_for_and_against_is_ranked_apart() -> None:
    assert combined([4.0, -2.0]) == 2.0
    assert combined([4.0, -2.0, 2.0]) == 3.0


@pytest.mark.parametrize("bits", [[1.0], [1.0, 5.0], [3.0, -1.0, 2.0, -4.0, 0.0, 3.0, 1.0]])
def test_shares_say_how_much_of_each_is_in_the_sum(bits: list[float]) -> None:
    parts = [share * value for share, value in zip(shares(bits), bits, strict=True)]
    assert sum(parts) == pytest.approx(combined(bits))
