"""An assessment that does not add up cannot be made."""

import pytest

from assent.core.assessment import Assessment, Factor, RiskLevel

FACTORS = (Factor("a", 50, "one"), Factor("b", -10, "two"))


def test_a_score_is_the_sum_of_its_signed_factors() -> None:
    assert Assessment(40, RiskLevel.MEDIUM, FACTORS).score == 40
    assert Assessment(0, RiskLevel.LOW).factors == ()


@pytest.mark.parametrize("score", [39, 41, 60, -40])
def test_a_score_that_is_not_the_sum_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="must sum to the score"):
        Assessment(score, RiskLevel.MEDIUM, FACTORS)


def test_levels_are_the_words_of_caep_and_no_others() -> None:
    assert [str(level) for level in RiskLevel] == ["low", "medium", "high"]
