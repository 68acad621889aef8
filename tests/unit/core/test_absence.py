from datetime import UTC, datetime, timedelta

from assent.core.absence import Absence
from assent.core.ids import SubjectId

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_somebody_is_away_from_the_start_until_just_before_the_end() -> None:
    absence = Absence(SubjectId("sub_dora"), NOON, NOON + timedelta(hours=1))
    moment = timedelta(microseconds=1)
    assert absence.covers(NOON)
    assert absence.covers(absence.ends_at - moment)
    assert not absence.covers(NOON - moment)
    assert not absence.covers(absence.ends_at)
