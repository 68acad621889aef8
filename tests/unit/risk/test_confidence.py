"""Unit tests of risk/confidence.py."""

import pytest

from assent.core.evidence import Known
from assent.risk.confidence import confidence_in


@pytest.mark.parametrize(
    ("sessions", "days", "words"),
    [
        (0, 0, "0 sessions seen: low confidence, compared with what their peers do"),
        (1, 1, "1 session seen: low confidence, compared with what their peers do"),
        (4, 300, "4 sessions seen: low confidence, compared with what their peers do"),
    ],
)
def test_few_sessions_are_low_confidence_however_long_ago_they_began(
    sessions: int, days: int, words: str
) -> None:
    confidence, because = confidence_in(Known(sessions=sessions, days=days))
    assert (confidence, because) == ("low", words)


@pytest.mark.parametrize(
    ("sessions", "days", "words"),
    [
        (5, 1, "5 sessions seen in 1 day: medium confidence"),
        (19, 300, "19 sessions seen in 300 days: medium confidence"),
        (20, 6, "20 sessions seen in 6 days: medium confidence"),
    ],
)
def test_many_sessions_of_a_few_days_are_medium_confidence(
    sessions: int, days: int, words: str
) -> None:
    confidence, because = confidence_in(Known(sessions=sessions, days=days))
    assert (confidence, because) == ("medium", words)


def test_many_sessions_of_a_week_are_high_confidence() -> None:
    found = confidence_in(Known(sessions=20, days=7))
    assert found == ("high", "20 sessions seen in 7 days")


def test_a_profile_that_cannot_be_read_is_said_to_be_so() -> None:
    assert confidence_in(None) == ("low", "nothing learned could be read: low confidence")
