"""Unit tests of recording/recovery.py."""

from datetime import UTC, datetime

from assent.core.frame import StatementFrame
from assent.core.ids import SessionId
from assent.recording.frames import encode
from assent.recording.journal import Leftover
from assent.recording.recovery import Recovery, plan
from assent.recording.segment import SegmentFacts, seal

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SESSION = SessionId("ses_1")
LINES = [
    encode(StatementFrame(number, NOW, "select 1", (), "permit", "ent_1")) for number in range(1, 7)
]
FRAMES = dict(enumerate(LINES, 1))
LATER = {number: line for number, line in FRAMES.items() if number > 3}


def sealed(number: int, previous: str, first: int, lines: list[bytes]) -> SegmentFacts:
    made = seal(
        SESSION, number, previous, first, lines, key="", encrypt=lambda session, number, data: data
    )
    return made.facts


FIRST = sealed(1, "", 1, LINES[:3])
SECOND = sealed(2, FIRST.digest, 4, LINES[3:])


def planned(leftover: Leftover, *segments: SegmentFacts) -> Recovery:
    return plan(leftover, [(facts.number, facts) for facts in segments])


def test_frames_without_a_segment_are_sealed_as_the_first_one() -> None:
    assert planned(Leftover(frames=FRAMES)) == Recovery((), FRAMES, 1, "")


def test_frames_after_a_segment_are_sealed_behind_it() -> None:
    assert planned(Leftover(frames=LATER), FIRST) == Recovery((), LATER, 2, FIRST.digest)


def test_a_segment_that_the_log_may_not_have_is_logged_again() -> None:
    assert planned(Leftover(frames=FRAMES), FIRST) == Recovery((FIRST,), LATER, 2, FIRST.digest)


def test_a_segment_that_the_log_has_is_not_logged_again() -> None:
    leftover = Leftover(frames=FRAMES, sealed_segment=1)
    assert planned(leftover, FIRST) == Recovery((), LATER, 2, FIRST.digest)


def test_a_damaged_segment_is_sealed_again_behind_it() -> None:
    assert plan(Leftover(frames=FRAMES), [(1, None)]) == Recovery((), FRAMES, 2, "")


def test_nothing_left_is_nothing_to_do() -> None:
    assert planned(Leftover(), FIRST, SECOND) == Recovery((), {}, 3, SECOND.digest)
