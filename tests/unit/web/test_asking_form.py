"""What a form says is read field by field."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from assent.core.faults import ConflictFault
from assent.core.scope import Budget, Scope, Window
from assent.web.asking_form import AskForm, coming, duration, read
from assent.workflow.wishes import ANYTHING, Wish

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def zones(name: str) -> tzinfo | None:
    return {"UTC": UTC, "Europe/Berlin": ZoneInfo("Europe/Berlin")}.get(name)


def test_an_empty_form_asks_for_whatever_policies_permit() -> None:
    asked = read(AskForm(), zones, NOW)
    assert (asked.wish, asked.lasts_for, asked.errors) == (ANYTHING, None, {})
    assert not AskForm(lasts_for="1h", reason="r", ticket="T-1", read_only=True).is_detailed


def test_a_full_form_asks_for_all_that_it_says() -> None:
    form = AskForm(
        lasts_for="2h",
        read_only=True,
        verbs="read, sql.update",
        tables="orders sales.*",
        budget="writes 5, bytes 1kB",
        window="mon-fri 22:00-06:00",
        until="2026-12-31T18:00",
        zone="Europe/Berlin",
    )
    asked = read(form, zones, NOW)
    assert form.is_detailed
    assert asked.errors == {}
    assert asked.lasts_for == timedelta(hours=2)
    assert asked.wish == Wish(
        scope=Scope(
            frozenset({"sql.read", "sql.update"}), frozenset({"orders", "sales.*"}), read_only=True
        ),
        budget=Budget(writes=5, bytes=1000),
        window=Window(frozenset({1, 2, 3, 4, 5}), 22 * 60, 6 * 60, "Europe/Berlin"),
        until=datetime(2026, 12, 31, 17, 0, tzinfo=UTC),
    )


def test_a_zone_that_the_hours_name_themselves_counts() -> None:
    asked = read(AskForm(window="sat 08:00-12:00 UTC", zone="Europe/Berlin"), zones, NOW)
    assert asked.wish.window is not None
    assert asked.wish.window.zone == "UTC"


def test_a_clock_that_starts_at_first_use_is_asked_for_until_a_time() -> None:
    asked = read(AskForm(starts="first-use", until="2026-11-23T12:00"), zones, NOW)
    assert asked.errors == {}
    assert asked.wish == Wish(first_use=True, until=NOW + timedelta(days=1))


def test_everything_that_is_wrong_is_said_at_once() -> None:
    form = AskForm(
        lasts_for="soon",
        verbs="DROP",
        tables="\x07",
        budget="much",
        window="at night",
        until="tomorrow",
    )
    assert set(read(form, zones, NOW).errors) == {
        "lasts_for",
        "verbs",
        "tables",
        "budget",
        "window",
        "until",
    }


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        (AskForm(until="2026-11-22T12:00"), "until", "over already"),
        (AskForm(until="2026-13-01T12:00"), "until", "write a date and a time"),
        (AskForm(until="0001-01-01T00:00", zone="Europe/Berlin"), "until", "no time"),
        (AskForm(until="2026-12-01T12:00", zone="Mars/Base"), "until", "no time zone `Mars/Base`"),
        (AskForm(window="mon 08:00-09:00", zone="Mars/Base"), "window", "no time zone"),
        (AskForm(window="mon 08:00-08:00"), "window", "different times"),
        (AskForm(window="mon 08:00-09:00", starts="first-use"), "window", "leave the hours empty"),
        (AskForm(budget="writes 0"), "budget", "not a count"),
        (AskForm(tables=" ".join(f"t{number}" for number in range(201))), "tables", "too many"),
    ],
)
def test_what_is_wrong_with_a_field_says_what_would_be_right(
    form: AskForm, field: str, words: str
) -> None:
    errors = read(form, zones, NOW).errors
    assert list(errors) == [field]
    assert words in errors[field]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("30 min", 1800), (" 2H ", 7200), ("1d", 86400)],
)
def test_durations_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0m", "-1h", "1.5h", "30", "1234567s", "٣m", "1w"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ConflictFault, match="is not a duration"):
        duration(text)


def test_a_time_with_a_zone_of_its_own_is_taken_at_its_word() -> None:
    at = coming("2026-11-23T12:00+02:00", "Europe/Berlin", zones, NOW)
    assert at == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
