"""Unit tests of recording/checking.py: whatever was done to a recording is named."""

from datetime import UTC, datetime

from assent.core.frame import MarkFrame, OutputFrame, Recorded, ResultFrame, StatementFrame
from assent.core.ids import SessionId
from assent.recording.checking import Found, verify_segments
from assent.recording.frames import encode
from assent.recording.segment import Segment, SegmentFacts, compose, seal

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SESSION = SessionId("ses_1")


def statement(sequence: int) -> bytes:
    return encode(StatementFrame(sequence, NOW, "select 1", (), "permit", "ent_1"))


def result(sequence: int) -> bytes:
    return encode(ResultFrame(sequence, NOW, 10, 1, 30))


def mark(sequence: int) -> bytes:
    return encode(MarkFrame(sequence, NOW, "held"))


def stored(session: SessionId, number: int, plain: bytes) -> bytes:
    return b"sealed:" + plain


def chain(*runs: list[bytes], session: SessionId = SESSION) -> list[Segment]:
    segments: list[Segment] = []
    previous, first = "", 1
    for number, lines in enumerate(runs, 1):
        segments.append(seal(session, number, previous, first, lines, key="", encrypt=stored))
        previous, first = segments[-1].facts.digest, first + len(lines)
    return segments


def opened(data: bytes) -> Found:
    return Found(data, data.removeprefix(b"sealed:"))


def as_found(segments: list[Segment]) -> dict[int, Found]:
    return {segment.facts.number: opened(segment.data) for segment in segments}


def logged(segments: list[Segment]) -> list[SegmentFacts]:
    return [segment.facts for segment in segments]


WHOLE = chain([mark(0), statement(1), result(1)], [statement(2), result(2)], [mark(2)])


def problems(segments: list[Segment], **changed: Found | None) -> tuple[str, ...]:
    """Return what is wrong where the segment `n1`, `n2`, … is another one, or None for gone."""
    found = as_found(segments)
    for name, other in changed.items():
        number = int(name[1:])
        if other is None:
            del found[number]
        else:
            found[number] = other
    return verify_segments(SESSION, found, logged(segments))


def test_a_whole_recording_has_no_problems() -> None:
    assert problems(WHOLE) == ()
    assert verify_segments(SESSION, {}, []) == ()
    assert verify_segments(SESSION, as_found(WHOLE), logged(WHOLE), Recorded(6, 3)) == ()


def test_a_seal_that_was_logged_twice_counts_once() -> None:
    twice = [WHOLE[place].facts for place in (0, 1, 0, 1, 2)]
    assert verify_segments(SESSION, as_found(WHOLE), twice) == ()


def test_a_missing_segment_is_named_wherever_it_stood() -> None:
    for number in (1, 2, 3):
        assert problems(WHOLE, **{f"n{number}": None}) == (f"segment {number}: it is missing",)


def test_a_segment_more_is_named() -> None:
    assert problems(WHOLE, n4=opened(WHOLE[2].data)) == ("segment 4: the log does not know it",)


def test_a_changed_byte_is_named() -> None:
    changed = opened(WHOLE[1].data.replace(b"select 1", b"select 2"))
    assert problems(WHOLE, n2=changed) == ("segment 2: its digest is not the one in the log",)


def test_a_truncated_segment_is_named() -> None:
    data = WHOLE[1].data[: -len(result(2)) - 1]
    assert problems(WHOLE, n2=opened(data)) == (
        "segment 2: its digest is not the one in the log",
        "segment 2: it holds 1 frames from 4 on, the log says 2 from 4 on",
    )


def test_segments_in_another_order_are_named() -> None:
    found = problems(WHOLE, n1=opened(WHOLE[1].data), n2=opened(WHOLE[0].data))
    assert "segment 1: its digest is not the one in the log" in found
    assert "segment 1: it has the number 2" in found
    assert "segment 2: it has the number 1" in found


def test_a_segment_of_another_session_is_named() -> None:
    (other,) = chain([mark(0), statement(1), result(1)], session=SessionId("ses_2"))
    assert problems(WHOLE, n1=opened(other.data)) == (
        "segment 1: its digest is not the one in the log",
        "segment 1: it is of session `ses_2`",
    )


def test_a_header_that_names_another_segment_before_it_is_named() -> None:
    plain = compose(SESSION, 2, "sha256:00", 4, [statement(2), result(2)])
    found = problems(WHOLE, n2=Found(WHOLE[1].data, plain))
    assert found == ("segment 2: its header names another segment before it than the log",)


def test_a_gap_in_the_log_is_named() -> None:
    assert verify_segments(SESSION, as_found(WHOLE), [WHOLE[0].facts, WHOLE[2].facts]) == (
        "segment 3: the log has it in the place of 2",
        "segment 3: it does not follow the segment before it",
        "segment 3: frame 4 is missing; it begins with frame 6",
        "segment 2: the log does not know it",
    )


def test_what_was_skipped_in_a_pipeline_has_a_mark_for_a_statement() -> None:
    skipped = [encode(MarkFrame(sequence, NOW, "skipped", "why")) for sequence in (2, 3)]
    assert problems(chain([statement(1), *skipped, statement(4), result(4)])) == ()
    assert (
        problems(chain([statement(1), skipped[0]], [statement(2), skipped[1], statement(3)])) == ()
    )
    assert problems(chain([statement(1), skipped[1], statement(4)])) == (
        "segment 1: frame 2: statement 2 is missing",
    )


def test_a_missing_statement_and_an_orphaned_result_are_named() -> None:
    assert problems(chain([statement(1), statement(3)])) == (
        "segment 1: frame 2: statement 2 is missing",
    )
    assert problems(chain([result(1)])) == (
        "segment 1: frame 1: a result of statement 1, not recorded",
    )


def test_a_line_that_is_no_frame_is_named() -> None:
    assert "not a frame" in problems(chain([b'{"sequence":1}']))[0]


def test_what_a_terminal_showed_needs_no_statement() -> None:
    assert problems(chain([encode(OutputFrame(0, NOW, "$ "))])) == ()


def test_a_segment_whose_key_was_destroyed_counts_and_tells_nothing() -> None:
    assert problems(WHOLE, n1=Found(WHOLE[0].data, None)) == ()
    assert problems(WHOLE, n2=Found(WHOLE[1].data, None, "its seal is broken")) == (
        "segment 2: its seal is broken",
    )


def test_a_plain_form_that_cannot_be_read_is_named() -> None:
    assert "not a segment" in problems(WHOLE, n1=Found(WHOLE[0].data, b"x"))[0]


def test_an_end_that_is_cut_off_is_named() -> None:
    found = verify_segments(SESSION, as_found(WHOLE[:2]), logged(WHOLE[:2]), Recorded(6, 3))
    assert found == (
        "the session ended with 3 segments, not 2",
        "the session ended with 6 frames, not 5",
    )
    assert verify_segments(SESSION, as_found(WHOLE), logged(WHOLE), Recorded(6, None)) == ()
