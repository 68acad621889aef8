"""Unit tests of recording/frames.py."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from assent.core.frame import MarkFrame, ResultFrame, StatementFrame
from assent.recording.frames import (
    LONGEST_PARAMETERS,
    LONGEST_TEXT,
    LONGEST_VALUE,
    MOST_PARAMETERS,
    decode,
    encode,
)

NOW = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)


def statement(text: str, *parameters: str | None) -> StatementFrame:
    return StatementFrame(1, NOW, text, parameters, "permit", "ent_1", "req_1")


def test_a_statement_is_one_line_of_json() -> None:
    line = encode(statement("select\n$1", "a", None))
    assert b"\n" not in line
    assert decode(line) == {
        "sequence": 1,
        "at": "2026-03-04T12:00:00.123456Z",
        "text": "select\n$1",
        "parameters": ["a", None],
        "verdict": "permit",
        "entry": "ent_1",
        "request": "req_1",
        "kind": "statement",
    }


def test_results_and_marks_come_back_as_they_were() -> None:
    result = decode(encode(ResultFrame(3, NOW, 1200, -1, 77, "42P01 no such table")))
    assert (result["rows"], result["error"], result["kind"]) == (
        -1,
        "42P01 no such table",
        "result",
    )
    mark = decode(encode(MarkFrame(3, NOW, "held", "two DBAs")))
    assert (mark["event"], mark["detail"]) == ("held", "two DBAs")


@pytest.mark.parametrize("letter", ["x", "é", "𝄞"])
def test_a_text_that_is_too_long_is_cut_and_keeps_the_digest_of_the_whole(letter: str) -> None:
    text = letter * (LONGEST_TEXT + 1)
    frame = decode(encode(statement(text)))
    shown = frame["text"]
    assert isinstance(shown, str)
    assert text.startswith(shown)
    assert LONGEST_TEXT - 4 < len(shown.encode()) <= LONGEST_TEXT
    assert frame["cut"] == [
        {
            "field": "text",
            "index": 0,
            "bytes": len(text.encode()),
            "sha256": sha256(text.encode()).hexdigest(),
        }
    ]


def test_a_text_of_just_the_longest_length_is_kept_whole() -> None:
    frame = decode(encode(statement("x" * LONGEST_TEXT)))
    assert frame["text"] == "x" * LONGEST_TEXT
    assert "cut" not in frame


def test_a_parameter_that_is_too_long_is_cut_alone() -> None:
    frame = decode(encode(statement("select $1, $2", "a", "b" * (LONGEST_VALUE + 1))))
    assert frame["parameters"] == ["a", "b" * LONGEST_VALUE]
    assert [(cut["field"], cut["index"]) for cut in frame["cut"]] == [("parameters", 1)]  # type: ignore[union-attr,index,call-overload]


def test_all_parameters_together_are_bounded() -> None:
    many = ["x" * LONGEST_VALUE] * 40
    frame = decode(encode(statement("select", *many)))
    kept = frame["parameters"]
    assert isinstance(kept, list)
    assert len(kept) == 40
    assert sum(map(len, kept)) == LONGEST_PARAMETERS


def test_more_parameters_than_are_kept_leave_their_digest() -> None:
    frame = decode(encode(statement("select", *[None] * (MOST_PARAMETERS + 2))))
    assert frame["parameters"] == [None] * MOST_PARAMETERS
    assert frame["cut"] == [
        {
            "field": "parameters",
            "index": MOST_PARAMETERS,
            "bytes": 11,
            "sha256": sha256(b"[null,null]").hexdigest(),
        }
    ]


def test_a_long_error_and_a_long_detail_are_cut() -> None:
    for frame in (
        ResultFrame(1, NOW, 1, 0, 0, "e" * (LONGEST_VALUE + 1)),
        MarkFrame(1, NOW, "notice", "e" * (LONGEST_VALUE + 1)),
    ):
        assert "cut" in decode(encode(frame))


def test_a_lone_surrogate_is_left_out_and_noted() -> None:
    frame = decode(encode(statement("a\ud800b")))
    assert frame["text"] == "ab"
    assert "cut" in frame


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b'{"kind":"mark"}',
        b"\xff",
        encode(MarkFrame(1, NOW, "held")).replace(b'"kind"', b'"more":1,"kind"'),
        encode(MarkFrame(1, NOW, "held")).replace(b"Z", b""),
        encode(MarkFrame(1, NOW, "held")).replace(b"1", b"-1", 1),
    ],
)
def test_what_is_not_a_frame_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a frame"):
        decode(line)
