"""Windows: open in the hours of a zone's own days, also when its clocks are changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assent.control.windows import NO_ZONES, Occurrence, Windows
from assent.core.faults import ConflictFault
from assent.core.scope import Window
from assent.system.zones import Zones
from assent.workflow.wishes import window_of
from builders import NOON, a_grant

WINDOWS = Windows(Zones())
NIGHTS = window_of("mon-fri 22:00-06:00 Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        ("2026-03-04T21:59:59+01:00", False),
        ("2026-03-04T22:00:00+01:00", True),
        ("2026-03-05T05:59:59+01:00", True),
        ("2026-03-05T06:00:00+01:00", False),
        # It begins on Friday evening, and not on Saturday.
        ("2026-03-07T03:00:00+01:00", True),
        ("2026-03-07T23:00:00+01:00", False),
        ("2026-03-02T03:00:00+01:00", False),
    ],
)
def test_a_window_is_open_from_its_first_instant_to_before_its_last(
    now: str, is_open: bool
) -> None:
    assert (WINDOWS.open_at(NIGHTS, at(now)) is not None) is is_open


def test_a_night_is_an_hour_shorter_when_clocks_go_forward_and_longer_when_they_go_back() -> None:
    saturdays = replace(NIGHTS, weekdays=frozenset({6}))
    spring = WINDOWS.open_at(saturdays, at("2026-03-28T23:00:00+01:00"))
    autumn = WINDOWS.open_at(saturdays, at("2026-10-24T23:00:00+02:00"))
    assert spring is not None
    assert autumn is not None
    assert spring.ends_at - spring.begins_at == timedelta(hours=7)
    assert autumn.ends_at - autumn.begins_at == timedelta(hours=9)


def test_an_hour_that_clocks_show_twice_ends_a_window_the_first_time() -> None:
    window = window_of("sun 01:00-02:30 Europe/Berlin")
    found = WINDOWS.open_at(window, at("2026-10-25T01:30:00+02:00"))
    assert found == Occurrence(at("2026-10-25T01:00:00+02:00"), at("2026-10-25T02:30:00+02:00"))


def test_the_next_opening_is_found_over_the_weekend() -> None:
    found = WINDOWS.after(NIGHTS, at("2026-03-07T12:00:00+01:00"))
    assert found is not None
    assert found.begins_at == at("2026-03-09T22:00:00+01:00")


def test_a_grant_counts_until_its_hours_or_its_end_whichever_comes_first() -> None:
    grant = replace(a_grant(lasts_for=timedelta(days=9)), window=window_of("wed 11:00-13:00 UTC"))
    assert WINDOWS.is_open(grant, NOON)
    assert WINDOWS.counts_until(grant, NOON) == NOON + timedelta(hours=1)
    assert not WINDOWS.is_open(grant, NOON + timedelta(hours=1))
    assert WINDOWS.counts_until(grant, NOON + timedelta(hours=2)) == NOON + timedelta(hours=2)
    short = replace(grant, ends_at=NOON + timedelta(minutes=5))
    assert WINDOWS.counts_until(short, NOON) == short.ends_at


def test_a_zone_that_is_not_known_is_never_open_and_is_refused() -> None:
    nowhere = Window(frozenset({1, 2, 3, 4, 5, 6, 7}), 0, 1439, "Mars/Base")
    assert WINDOWS.open_at(nowhere, NOON) is None
    assert WINDOWS.after(nowhere, NOON) is None
    with pytest.raises(ConflictFault, match="no time zone `Mars/Base`"):
        WINDOWS.check(nowhere)
    with pytest.raises(ConflictFault):
        NO_ZONES.check(NIGHTS)


def test_zones_are_found_by_their_names_alone() -> None:
    assert WINDOWS.zone("Europe/Berlin") is not None
    assert NO_ZONES.zone("UTC") is UTC
    for name in ("", "Mars/Base", "../../etc/passwd", "/etc/localtime"):
        assert WINDOWS.zone(name) is None
