import pytest

from assent.core.assessment import Assessment, Factor, RiskLevel


def test_a_score_is_the_sum_of_its_factors() -> None:
    factors = (Factor("a", 30, "one"), Factor("b", 10, "two"))
    assert Assessment(40, RiskLevel.MEDIUM, factors).score == 40
    with pytest.raises(ValueError, match="must sum to the score"):
        Assessment(41, RiskLevel.MEDIUM, factors)
