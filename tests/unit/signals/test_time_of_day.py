"""Unit tests of signals/time_of_day.py."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from assent.core.action import Action, Statement
from assent.core.evidence import Evidence
from assent.core.ids import ActionId, SubjectId
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import Subject
from assent.signals.time_of_day import NIGHT, WEEKEND, measure

WEDNESDAY = datetime(2026, 3, 4, tzinfo=UTC)
ACTION = Action(ActionId("act_1"), SubjectId("sub_ana"), Statement("sql.read", (), True))


def measured(at: datetime) -> Signal:
    return measure(ACTION, Evidence(at=at, subject=Subject(SubjectId("sub_ana"), "ana")), at)


@pytest.mark.parametrize(
    ("hour", "minute", "strength"),
    [(5, 59, NIGHT), (6, 0, 0), (19, 59, 0), (20, 0, NIGHT), (3, 12, NIGHT)],
)
def test_the_working_day_is_half_open(hour: int, minute: int, strength: int) -> None:
    assert measured(WEDNESDAY.replace(hour=hour, minute=minute)).strength == strength


def test_a_night_says_what_time_it_is() -> None:
    assert measured(WEDNESDAY.replace(hour=3, minute=12)).reason == (
        "03:12 UTC is outside of 06:00 to 20:00"
    )


def test_a_weekend_is_weaker_than_a_night() -> None:
    saturday = measured(datetime(2026, 3, 7, 12, 0, tzinfo=UTC))
    assert saturday.strength == WEEKEND < NIGHT
    assert saturday.reason == "Saturday is not a working day"


def test_the_clock_of_another_zone_is_read_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    signal = measured(datetime(2026, 3, 4, 12, 30, tzinfo=tokyo))
    assert signal.status is SignalStatus.OBSERVED
    assert signal.reason.startswith("03:30 UTC")
