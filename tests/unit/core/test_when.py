"""Moments as people write them begin where they should."""

from datetime import UTC, datetime

import pytest

from assent.core.when import parse_when

NOW = datetime(2026, 11, 22, 15, 30)  # A Sunday.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("march", datetime(2026, 3, 1)),
        ("Mar", datetime(2026, 3, 1)),
        ("march 2024", datetime(2024, 3, 1)),
        ("november", datetime(2026, 11, 1)),
        ("december", datetime(2025, 12, 1)),
        ("may", datetime(2026, 5, 1)),
        ("2026-03", datetime(2026, 3, 1)),
        ("2025", datetime(2025, 1, 1)),
        ("2026-03-31", datetime(2026, 3, 31)),
        ("2026-03-31T18:30", datetime(2026, 3, 31, 18, 30)),
        ("2026-03-31 18:30:05", datetime(2026, 3, 31, 18, 30, 5)),
        ("2026-03-31t18:30:05z", datetime(2026, 3, 31, 18, 30, 5, tzinfo=UTC)),
        ("today", datetime(2026, 11, 22)),
        (" Yesterday ", datetime(2026, 11, 21)),
        ("sunday", datetime(2026, 11, 22)),
        ("monday", datetime(2026, 11, 16)),
        ("sat", datetime(2026, 11, 21)),
        ("7d", datetime(2026, 11, 15, 15, 30)),
        ("2w", datetime(2026, 11, 8, 15, 30)),
        ("90m", datetime(2026, 11, 22, 14, 0)),
        ("12h", datetime(2026, 11, 22, 3, 30)),
    ],
)
def test_a_moment_begins_where_its_words_say(text: str, expected: datetime) -> None:
    assert parse_when(text, NOW) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "soon", "marchy", "2026-13", "2026-02-30", "7y", "monday 2024"),
        *("0000", "x" * 50, "march 2024 x", "\u0661d", "1 march"),
    ],
)
def test_what_is_no_moment_is_told_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; write `march`"):
        parse_when(text, NOW)
