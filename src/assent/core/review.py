"""A Review is what somebody else must say afterwards of access that was taken in an emergency."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.ids import GrantId, ReviewId, SubjectId, TargetId


class ReviewVerdict(StrEnum):
    """What a reviewer found."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"


@dataclass(frozen=True, slots=True)
class Review:
    """One use of break-glass to be looked at; open until `closed_at`.

    group: whose members may close it, never `subject` nor an agent of theirs. due_at: from then
    on it is overdue, and its subject cannot break the glass again.
    """

    id: ReviewId
    grant: GrantId
    subject: SubjectId
    target: TargetId
    group: str
    reason: str
    opened_at: datetime
    due_at: datetime
    verdict: ReviewVerdict | None = None
    comment: str = ""
    closed_by: SubjectId | None = None
    closed_at: datetime | None = None

    def is_overdue(self, now: datetime) -> bool:
        """Return whether it should have been closed before `now`."""
        return self.closed_at is None and now >= self.due_at
