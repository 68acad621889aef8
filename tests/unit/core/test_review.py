from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assent.core.ids import GrantId, ReviewId, SubjectId, TargetId
from assent.core.review import Review

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REVIEW = Review(
    id=ReviewId("rev_1"),
    grant=GrantId("grt_1"),
    subject=SubjectId("sub_ana"),
    target=TargetId("tgt_shop"),
    group="security",
    reason="the shop is down",
    opened_at=NOON,
    due_at=NOON + timedelta(days=1),
)


def test_a_review_is_overdue_from_the_moment_it_is_due() -> None:
    assert not REVIEW.is_overdue(REVIEW.due_at - timedelta(microseconds=1))
    assert REVIEW.is_overdue(REVIEW.due_at)


def test_a_closed_review_is_never_overdue() -> None:
    closed = replace(REVIEW, closed_at=REVIEW.due_at + timedelta(days=3))
    assert not closed.is_overdue(REVIEW.due_at + timedelta(days=9))
