from datetime import timedelta

import pytest

from assent.policy.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "0m", "15", "m", "1.5h", "-1h", "15 m", "15M", "1w", "15m\n", "٣m", "400d", "9" * 99],
)
def test_anything_else_is_not_a_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration|longer than a year"):
        parse_duration(text)
