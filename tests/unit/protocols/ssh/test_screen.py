"""A small screen draws what a line editor shows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.protocols.ssh.screen import MOST_COLUMNS, MOST_ROWS, Mark, Screen


def drawn(*shown: bytes, columns: int = 20) -> Screen:
    screen = Screen(columns)
    for each in shown:
        screen.show(each)
    return screen


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        *((b"abc\b\bX", "aXc"), (b"abc\rX", "Xbc"), (b"abc\r\x1b[K", ""), (b"abc\x1b[2DX", "aXc")),
        *(
            (b"abc\x1b[3D\x1b[P", "bc"),
            (b"abc\x1b[3D\x1b[@X", "Xabc"),
            (b"\x1b[1;32mab\x1b[0m", "ab"),
        ),
        *((b"abc\x1b[2GX", "aXc"), (b"a\tb", "a       b"), ("é".encode(), "é"), (b"\x07a", "a")),
        *((b"abc\x1b[H\x1b[2Jx", "x"), (b"a\x1b]0;title\x07b", "ab"), (b"\x1b[?2004ha", "a")),
    ],
)
def test_a_line_is_what_is_left_of_it(shown: bytes, text: str) -> None:
    assert drawn(shown).text() == text


def test_a_line_goes_on_in_the_next_row() -> None:
    screen = drawn(b"x" * 25)
    assert (screen.text(), screen.cursor) == ("x" * 25, (1, 5))


def test_sequences_may_come_in_pieces() -> None:
    assert drawn(b"ab\x1b", b"[", b"1", b"D", b"X", b"\xc3", b"\xa9").text() == "aXé"


def test_modes_and_marks_are_known() -> None:
    screen = drawn(b"\x1b[?1049h")
    assert screen.alternate
    screen.show(b"\x1b[?1049l\x1b[?2004h\x1b]133;A\x07$ \x1b]133;B\x1b\\")
    assert (screen.alternate, screen.pasting, screen.mark) == (False, True, Mark.INPUT)
    assert screen.input_at == (0, 2)


@pytest.mark.parametrize("shown", [b"\x1b[5S", b"\x1bM", b"\x1b[3A", "漢".encode(), b"\x1b[1;5H"])
def test_what_is_not_drawn_makes_it_doubtful(shown: bytes) -> None:
    assert drawn(b"abc", shown).doubtful


def test_modes_are_not_missed_in_much_that_is_shown_at_once() -> None:
    much = b"x" * 70 + b"\r\n"
    screen = drawn(much * 2000 + b"\x1b[?2004h" + much * 2000 + b"$ ")
    assert (screen.pasting, screen.line()) == (True, "$ ")


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40), st.sampled_from([b"\x1b[", b"\x1b]133;", b"\n", b"9" * 9, b"B"])
        )
    )
)
def test_nothing_makes_it_fail_or_grow(shown: list[bytes]) -> None:
    screen = drawn(*shown)
    assert len(screen.text()) <= MOST_ROWS * MOST_COLUMNS
    row, column = screen.cursor
    assert 0 <= row < MOST_ROWS
    assert 0 <= column <= 20
