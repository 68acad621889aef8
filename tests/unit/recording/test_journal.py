"""Unit tests of recording/journal.py."""

import pytest

from assent.core.ids import SessionId, SubjectId
from assent.core.secret import Secret
from assent.recording.journal import (
    JournalCipher,
    frame_line,
    header_line,
    header_of,
    line_start,
    opened,
    read_journals,
    sealed_line,
)

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


KEY = Secret(b"k" * 32)


def test_a_line_names_whose_session_it_is() -> None:
    start = line_start(ONE, SubjectId("sub_ana"))
    found = read_journals([frame_line(start, 1, b'{"a":1}')])
    assert found.sessions[ONE].subject == SubjectId("sub_ana")
    assert read_journals([line(ONE, 1)]).sessions[ONE].subject is None


def test_a_record_holds_several_lines_and_shows_none_of_them() -> None:
    cipher = JournalCipher(KEY, 7)
    lines = line(ONE, 1) + line(ONE, 2)
    record = cipher.seal(lines)
    assert record.count(b"\n") == 1
    assert b"ses_1" not in record
    assert JournalCipher(KEY, 7).open(record) == lines


def test_the_same_lines_are_never_the_same_record() -> None:
    cipher = JournalCipher(KEY, 7)
    assert cipher.seal(b"x\n") != cipher.seal(b"x\n")
    assert JournalCipher(KEY, 8).seal(b"x\n") != JournalCipher(KEY, 7).seal(b"x\n")


def test_a_record_of_another_journal_or_a_changed_one_does_not_open() -> None:
    record = JournalCipher(KEY, 7).seal(b"x\n")
    for other in (JournalCipher(KEY, 8), JournalCipher(Secret(b"o" * 32), 7)):
        with pytest.raises(ValueError, match="not a record of this journal"):
            other.open(record)
    for broken in (b"", b"AAAA", record[:-6], b"\xff" + record):
        with pytest.raises(ValueError, match="not a record of this journal"):
            JournalCipher(KEY, 7).open(broken)


def test_a_torn_record_is_counted_and_the_others_are_read() -> None:
    cipher = JournalCipher(KEY, 7)
    first, second, third = (cipher.seal(line(ONE, number)) for number in (1, 2, 3))
    data = header_line(7, b"sealed") + first + second[:9] + b"\n" + third[:20]
    assert opened(data, JournalCipher(KEY, 7)) == (line(ONE, 1), 2)


def test_a_header_says_which_journal_it_is_and_brings_its_key() -> None:
    header = header_of(header_line(7, b"\x01sealed") + b"more")
    assert header is not None
    assert (header.version, header.generation, header.key) == (2, 7, b"\x01sealed")


def test_a_journal_of_the_first_version_has_no_header() -> None:
    assert header_of(line(ONE, 1)) is None
    assert header_of(b"") is None


@pytest.mark.parametrize("data", [b"x", b"{}\n", b'{"version":3,"generation":1,"key":""}\n'])
def test_what_is_no_journal_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a journal"):
        header_of(data)
