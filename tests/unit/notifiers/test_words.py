"""Texts of others are shown as they are, and are nothing else."""

import pytest

from assent.notifiers import words
from channel_notices import HOSTILE, a_notice


def test_a_text_becomes_one_line_of_what_can_be_seen() -> None:
    assert words.one_line("a\r\nb\x00c\u202ed \ud800 é 漢") == "a b c d é 漢"


def test_a_long_text_is_cut_and_says_so() -> None:
    assert words.one_line("x" * 600) == "x" * 499 + "…"
    assert words.one_line("x" * 500) == "x" * 500


def test_a_notice_without_a_headline_says_its_topic() -> None:
    assert words.headline(a_notice(headline="\n")) == "request.asked"


def test_empty_lines_and_too_many_are_left_out() -> None:
    assert words.lines(a_notice(lines=("a", " ", *["b"] * 50))) == ["a", *["b"] * 18]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "/requests/req_1",
        "https://assent.test/<b>",
        "https://assent.test/|x",
        'https://assent.test/"x',
        "https://assent.test/ x",
        "https://assent.test/é",
        "https://assent.test/" + "x" * 1_000,
    ],
)
def test_a_link_is_an_address_that_a_browser_may_open(link: str) -> None:
    assert words.link(a_notice(link=link)) == ""
    assert words.link(a_notice()) == "https://assent.test/requests/req_1"


def test_slack_finds_nothing_to_read() -> None:
    text = words.for_slack(HOSTILE, 2_000)
    assert text.startswith("&lt;!channel&gt; &lt;@U0OTHER&gt;")
    assert "&amp;lt;" in text
    assert not {"<", ">"} & set(text)


def test_markdown_finds_nothing_to_read() -> None:
    assert words.for_markdown("[a](b) *c* <d> & \\", 99) == r"\[a\]\(b\) \*c\* \<d\> \& \\"


@pytest.mark.parametrize("most", range(1, 40))
def test_a_text_is_never_cut_inside_of_an_escape(most: int) -> None:
    text = words.for_slack("a<b>&" * 20, most)
    assert len(text) <= most
    assert text.endswith("…")
    left = text[:-1].replace("&lt;", "").replace("&gt;", "").replace("&amp;", "")
    assert set(left) <= {"a", "b"}
