"""Wishes for access: read strictly, written so that they read back."""

from datetime import UTC, datetime

import pytest

from assent.core.faults import ConflictFault
from assent.core.ids import GrantId
from assent.core.scope import Budget, Scope, Window
from assent.workflow.wishes import (
    ANYTHING,
    Wish,
    describe_wish,
    details_of,
    window_of,
    window_text,
    wish_of,
)

NIGHTS = Window(frozenset({1, 2, 3, 4, 5}), 22 * 60, 6 * 60, "Europe/Berlin")


def test_no_wish_leaves_no_details() -> None:
    assert details_of(ANYTHING) == {}
    assert wish_of({"for_s": "60"}) == ANYTHING


def test_a_wish_is_written_as_people_read_it() -> None:
    wish = Wish(
        Scope(frozenset({"sql.read"}), frozenset({"public.orders"}), read_only=True),
        Budget(rows=1000),
        window=NIGHTS,
        until=datetime(2026, 12, 31, tzinfo=UTC),
        extends=GrantId("grt_1"),
    )
    assert details_of(wish) == {
        "verbs": "sql.read",
        "resources": "public.orders",
        "read_only": "true",
        "budget": "rows 1000",
        "window": "mon-fri 22:00-06:00 Europe/Berlin",
        "until_s": "1798675200",
        "extends": "grt_1",
    }
    assert wish_of(details_of(wish)) == wish


def test_a_wish_says_in_words_what_people_assent_to() -> None:
    until = datetime(2026, 12, 31, tzinfo=UTC)
    assert describe_wish(ANYTHING) == ()
    assert describe_wish(Wish(window=NIGHTS, until=until, extends=GrantId("grt_1"))) == (
        "until 2026-12-31T00:00:00Z",
        "in the hours mon-fri 22:00-06:00 Europe/Berlin",
        "going on from grant grt_1",
    )
    assert describe_wish(Wish(first_use=True, until=until)) == (
        "from its first use on, which is before 2026-12-31T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("mon 09:00-17:00", {1}),
        ("sat,sun 09:00-17:00 UTC", {6, 7}),
        ("fri-mon 09:00-17:00", {5, 6, 7, 1}),
        ("mon-sun 09:00-17:00", {1, 2, 3, 4, 5, 6, 7}),
    ],
)
def test_days_are_named_singly_and_from_one_to_another(text: str, weekdays: set[int]) -> None:
    window = window_of(text)
    assert window == Window(frozenset(weekdays), 9 * 60, 17 * 60, "UTC")
    assert window_of(window_text(window)) == window


@pytest.mark.parametrize(
    "text",
    ["", "always", "mon", "mon 9-17", "mon 24:00-25:00", "mon 09:00-17:60", "mun 09:00-10:00",
     "mon 09:00-17:00 ../../etc", "mon 09:00-17:00 UTC extra"],
)  # fmt: skip
def test_hours_that_cannot_be_read_are_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ConflictFault, match="mon-fri 22:00-06:00"):
        window_of(text)


@pytest.mark.parametrize(
    "details",
    [
        {"starts": "tomorrow"},
        {"until_s": "soon"},
        {"until_s": "9" * 30},
        {"verbs": "DROP"},
        {"resources": "x" * 261},
        {"verbs": " ".join(f"sql.v{number}" for number in range(201))},
        {"extends": "g" * 65},
        {"window": "mon 09:00-09:00"},
        {"starts": "first-use", "window": "mon 09:00-17:00"},
    ],
)
def test_details_that_are_no_wish_are_refused(details: dict[str, str]) -> None:
    with pytest.raises(ConflictFault):
        wish_of(details)
