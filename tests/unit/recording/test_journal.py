"""Unit tests of recording/journal.py."""

from assent.core.ids import SessionId
from assent.recording.journal import frame_line, line_start, read_journals, sealed_line

ONE, TWO = SessionId("ses_1"), SessionId("ses_2")


def line(session: SessionId, number: int, frame: bytes = b'{"a":1}') -> bytes:
    return frame_line(line_start(session), number, frame)


def test_a_line_carries_its_session_and_number_and_the_exact_frame() -> None:
    assert line(ONE, 7) == b'{"session":"ses_1","number":7,"frame":{"a":1}}\n'


def test_frames_are_read_by_session_and_number() -> None:
    found = read_journals([line(ONE, 1, b'{"x": 1}') + line(TWO, 1), line(ONE, 2)])
    assert found.sessions[ONE].frames == {1: b'{"x": 1}', 2: b'{"a":1}'}
    assert set(found.sessions[TWO].frames) == {1}


def test_what_is_sealed_is_not_left() -> None:
    data = line(ONE, 1) + line(ONE, 2) + line(ONE, 3) + sealed_line(ONE, 4, 2)
    leftover = read_journals([data]).sessions[ONE]
    assert set(leftover.frames) == {3}
    assert leftover.sealed_segment == 4


def test_a_torn_line_is_counted_and_the_others_are_read() -> None:
    found = read_journals([line(ONE, 1) + b"\0\0\xff\n" + line(ONE, 2) + line(ONE, 3)[:20]])
    assert set(found.sessions[ONE].frames) == {1, 2}
    assert found.damaged == 2


def test_a_line_that_is_neither_frame_nor_mark_forgets_nothing() -> None:
    found = read_journals([line(ONE, 1) + b'{"session":"ses_1","number":9}\n'])
    assert set(found.sessions[ONE].frames) == {1}
    assert found.damaged == 1
