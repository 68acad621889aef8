"""The shape of a text, and the texts that have none."""

import pytest

from assent.protocols.postgres.statements import shape_of


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("SELECT abalance FROM a1 WHERE aid = 12345;", "SELECT abalance FROM a1 WHERE aid = §;"),
        ("SELECT 'it''s', 7", "SELECT '§', §"),
        ("SELECT 'a' 'b'", "SELECT '§' '§'"),
        ("SELECT 1.5, 1e5, .5, 0x1F, 1_0", "SELECT 1.5, 1e5, .5, 0x1F, 1_0"),
        ("SELECT 999999999, 1000000000", "SELECT §, 1000000000"),
        ("SELECT $1, a$, 5", None),
        ("SELECT $12, 5", "SELECT $12, §"),
        ('SELECT "a1" . "b 2", 3', 'SELECT "a1"§ . "b 2"§, §'),
        ("SELECT \"it's\", 'x'", "SELECT \"it's\"§, '§'"),
        ("", ""),
    ],
)
def test_values_are_taken_out(text: str, shape: str | None) -> None:
    assert shape_of(text) == shape


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 -- x",
        "SELECT /* x */ 1",
        "SELECT $$x$$",
        "SELECT $a$x$a$",
        "SELECT E'x'",
        "SELECT U&'x'",
        'SELECT U&"x"',
        "SELECT U&\"d!0061\" UESCAPE '!'",
        "SELECT B'01', X'1f'",
        "SELECT 'a\\b'",
        "SELECT 'é'",
        "SELECT 1\0",
        "SELECT '--'",
        "SELECT " + "1," * 5000 + "1",
    ],
)
def test_what_needs_a_real_lexer_has_no_shape(text: str) -> None:
    assert shape_of(text) is None


def test_a_number_and_a_string_are_not_of_one_shape() -> None:
    assert shape_of("SELECT 1") != shape_of("SELECT '1'")


def test_an_open_string_is_not_of_the_shape_of_a_closed_one() -> None:
    assert shape_of("SELECT '5") != shape_of("SELECT '5'")


def test_the_mark_of_a_shape_cannot_be_written() -> None:
    assert shape_of("SELECT §") is None
