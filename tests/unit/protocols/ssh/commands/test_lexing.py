"""Words and operators, as shells split them."""

import pytest

from assent.protocols.ssh.commands.lexing import Lexer
from assent.protocols.ssh.commands.words import Unreadable, Word


def read(text: str) -> Lexer:
    lexer = Lexer(text.encode().decode("latin-1"))
    lexer.read()
    return lexer


def only(text: str) -> Word:
    (word,) = [one for start, one in read(text).words.items() if start == 0]
    return word


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("rm", "rm"), ("'r m'", "r m"), ('"a\\"b"', 'a"b'), ("a\\ b", "a b"), ('"a\\b"', "a\\b")),
        *(
            ("$'\\x72\\155'", "rm"),
            ("é", "é"),
            ("a'b'\"c\"", "abc"),
            ("~/x", "~/x"),
            ("a#b", "a#b"),
        ),
        *(
            ('"$HOME"/x', "~/x"),
            ("$HOME", "~"),
            ("a=b", "a=b"),
            ("{}", "{}"),
            ("$", "$"),
            ("[", "["),
        ),
        *(("`echo a`", "a"), ('"$(echo ~/a)"', "~/a"), ("x$(echo a)y", "xay")),
    ],
)
def test_a_word_is_what_the_program_gets(text: str, value: str) -> None:
    assert only(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "$X",
        '"$X"',
        "a$X",
        "*",
        "a?",
        "[ab]",
        "{a,b}",
        "a{1..3}",
        "$(ls)",
        "`ls`",
        "<(ls)",
        "~+",
        "${X}",
    ],
)
def test_a_word_that_the_text_does_not_tell_has_no_value(text: str) -> None:
    assert only(text).value is None


def test_what_is_known_of_a_word_is_its_beginning() -> None:
    assert only('/tmp/"$X"/b').prefix == "/tmp/"
    assert only("logs/*.gz").prefix == "logs/"


def test_only_unquoted_expansions_may_be_several_words() -> None:
    assert [only(text).splits for text in ("$X", '"$X"', '"$@"', "*")] == [True, False, True, False]


def test_home_is_home_only_where_it_is_not_quoted_away() -> None:
    assert [only(text).home for text in ("~/x", "'~/x'", "\\~/x", '"$HOME/x"')] == [
        *(True, False, False, True)
    ]


def test_here_documents_are_taken_out_with_their_lines() -> None:
    documents = read("a <<A; b <<-'B'\n$x\nA\n\tb\n\tB\nc").documents
    assert [(one.text, one.literal, one.runs) for one in documents.values()] == [
        *(("$x\n", False, False), ("b\n", True, False))
    ]
    assert [one.runs for one in read("a <<A\n$(rm x)\nA").documents.values()] == [True]


@pytest.mark.parametrize(
    "text",
    [
        *("'a", '"a', "`a", "$(a", "a\\", "${a", "${a:=b}", "${!a}", "${a@P}", "((1))", "$((a))"),
        *(
            "$[1]",
            '$"a"',
            "a <<B\na",
            "a <<$X\nb",
            "r\\\nm",
            "`a \\`b\\``",
            "$(case a in a) b;; esac)",
        ),
        *("{fd}> f", "$'a\\'b'", "$'\\u0041'", "`a 'b`; c'", "$(" * 20 + ")" * 20),
    ],
)
def test_what_shells_differ_about_or_seldom_see_is_not_read(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)
