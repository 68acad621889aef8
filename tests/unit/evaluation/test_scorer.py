"""What a peer takes in."""

import pytest

from assent.evaluation.scorer import LearnMode, admits


@pytest.mark.parametrize("label", [0, None])
@pytest.mark.parametrize("mode", LearnMode)
def test_what_nobody_called_an_attack_is_taken_in(mode: LearnMode, label: int | None) -> None:
    assert admits(mode, label)


def test_a_known_attack_is_taken_in_only_when_all_is_learned() -> None:
    assert [mode for mode in LearnMode if admits(mode, 1)] == [LearnMode.ALL]
