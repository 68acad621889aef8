"""Features as chains."""

import pytest

from assent.evaluation.peers.levels import levels


def test_a_value_is_a_chain_of_one_and_a_hierarchy_is_itself() -> None:
    assert levels("a") == ("a",)
    assert levels(("a", "b")) == ("a", "b")


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (1.0, "2^1"), (1.9, "2^1"), (2.0, "2^2"), (-0.5, "-2^0")]
)
def test_a_magnitude_is_its_power_of_two(number: float, text: str) -> None:
    assert levels(number) == (text,)
