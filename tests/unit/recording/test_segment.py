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
    SegmentFacts,
    compose,
    facts_from,
    facts_of,
    parse,
    seal,
    seal_leftover,
)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SESSION = SessionId("ses_1")


def statement(sequence: int) -> bytes:
    return encode(StatementFrame(sequence, NOW, "select 1", (), "permit", "ent_1"))


def result(sequence: int) -> bytes:
    return encode(ResultFrame(sequence, NOW, 10, 1, 30))


def mark(sequence: int) -> bytes:
    return encode(MarkFrame(sequence, NOW, "held"))


def turned(session: SessionId, number: int, plain: bytes) -> bytes:
    """Return something else of it, as encryption does."""
    return f"{session}/{number}\n".encode() + plain[::-1]


def chain(*runs: list[bytes]) -> list[Segment]:
    segments: list[Segment] = []
    previous, first = "", 1
    for number, lines in enumerate(runs, 1):
        made = seal(SESSION, number, previous, first, lines, key="dek_1", encrypt=turned)
        segments.append(made)
        previous, first = made.facts.digest, first + len(lines)
    return segments


WHOLE = chain([mark(0), statement(1), result(1)], [statement(2), result(2)], [mark(2)])
PLAIN = compose(SESSION, 1, "", 1, [statement(1)])


def test_its_plain_form_is_a_header_and_its_lines() -> None:
    head, line, end = PLAIN.split(b"\n")
    assert head == b'{"version":1,"session":"ses_1","number":1,"previous":"","first":1}'
    assert (line, end) == (statement(1), b"")
    header, lines = parse(PLAIN)
    assert (header.number, header.first, lines) == (1, 1, [statement(1)])


def test_its_digest_is_over_what_is_stored() -> None:
    (segment,) = chain([statement(1)])
    assert segment.data == turned(SESSION, 1, PLAIN)
    assert segment.facts.digest == "sha256:" + sha256(segment.data).hexdigest()


def test_its_facts_say_what_it_holds_and_which_key_it_needs() -> None:
    facts = WHOLE[1].facts
    assert facts.as_json() == {
        "bytes": len(WHOLE[1].data),
        "digest": facts.digest,
        "first_frame": 4,
        "first_sequence": 2,
        "frames": 2,
        "key": "dek_1",
        "last_sequence": 2,
        "number": 2,
        "previous": WHOLE[0].facts.digest,
    }
    assert facts.last_frame == 5
    assert facts_from(facts.as_json()) == facts


def test_facts_of_an_entry_may_say_more() -> None:
    facts = WHOLE[0].facts
    assert facts_from({**facts.as_json(), "recovered": True}) == facts


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", {"number": 0}])
def test_what_are_no_facts_is_a_value_error(data: bytes | dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not the facts of a segment"):
        facts_from(data)  # type: ignore[arg-type]


def test_facts_are_read_from_a_segment_that_was_never_encrypted() -> None:
    facts = facts_of(PLAIN, PLAIN)
    assert facts == SegmentFacts(1, facts.digest, "", 1, 1, len(PLAIN), 1, 1)
    with pytest.raises(ValueError, match="not a segment"):
        facts_of(compose(SESSION, 1, "", 1, []), b"")


@pytest.mark.parametrize("data", [b"", b"{}\n", b"x\n", PLAIN[:-1], b"\xff\n"])
def test_what_is_not_a_segment_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a segment"):
        parse(data)


def test_another_version_is_refused_by_number() -> None:
    with pytest.raises(ValueError, match="`2`"):
        parse(PLAIN.replace(b'"version":1', b'"version":2', 1))


def leftover(frames: dict[int, bytes]) -> list[Segment]:
    return list(seal_leftover(SESSION, frames, 1, "", key="dek_1", encrypt=turned))


def test_what_is_left_is_sealed_in_a_chain() -> None:
    frames = dict(enumerate([statement(1), result(1)], 1))
    assert leftover(frames) == chain([statement(1), result(1)])


def test_a_gap_begins_a_new_segment() -> None:
    first, second = leftover({1: statement(1), 2: result(1), 5: statement(3)})
    assert (first.facts.first_frame, first.facts.last_frame) == (1, 2)
    assert (second.facts.first_frame, second.facts.last_frame) == (5, 5)
    assert second.facts.previous == first.facts.digest


def test_much_that_is_left_is_several_segments() -> None:
    big: Frame = StatementFrame(1, NOW, "x" * 4000, (), "permit", "ent_1")
    segments = leftover(dict.fromkeys(range(1, LARGEST_BYTES // 2_600), encode(big)))
    assert [segment.facts.number for segment in segments] == [1, 2]
    assert max(len(segment.data) for segment in segments) < LARGEST_BYTES + 8192
