"""Durations and instants, as people write and read them."""

from datetime import UTC, datetime

import pytest

from assent.cli import durations
from assent.cli.exit_codes import CommandFault

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d", 86400)]
)
def test_durations_have_one_unit(text: str, value: int) -> None:
    assert durations.seconds(text) == value


@pytest.mark.parametrize("text", ["", "0s", "-1m", "1", "1w", "1h30m", "٣m", "9999999s"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(CommandFault):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        ("2026-11-22T10:14:30Z", "in 14 min"),
        ("2026-11-22T09:59:57Z", "3 s ago"),
        ("2026-11-24T10:00:00Z", "in 2 d"),
        ("2026-11-22T10:04:59.600Z", "in 5 min"),
        ("2026-11-22T10:04:50Z", "in 5 min"),
        ("2026-11-22T10:00:59Z", "in 59 s"),
        ("2026-11-22T11:59:59.900Z", "in 2 h"),
        ("2026-11-22T10:00:00.400Z", "in 0 s"),
        (None, ""),
    ],
)
def test_distances_are_told_in_the_largest_unit(instant: str | None, words: str) -> None:
    assert durations.distance(instant, NOW) == words


def test_the_date_is_told_only_when_it_is_another_day() -> None:
    assert len(durations.in_words("2026-11-22T10:00:00Z", NOW)) == len("10:00:00")
    assert durations.in_words("2026-10-01T12:00:00Z", NOW).startswith("2026-10-01")
