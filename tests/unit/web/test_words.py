"""What a person reads hides nothing."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.action import Operation, Touch
from assent.core.resource import Resource
from assent.web.words import Piece, column_words, duration_words, pieces, touch_words


def test_plain_text_is_one_piece() -> None:
    assert pieces("DELETE FROM orders\n\tWHERE näme = 'ß'") == (
        Piece("DELETE FROM orders\n\tWHERE näme = 'ß'"),
    )


@pytest.mark.parametrize(
    "character",
    [
        "\u202e",
        "\u2066",
        "\u200b",
        "\u00ad",
        "\x00",
        "\x1b",
        "\r",
        "\u2028",
        "\u3164",
        "\ue000",
        "\u00a0",
    ],
)
def test_a_character_that_would_not_be_seen_is_named(character: str) -> None:
    name = f"U+{ord(character):04X}"
    assert pieces(f"a{character}b") == (Piece("a"), Piece(name, odd=True), Piece("b"))


def test_line_ends_of_windows_are_line_ends() -> None:
    assert pieces("a\r\nb") == (Piece("a\r\nb"),)


@given(st.text())
def test_nothing_is_lost_and_nothing_hides(text: str) -> None:
    shown = pieces(text)
    read = "".join(chr(int(piece.text[2:], 16)) if piece.odd else piece.text for piece in shown)
    assert read == text
    assert all(
        character.isprintable() or character in "\r\n\t"
        for piece in shown
        for character in piece.text
    )


@pytest.mark.parametrize(
    ("verb", "operation", "words"),
    [
        ("sql.delete", Operation.WRITE, "deletes rows of table"),
        ("sql.read", Operation.READ, "reads table"),
        ("sql.merge", Operation.WRITE, "changes table"),
        ("sql.unknown", Operation.UNKNOWN, "does something not understood to table"),
    ],
)
def test_a_touch_is_a_sentence(verb: str, operation: Operation, words: str) -> None:
    assert touch_words(Touch(verb, operation, Resource("Table", "public.orders"))) == words


@pytest.mark.parametrize(
    ("verb", "operation", "kind", "words"),
    [
        ("http.get", Operation.READ, "Route", "reads route"),
        ("http.delete", Operation.WRITE, "Route", "deletes route"),
        ("tool.call", Operation.EXECUTE, "Tool", "calls tool"),
        ("ssh.shell", Operation.EXECUTE, "Account", "opens a shell as account"),
        ("ssh.execute", Operation.EXECUTE, "Program", "runs program"),
        ("file.write", Operation.WRITE, "File", "writes file"),
        ("document.read", Operation.READ, "Document", "reads document"),
        ("tcp.connect", Operation.EXECUTE, "Target", "opens a stream to target"),
    ],
)
def test_touches_of_every_protocol_are_sentences(
    verb: str, operation: Operation, kind: str, words: str
) -> None:
    assert touch_words(Touch(verb, operation, Resource(kind, "x"))) == words


def test_columns_are_named_in_order() -> None:
    assert column_words(frozenset({"total", "id"})) == "id, total"
    assert column_words(frozenset({"*", "id"})) == "every column"
    assert column_words(frozenset()) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (45, "45 s"), (5400, "1 h 30 min"), (7200, "2 h"), (90061, "1 d 1 h 1 min 1 s")],
)
def test_a_duration_is_said_as_people_say_it(seconds: int, words: str) -> None:
    assert duration_words(timedelta(seconds=seconds)) == words
