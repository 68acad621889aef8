"""SQL in colours: the eye is helped, and no character is lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assent.web.highlight import LONGEST, sql_pieces
from assent.web.words import pieces


def kinds(text: str) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in sql_pieces(text) if piece.kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select a", [("word", "select")]),
        ("SELECT 'it''s'", [("word", "SELECT"), ("text", "'it''s'")]),
        (r"select E'a\'b' from", [("word", "select"), ("text", r"E'a\'b'"), ("word", "from")]),
        ('"from" "a""b"', []),
        ("$$select 1$$ $1", [("text", "$$select 1$$"), ("number", "$1")]),
        ("$f$ $$ $f$ 12.5", [("text", "$f$ $$ $f$"), ("number", "12.5")]),
        ("a$b$c from_x", []),
        ("/* a /* b */ delete */ 1", [("remark", "/* a /* b */ delete */"), ("number", "1")]),
        ("1 -- drop\r\n2", [("number", "1"), ("remark", "-- drop"), ("number", "2")]),
        ("'never closed", [("text", "'never closed")]),
        ("/* never closed", [("remark", "/* never closed")]),
        ("$a$ never closed", [("text", "$a$ never closed")]),
        ("a - 1 / 2", [("number", "1"), ("number", "2")]),
    ],
)
def test_the_parts_of_a_statement_are_told_apart(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert kinds(text) == expected


SQL_LIKE = st.text(
    st.sampled_from("abE'\"$-/*\\ \r\n\t1;\u202e\u00a0é") | st.characters(), max_size=60
)


@given(SQL_LIKE)
@example("E'\\")
@example("'a\r\nb'\r")
def test_it_shows_the_very_same_characters_as_plain_text(text: str) -> None:
    shown = [(piece.text, piece.odd) for piece in sql_pieces(text)]
    plain = [(piece.text, piece.odd) for piece in pieces(text)]
    joined = "".join(f"\x00{run}\x00" if odd else run for run, odd in shown)
    assert joined == "".join(f"\x00{run}\x00" if odd else run for run, odd in plain)


def test_what_is_very_long_is_shown_plain() -> None:
    text = "select " * LONGEST
    assert sql_pieces(text) == pieces(text)


@pytest.mark.parametrize("run", ["'", "/*", "$a$", '"', "E'\\", "--", "$", "-", "a'"])
def test_what_is_never_closed_takes_no_longer(run: str) -> None:
    assert "".join(piece.text for piece in sql_pieces(run * (LONGEST // len(run)))) == run * (
        LONGEST // len(run)
    )
