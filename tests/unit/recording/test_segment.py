"""Unit tests of recording/segment.py."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from assent.core.frame import Frame, MarkFrame, ResultFrame, StatementFrame
from assent.core.ids import SessionId
from assent.recording.frames import encode
from assent.recording.segment import (
    LARGEST_BYTES,
    Segment,
    parse,
    seal,
    seal_leftover,
    verify_segments,
)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SESSION = SessionId("ses_1")


def statement(sequence: int) -> bytes:
    return encode(StatementFrame(sequence, NOW, "select 1", (), "permit", "ent_1"))


def result(sequence: int) -> bytes:
    return encode(ResultFrame(sequence, NOW, 10, 1, 30))


def mark(sequence: int) -> bytes:
    return encode(MarkFrame(sequence, NOW, "held"))


def chain(*runs: list[bytes]) -> list[Segment]:
    segments: list[Segment] = []
    previous, first = "", 1
    for number, lines in enumerate(runs, 1):
        segments.append(seal(SESSION, number, previous, first, lines))
        previous, first = segments[-1].digest, first + len(lines)
    return segments


def problems(segments: list[Segment], *data: bytes) -> tuple[str, ...]:
    shown = data or tuple(segment.data for segment in segments)
    return verify_segments(SESSION, shown, [segment.digest for segment in segments])


WHOLE = chain([mark(0), statement(1), result(1)], [statement(2), result(2)], [mark(2)])


def test_a_segment_is_a_header_and_its_lines() -> None:
    segment = chain([statement(1)])[0]
    head, line, end = segment.data.split(b"\n")
    assert head == b'{"version":1,"session":"ses_1","number":1,"previous":"","first":1}'
    assert (line, end) == (statement(1), b"")
    assert segment.digest == "sha256:" + sha256(segment.data).hexdigest()


def test_its_facts_say_what_it_holds() -> None:
    assert WHOLE[1].facts() == {
        "bytes": len(WHOLE[1].data),
        "digest": WHOLE[1].digest,
        "first_frame": 4,
        "first_sequence": 2,
        "frames": 2,
        "last_sequence": 2,
        "number": 2,
        "previous": WHOLE[0].digest,
    }


def test_a_segment_comes_back_as_it_was_sealed() -> None:
    header, lines = parse(WHOLE[1].data)
    assert seal(SESSION, header.number, header.previous, header.first, lines) == WHOLE[1]


@pytest.mark.parametrize("data", [b"", b"{}\n", b"x\n", WHOLE[0].data[:-1], b"\xff\n"])
def test_what_is_not_a_segment_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a segment"):
        parse(data)


def test_another_version_is_refused_by_number() -> None:
    with pytest.raises(ValueError, match="`2`"):
        parse(WHOLE[0].data.replace(b'"version":1', b'"version":2', 1))


def test_a_whole_recording_has_no_problems() -> None:
    assert problems(WHOLE) == ()
    assert verify_segments(SESSION, [], []) == ()


def test_a_seal_that_was_logged_twice_counts_once() -> None:
    digests = [WHOLE[place].digest for place in (0, 1, 0, 1, 2)]
    assert verify_segments(SESSION, [segment.data for segment in WHOLE], digests) == ()


def test_a_missing_segment_is_found_wherever_it_stood() -> None:
    for missing in range(3):
        left = [segment.data for place, segment in enumerate(WHOLE) if place != missing]
        assert "the log has 3 segments, the recording 2" in problems(WHOLE, *left)


def test_a_changed_byte_is_found() -> None:
    changed = WHOLE[1].data.replace(b"select 1", b"select 2")
    found = problems(WHOLE, WHOLE[0].data, changed, WHOLE[2].data)
    assert found[0] == "segment 2: its digest is not the one in the log"
    assert "segment 3: it does not follow the segment before it" in found


def test_segments_in_another_order_are_found() -> None:
    found = problems(WHOLE, WHOLE[1].data, WHOLE[0].data, WHOLE[2].data)
    assert "segment 1: it has the number 2" in found
    assert "segment 1: frame 1 is missing; it begins with frame 4" in found


def test_a_segment_of_another_session_is_found() -> None:
    other = seal(SessionId("ses_2"), 1, "", 1, [statement(1)])
    assert verify_segments(SESSION, [other.data], [other.digest]) == (
        "segment 1: it is of session `ses_2`",
    )


def test_a_missing_statement_and_an_orphaned_result_are_found() -> None:
    assert problems(chain([statement(1), statement(3)])) == (
        "segment 1: frame 2: statement 2 is missing",
    )
    assert problems(chain([result(1)])) == (
        "segment 1: frame 1: a result of statement 1, not recorded",
    )


def test_a_line_that_is_no_frame_is_found() -> None:
    assert "not a frame" in problems(chain([b'{"sequence":1}']))[0]


def test_a_segment_that_cannot_be_read_ends_the_check() -> None:
    assert any("not a segment" in found for found in problems(WHOLE, b"x", WHOLE[1].data))


def test_what_is_left_is_sealed_in_a_chain() -> None:
    frames = dict(enumerate([statement(1), result(1)], 1))
    (segment,) = seal_leftover(SESSION, frames, 1, "")
    assert segment == chain([statement(1), result(1)])[0]


def test_a_gap_begins_a_new_segment() -> None:
    frames = {1: statement(1), 2: result(1), 5: statement(3)}
    first, second = seal_leftover(SESSION, frames, 1, "")
    assert (first.first, first.last, second.first, second.last) == (1, 2, 5, 5)
    assert "segment 2: frame 3 is missing; it begins with frame 5" in problems([first, second])


def test_much_that_is_left_is_several_segments() -> None:
    big: Frame = StatementFrame(1, NOW, "x" * 4000, (), "permit", "ent_1")
    frames = dict.fromkeys(range(1, LARGEST_BYTES // 2_600), encode(big))
    segments = list(seal_leftover(SESSION, frames, 1, ""))
    assert [segment.number for segment in segments] == [1, 2]
    assert max(len(segment.data) for segment in segments) < LARGEST_BYTES + 8192
