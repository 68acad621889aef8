"""Unit tests of recording/asciicast.py, against the text of the formats."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.recording.asciicast import Cast, CastEvent, CastHeader, decode_cast, encode_cast

CAST = Cast(
    CastHeader(80, 24, 1504467315, "Demo", "xterm-256color"),
    (
        CastEvent(248_848, "o", "\x1b[1;31mHello\x1b[0m\n"),
        CastEvent(1_001_376, "i", "\r"),
        CastEvent(1_500_000, "m", "held"),
        CastEvent(4_050_000, "r", "90x30"),
        CastEvent(6_541_828, "o", "Bye!"),
    ),
)
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 10**12), st.sampled_from("oimrx"), st.text(max_size=40)
    ),
    max_size=20,
)  # fmt: skip


def test_version_two_says_when_since_the_beginning() -> None:
    assert [json.loads(line) for line in encode_cast(CAST)] == [
        {
            "version": 2,
            "width": 80,
            "height": 24,
            "timestamp": 1504467315,
            "title": "Demo",
            "env": {"TERM": "xterm-256color"},
        },
        [0.248848, "o", "\x1b[1;31mHello\x1b[0m\n"],
        [1.001376, "i", "\r"],
        [1.5, "m", "held"],
        [4.05, "r", "90x30"],
        [6.541828, "o", "Bye!"],
    ]


def test_version_three_says_how_long_after_the_one_before() -> None:
    assert [json.loads(line) for line in encode_cast(CAST, 3)] == [
        {
            "version": 3,
            "term": {"cols": 80, "rows": 24, "type": "xterm-256color"},
            "timestamp": 1504467315,
            "title": "Demo",
        },
        [0.248848, "o", "\x1b[1;31mHello\x1b[0m\n"],
        [0.752528, "i", "\r"],
        [0.498624, "m", "held"],
        [2.55, "r", "90x30"],
        [2.491828, "o", "Bye!"],
    ]


def test_the_least_header_has_a_version_and_a_size() -> None:
    assert list(encode_cast(Cast(CastHeader(80, 24)))) == [
        '{"version": 2, "width": 80, "height": 24}'
    ]


def test_control_characters_are_escaped_and_one_event_is_one_line() -> None:
    _, line = encode_cast(Cast(CastHeader(80, 24), (CastEvent(0, "o", "\x1b[1m\r\né"),)))
    assert line == '[0.000000, "o", "\\u001b[1m\\r\\né"]'


def test_an_exit_is_of_version_three_only() -> None:
    cast = Cast(CastHeader(80, 24), (CastEvent(5, "x", "0"),))
    assert len(list(encode_cast(cast, 2))) == 1
    assert decode_cast("\n".join(encode_cast(cast, 3))) == cast


def test_time_never_goes_back() -> None:
    cast = Cast(CastHeader(80, 24), (CastEvent(9, "o", "a"), CastEvent(5, "o", "b")))
    for version in (2, 3):
        back = decode_cast("\n".join(encode_cast(cast, version)))
        assert [event.at_us for event in back.events] == [9, 9]


def test_comments_and_empty_lines_of_version_three_are_passed_over() -> None:
    text = (
        '{"version": 3, "term": {"cols": 80, "rows": 24, "theme": {}}, "env": {}}\n'
        '# what follows is the stream\n[1, "o", "a"]\n\n[0.5, "?", "new"]\n'
    )
    assert decode_cast(text) == Cast(
        CastHeader(80, 24), (CastEvent(1_000_000, "o", "a"), CastEvent(1_500_000, "?", "new"))
    )


@given(EVENTS, st.sampled_from([2, 3]))
def test_what_is_written_is_read_back(found: list[tuple[int, str, str]], version: int) -> None:
    events = tuple(
        CastEvent(at, code, data) for at, code, data in sorted(found) if code != "x" or version == 3
    )
    cast = Cast(CastHeader(100, 30, 7, "title"), events)
    assert decode_cast("\n".join(encode_cast(cast, version))) == cast


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"version": 1, "width": 80, "height": 24}',
        '{"version": 2, "width": 80}',
        '{"version": 2, "width": 0, "height": 24}',
        '{"version": 3, "width": 80, "height": 24}',
        '{"version": 2, "width": 80, "height": 24}\n[1, "o"]',
        '{"version": 2, "width": 80, "height": 24}\n[-1, "o", "x"]',
        '{"version": 2, "width": 80, "height": 24}\n# no comment in version 2',
    ],
)
def test_what_is_none_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not an asciicast"):
        decode_cast(text)


def test_a_version_that_is_not_known_is_not_written() -> None:
    with pytest.raises(ValueError, match="no version"):
        list(encode_cast(CAST, 1))
