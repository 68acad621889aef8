"""Options, taken apart as getopt does."""

import pytest

from assent.protocols.ssh.commands.lexing import Lexer
from assent.protocols.ssh.commands.options import Options, Taken, Undeclared, take
from assent.protocols.ssh.commands.words import Word

DECLARED = Options("av", "fo", frozenset({"all", "color="}), frozenset({"file"}))


def words(text: str) -> list[Word]:
    lexer = Lexer(text)
    lexer.read()
    return [word for _, word in sorted(lexer.words.items())]


def taken(
    text: str, declared: Options = DECLARED
) -> tuple[list[tuple[str, str | None]], list[str]]:
    found: Taken = take(words(text), declared)
    options = [(name, value.shown if value else None) for name, value in found.options]
    return options, [word.shown for word in found.operands]


def test_letters_stand_together_and_values_beside_or_behind() -> None:
    assert taken("-av x") == ([("-a", None), ("-v", None)], ["x"])
    assert taken("-af x y") == ([("-a", None), ("-f", "x")], ["y"])
    assert taken("-afx y") == ([("-a", None), ("-f", "x")], ["y"])


def test_long_options_have_values_behind_an_equals_sign_or_a_blank() -> None:
    assert taken("--file=x --file y --all") == (
        [("--file", "x"), ("--file", "y"), ("--all", None)],
        [],
    )
    assert taken("--color --color=always") == ([("--color", None), ("--color", "always")], [])


def test_options_end_where_they_are_said_to() -> None:
    assert taken("-a -- -v -") == ([("-a", None)], ["-v", "-"])
    assert taken("x -a", Options("a", permuted=False)) == ([], ["x", "-a"])
    assert taken("x -a") == ([("-a", None)], ["x"])


@pytest.mark.parametrize(
    "text", ["-z", "--frob", "--al", "--all=x", "-f", "--file", "$X", "-$X", "--$X", '"$X"', "*"]
)
def test_what_is_not_declared_or_not_known_is_not_guessed(text: str) -> None:
    with pytest.raises(Undeclared):
        take(words(text), DECLARED)


def test_a_value_may_be_unknown_where_it_can_only_be_a_value() -> None:
    assert taken('--file="$X" -f"$X"')[0] == [("--file", '--file="$X"'), ("-f", '-f"$X"')]
    assert taken('"a$X"') == ([], ['"a$X"'])
