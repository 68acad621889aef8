"""Break-glass and its reviews as JSON: what clients send, and what they get."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from assent.api.bodies import Body, Line, Name, PossessionBody
from assent.api.risk_schemas import Instant
from assent.api.schemas import OpenedOut, PersonOut, SessionOut
from assent.control.break_glass import SHORTEST_REASON
from assent.core.review import ReviewVerdict

AtMostAnHour = Annotated[int, Field(ge=1, le=3600, strict=True)]
Said = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Why = Annotated[
    str,
    StringConstraints(min_length=SHORTEST_REASON, max_length=2000, pattern=r"^[^\x00]*$"),
]


class BreakGlassBody(Body):
    """An emergency. for_s: seconds, null for what the policy says; connections: of the password."""

    target: Name
    reason: Why
    for_s: AtMostAnHour | None = None
    ticket: Line = ""
    connections: Annotated[int, Field(ge=1, le=256, strict=True)] = 1
    device: PossessionBody | None = None

    @property
    def lasts_for(self) -> timedelta | None:
        """Return how long it shall last, None for what the policy says."""
        return None if self.for_s is None else timedelta(seconds=self.for_s)


class CloseReviewBody(Body):
    """What a reviewer found."""

    verdict: ReviewVerdict
    comment: Said


class ReviewOut(BaseModel):
    """One use of break-glass that is or was looked at.

    group: whose members close it, alternatives separated by `|`. can_close: whether you could
    now. link: its page.
    """

    id: str
    state: Literal["open", "overdue", "closed"]
    subject: PersonOut
    target: str
    grant: str
    group: str
    reason: str
    opened_at: Instant
    due_at: Instant
    verdict: ReviewVerdict | None
    comment: str
    closed_by: str | None
    closed_at: Instant | None
    can_close: bool
    reviewers: list[str]
    link: str


class ReviewsOut(BaseModel):
    """Reviews, newest first."""

    items: list[ReviewOut]


class DoneOut(SessionOut):
    """One session on the target while the glass was broken.

    actions: attempted in it; refused: denied or held first.
    """

    actions: int
    refused: int


class ReviewedOut(ReviewOut):
    """A review with what was done."""

    sessions: list[DoneOut]


class BrokenOut(OpenedOut):
    """How to connect in an emergency, and the reviews that are owed for it."""

    reviews: list[ReviewOut]
