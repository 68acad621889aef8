"""Maintenance plans as JSON: what clients send, and what they get."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from assent.api.bodies import Because, Body, Line, Name
from assent.api.schemas import GrantOut
from assent.control.plan_actions import LONGEST_TEXT, MOST_TIMES, Hours
from assent.control.plans import Proposal
from assent.workflow.wishes import window_of

Texts = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"^[^\x00]*$")
]


class PlanBody(Body):
    """Statements to be run later. times: how often each. database: empty for the target's own.

    starts_at: null for now. window: hours in which alone it counts.
    """

    target: Name
    text: Texts
    reason: Because
    ticket: Line = ""
    database: Annotated[str, StringConstraints(max_length=63, pattern=r"^[^\x00]*$")] = ""
    times: Annotated[int, Field(ge=1, le=MOST_TIMES, strict=True)] = 1
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime
    window: Line = ""

    def proposal(self, now: datetime) -> Proposal:
        """Return what is proposed. Raises ConflictFault for a window that cannot be read."""
        window = window_of(self.window) if self.window else None
        hours = Hours(self.starts_at or now, self.ends_at, window)
        return Proposal(
            target=self.target,
            text=self.text,
            hours=hours,
            times=self.times,
            database=self.database,
            reason=self.reason,
            ticket=self.ticket,
        )


class PlannedTextOut(BaseModel):
    """One text of a plan, how often it may be run and how often it was."""

    text: str
    times: int
    used: int


class PlanOut(BaseModel):
    """A plan that stands."""

    id: str
    grant: GrantOut
    database: str
    texts: list[PlannedTextOut]


class PlansOut(BaseModel):
    """Plans, newest first."""

    items: list[PlanOut]
