"""What `@review` says."""

from datetime import timedelta

import pytest

from assent.core.decision import Obligation
from assent.policy.reviewing import ReviewBy, parse_review, reviews_in


@pytest.mark.parametrize(
    ("text", "within", "written"),
    [
        ("1d: security", timedelta(days=1), "1d: security"),
        ("24h: security", timedelta(days=1), "1d: security"),
        ("90m:security", timedelta(minutes=90), "90m: security"),
        ("61s: security", timedelta(seconds=61), "61s: security"),
    ],
)
def test_a_review_is_read_and_written_in_one_way(
    text: str, within: timedelta, written: str
) -> None:
    review = parse_review(text)
    assert (review, str(review)) == (ReviewBy(within, "security"), written)
    assert parse_review(str(review)) == review


@pytest.mark.parametrize(
    "text",
    ["", "1d", "security", "1d:", "soon: security", "1d: a|b", "1d: manager", "1d: @sub_ben"],
)
def test_what_is_no_review_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_review(text)


def test_every_group_that_is_asked_owes_one() -> None:
    some = [
        Obligation("review", "1d: security", "a"),
        Obligation("read_only", "", "a"),
        Obligation("review", "1d: owners", "b"),
    ]
    assert [one.group for one in reviews_in(some)] == ["owners", "security"]
