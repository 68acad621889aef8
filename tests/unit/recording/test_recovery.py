"""Unit tests of recording/recovery.py."""

from datetime import UTC, datetime

from assent.core.frame import StatementFrame
from assent.core.ids import SessionId
from assent.recording.frames import encode
from assent.recording.journal import Leftover
from assent.recording.recovery import Recovery, plan
from assent.recording.segment import Segment, seal

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SESSION = SessionId("ses_1")
LINES = [
    encode(StatementFrame(number, NOW, "select 1", (), "permit", "ent_1")) for number in range(1, 7)
]
FRAMES = dict(enumerate(LINES, 1))
FIRST = seal(SESSION, 1, "", 1, LINES[:3])
SECOND = seal(SESSION, 2, FIRST.digest, 4, LINES[3:])


def planned(leftover: Leftover, *segments: Segment) -> Recovery:
    return plan(SESSION, leftover, [(segment.number, segment.data) for segment in segments])


def test_frames_without_a_segment_are_sealed_as_the_first_one() -> None:
    assert planned(Leftover(dict(enumerate(LINES[:3], 1)))) == Recovery((), (FIRST,))


def test_frames_after_a_segment_are_sealed_behind_it() -> None:
    later = {number: line for number, line in FRAMES.items() if number > 3}
    assert planned(Leftover(later), FIRST) == Recovery((), (SECOND,))


def test_a_segment_that_the_log_may_not_have_is_logged_again() -> None:
    assert planned(Leftover(FRAMES), FIRST) == Recovery((FIRST,), (SECOND,))


def test_a_segment_that_the_log_has_is_not_logged_again() -> None:
    assert planned(Leftover(FRAMES, sealed_segment=1), FIRST) == Recovery((), (SECOND,))


def test_a_segment_that_cannot_be_read_is_sealed_again_behind_it() -> None:
    recovery = plan(SESSION, Leftover(FRAMES), [(1, b"torn")])
    assert [(segment.number, segment.first) for segment in recovery.new] == [(2, 1)]


def test_nothing_left_is_nothing_to_do() -> None:
    assert planned(Leftover(), FIRST, SECOND) == Recovery((), ())
