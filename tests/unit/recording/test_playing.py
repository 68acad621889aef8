"""Unit tests of recording/playing.py."""

from datetime import UTC, datetime, timedelta
from typing import Any

from assent.core.frame import (
    Frame,
    InputFrame,
    MarkFrame,
    OutputFrame,
    ResizeFrame,
    ResultFrame,
    RowsFrame,
    StatementFrame,
)
from assent.recording.asciicast import Cast, CastEvent, CastHeader
from assent.recording.frames import decode, encode
from assent.recording.playing import cast_of, clean

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def played(*frames: Frame) -> Cast:
    return cast_of([decode(encode(frame)) for frame in frames], "ses_1", "shop=> ")


def events(*frames: Frame) -> list[tuple[float, str, str]]:
    return [(event.at_us / 1e6, event.code, event.data) for event in played(*frames).events]


def test_statements_and_their_results_are_shown_at_their_times() -> None:
    assert events(
        StatementFrame(1, at(0), "select *\nfrom t", ("a", None), "permit", "ent_1"),
        RowsFrame(1, at(0.5), ("id", "name"), (("1", None),)),
        ResultFrame(1, at(1.25), 1500, 1, 30),
        StatementFrame(2, at(2), "drop table t", (), "refuse", "ent_2"),
        ResultFrame(3, at(3), 10, -1, 0, "no such table"),
    ) == [
        (0, "o", "shop=> select *\r\nfrom t\r\n-- with [a, NULL]\r\n"),
        (0.5, "o", "id | name\r\n1 | NULL\r\n"),
        (1.25, "o", "(1 rows, 1.5 ms)\r\n"),
        (2, "o", "shop=> drop table t\r\n-- refused\r\n"),
        (3, "o", "ERROR: no such table (0.0 ms)\r\n"),
    ]


def test_what_was_held_and_released_is_a_marker() -> None:
    assert events(MarkFrame(1, at(0), "held", "req_1"), MarkFrame(1, at(60), "notice", "soon")) == [
        (0, "m", "held: req_1"),
        (0, "o", "-- held: req_1\r\n"),
        (60, "o", "-- notice: soon\r\n"),
    ]


def test_what_a_terminal_showed_is_kept_as_it_was() -> None:
    cast = played(
        ResizeFrame(0, at(0), 120, 40),
        OutputFrame(0, at(0.1), "\x1b[1m$ "),
        InputFrame(0, at(1), "ls\r"),
        ResizeFrame(0, at(2), 90, 30),
    )
    assert cast.header == CastHeader(120, 40, int(NOON.timestamp()), "ses_1")
    assert cast.events == (
        CastEvent(100_000, "o", "\x1b[1m$ "),
        CastEvent(1_000_000, "i", "ls\r"),
        CastEvent(2_000_000, "r", "90x30"),
    )


def test_a_statement_does_nothing_to_the_terminal_of_who_watches() -> None:
    text = "select '\x1b]0;pwned\x07', '\x9b31m', '\u202e'"
    (event,) = played(StatementFrame(1, NOON, text, (), "permit", "ent_1")).events
    assert not any(ord(one) < 32 and one not in "\r\n" for one in event.data)
    assert clean(text) == r"select '\x1b]0;pwned\x07', '\x9b31m', '\x202e'"


def test_what_was_erased_or_cut_is_said() -> None:
    frames: list[dict[str, Any]] = [{"kind": "erased", "frames": 7}]
    assert cast_of(frames, "", "").events[0].data == "-- 7 frames were erased\r\n"
    ((_, _, data),) = events(StatementFrame(1, NOON, "x" * 20_000, (), "permit", "ent_1"))
    assert data.endswith("-- (not shown whole)\r\n")


def test_nothing_is_an_empty_cast() -> None:
    assert cast_of([], "t", "") == Cast(CastHeader(100, 30, None, "t"))
