"""What is said of reviews: in the log, in notices, and to whoever one stands against."""

from collections.abc import Mapping, Sequence

from assent.core.changes import CloseReview
from assent.core.clock import isoformat
from assent.core.entry import Entry, EntryKind
from assent.core.grant import Grant
from assent.core.ids import EntryId, Ids
from assent.core.review import Review
from assent.core.subject import Subject

_MOST_NAMED = 5
_LONGEST = 500


def opened_entry(ids: Ids, review: Review, grant: Grant) -> Entry:
    """Return the entry that says a review is owed, by when and by whom."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.REVIEW_OPENED,
        at=review.opened_at,
        subject=review.subject,
        target=review.target,
        request=grant.request,
        facts={
            "due_at": isoformat(review.due_at),
            "grant": review.grant,
            "group": review.group,
            "review": review.id,
        },
        payload={"reason": review.reason},
    )


def settled_entry(ids: Ids, review: Review, change: CloseReview) -> Entry:
    """Return the entry that says who closed a review, with what they found."""
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.REVIEW_CLOSED,
        at=change.at,
        subject=change.by,
        target=review.target,
        facts={
            "about": review.subject,
            "grant": review.grant,
            "review": review.id,
            "verdict": change.verdict.value,
        },
        payload={"comment": change.comment},
    )


def overdue_words(review: Review, able: Sequence[Subject], names: Mapping[str, str]) -> str:
    """Return why somebody cannot break the glass again, and who can change that."""
    who = ", ".join(person.name for person in able[:_MOST_NAMED])
    more = len(able) - _MOST_NAMED
    who += f" and {more} more" if more > 0 else ""
    return (
        f"review {review.id} of what {names.get(review.subject, 'they')} did "
        f"is overdue since {isoformat(review.due_at)[:19]}Z; it can be closed by "
        f"{who or f'people of {review.group}, and nobody is there'}"
    )


def about_review(review: Review) -> tuple[str, ...]:
    """Return what a reviewer should know before they open its page."""
    return (
        f"reason: {review.reason[:_LONGEST]}",
        f"by {review.group.replace('|', ' or ')}, until {isoformat(review.due_at)[:19]}Z",
        f"assent review {review.id} --justified|--not-justified --comment …",
    )


def closed_lines(review: Review, change: CloseReview) -> tuple[str, ...]:
    """Return what people hear of a review that was closed."""
    return (f"reason: {review.reason[:_LONGEST]}", f"found: {change.comment[:_LONGEST]}")
