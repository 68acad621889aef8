"""What is said of reviews."""

from datetime import timedelta

from assent.control.review_words import (
    about_review,
    closed_lines,
    opened_entry,
    overdue_words,
    settled_entry,
)
from assent.core.changes import CloseReview
from assent.core.entry import EntryKind
from assent.core.ids import GrantId, ReviewId
from assent.core.review import Review, ReviewVerdict
from builders import ANA, CARL, NOON, SHOP, CountingIds, a_grant, a_subject

REVIEW = Review(
    ReviewId("rev_1"),
    GrantId("grt_1"),
    ANA.id,
    SHOP.id,
    "security|dba",
    "orders are stuck",
    NOON,
    NOON + timedelta(days=1),
)
CLOSED = CloseReview(REVIEW.id, ReviewVerdict.NOT_JUSTIFIED, "it could wait", CARL.id, NOON)


def test_the_log_says_what_is_owed_and_keeps_reasons_apart() -> None:
    entry = opened_entry(CountingIds(), REVIEW, a_grant())
    assert (entry.kind, entry.subject) == (EntryKind.REVIEW_OPENED, ANA.id)
    assert entry.facts["due_at"] == "2026-03-05T12:00:00.000000Z"
    assert entry.payload == {"reason": "orders are stuck"}
    closed = settled_entry(CountingIds(), REVIEW, CLOSED)
    assert (closed.kind, closed.subject) == (EntryKind.REVIEW_CLOSED, CARL.id)
    assert closed.facts["verdict"] == "not-justified"
    assert closed.facts["about"] == ANA.id
    assert closed.payload == {"comment": "it could wait"}


def test_who_is_blocked_hears_by_what_and_who_can_close_it() -> None:
    words = overdue_words(REVIEW, [CARL], {ANA.id: "ana"})
    assert "review rev_1 of what ana did is overdue" in words
    assert words.endswith("it can be closed by carl")
    many = [a_subject(f"p{number}") for number in range(7)]
    assert overdue_words(REVIEW, many, {}).endswith("p0, p1, p2, p3, p4 and 2 more")
    assert overdue_words(REVIEW, [], {}).endswith("people of security|dba, and nobody is there")


def test_reviewers_hear_the_reason_the_time_and_what_to_do() -> None:
    reason, by, command = about_review(REVIEW)
    assert reason == "reason: orders are stuck"
    assert by == "by security or dba, until 2026-03-05T12:00:00Z"
    assert command.startswith("assent review rev_1 --justified|--not-justified")
    assert closed_lines(REVIEW, CLOSED)[1] == "found: it could wait"
