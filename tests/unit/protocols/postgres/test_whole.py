"""Messages read where they lie: nothing beyond their own end is ever part of them."""

import struct

import pytest

from assent.protocols.postgres.messages import frame
from assent.protocols.postgres.whole import bind_at, completed_at, parse_at
from postgres_peers import b, p

REST = bytes(15)


def test_a_parse_is_read_with_its_end() -> None:
    message = p("select 1", "s")
    assert parse_at(message + REST, 15) == (b"s", b"select 1", len(message))


def test_the_types_of_a_parse_are_jumped_over() -> None:
    message = frame(b"P", b"\0select $1\0" + struct.pack("!HII", 2, 23, 25))
    assert parse_at(message + REST, 15) == (b"", b"select $1", len(message))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"s",
        b"s\0select",
        b"s\0select\0",
        b"\0\0\0",
        b"\0\0\0\1",
        b"\0\0\0\0\0",
        b"\0\0\xff\xff",
    ],
)
def test_a_parse_that_does_not_end_where_it_says_is_not_read(body: bytes) -> None:
    assert parse_at(frame(b"P", body) + REST, 15) is None


def test_a_parse_that_nothing_can_follow_is_not_read() -> None:
    assert parse_at(p("select 1") + REST[1:], 15) is None
    assert parse_at(b"P\0\0\0\0" + bytes(20), 15) is None
    assert parse_at(b"P\xff\xff\xff\xff" + bytes(20), 15) is None


def test_a_bind_is_read_at_its_place_with_its_parameters_and_its_end() -> None:
    message = b("é", b"\x01\xff", None, "", name="s")
    read = bind_at(b"....." + message + REST, 5, 15)
    assert read == (b"s", ("é", "\\x01ff", None, ""), 5 + len(message))


def bind(formats: list[int], values: list[bytes], after: bytes = b"\0\0") -> bytes:
    """Return a Bind with these formats."""
    body = b"\0s\0" + struct.pack(f"!H{len(formats)}H", len(formats), *formats)
    body += struct.pack("!H", len(values))
    body += b"".join(struct.pack("!i", len(value)) + value for value in values)
    return frame(b"B", body + after)


@pytest.mark.parametrize(
    ("formats", "shown"),
    [
        ([], ("a", "b")),
        ([0], ("a", "b")),
        ([1], ("\\x61", "\\x62")),
        ([0, 1], ("a", "\\x62")),
        ([256, 0], ("\\x61", "b")),
    ],
)
def test_formats_count_for_their_parameters_and_one_for_all(
    formats: list[int], shown: tuple[str, ...]
) -> None:
    read = bind_at(bind(formats, [b"a", b"b"]) + REST, 0, 15)
    assert read is not None
    assert read[1] == shown


@pytest.mark.parametrize(
    "message",
    [
        bind([0, 0, 0], [b"a", b"b"]),
        bind([0, 0], [b"a"]),
        bind([], [b"\xff"]),
        bind([], [b"a"], b""),
        bind([], [b"a"], b"\0"),
        bind([], [b"a"], b"\0\1"),
        bind([], [b"a"], b"\0\0\0"),
        frame(b"B", b""),
        frame(b"B", b"\0s"),
        frame(b"B", b"\0s\0"),
        frame(b"B", b"\0s\0\0"),
        frame(b"B", b"\0s\0\0\0"),
        frame(b"B", b"\0s\0\0\1"),
        frame(b"B", b"\0s\0\xff\xff\0\0\0\0"),
        frame(b"B", b"\0s\0\0\0\0\1"),
        frame(b"B", b"\0s\0\0\0\xff\xff\0\0"),
        frame(b"B", b"\0s\0\0\0\0\1\xff\xff\xff\xfe\0\0"),
        frame(b"B", b"\0s\0\0\0\0\1\x7f\xff\xff\xff\0\0"),
        frame(b"B", b"\0s\0\0\0\0\2\0\0\0\5ab"),
        frame(b"B", b"c\0s\0\0\0\0\0\0\0"),
        # Without its first byte it would be one of the unnamed portal.
        frame(b"B", b"c\0\0\0\0\0\1\0\0\1\xfb" + b"x" * 507 + b"\0\0"),
        frame(b"C", b"\0s\0\0\0\0\0\0\0"),
        b"B\0\0\0\0" + bytes(12),
        b"B\xff\xff\xff\xff" + bytes(12),
    ],
)
def test_a_bind_that_is_malformed_or_unusual_is_not_read(message: bytes) -> None:
    assert bind_at(message + REST, 0, 15) is None


def test_a_bind_that_nothing_can_follow_is_not_read() -> None:
    assert bind_at(bind([], []) + REST[1:], 0, 15) is None
    assert bind_at(REST, 0, 15) is None


DONE = frame(b"C", b"SELECT 1\0")
LAST = b"Z\0\0\0\5I"


@pytest.mark.parametrize(
    "answer",
    [
        DONE,
        frame(b"n") + DONE,
        frame(b"T", b"\0\0") + DONE,
        frame(b"D", b"\0\0") + DONE,
        frame(b"T", b"\0\0") + frame(b"D", b"\0\0") * 50 + frame(b"D", b"\0\0x") + DONE,
    ],
)
def test_an_answer_ends_with_its_tag(answer: bytes) -> None:
    assert completed_at(answer + LAST, 0) == b"SELECT 1\0"
    assert completed_at(b"12345" + answer + LAST, 5) == b"SELECT 1\0"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"C\0\0\0",
        frame(b"D", b"\0\0"),
        DONE + DONE,
        DONE + frame(b"D", b"\0\0"),
        DONE[:-1],
        frame(b"E", b"\0") + DONE,
        frame(b"S", b"a\0b\0") + DONE,
        frame(b"s"),
        b"C\0\0\0\3",
        b"D\0\0\0\3" + DONE,
        frame(b"D", b"\0\0") + b"D\0\0\0\3" + DONE,
        frame(b"D", b"\0\0") + b"D\0\0\xff\xff" + DONE,
        b"C\0\0\0\x0a",
    ],
)
def test_what_is_more_or_less_than_one_answer_has_no_tag(answer: bytes) -> None:
    assert completed_at(answer + LAST, 0) is None
