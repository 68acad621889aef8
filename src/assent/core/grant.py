"""A Grant is a time-bound, revocable permission. It is evidence, never a permission by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from assent.core.ids import GrantId, RequestId, SubjectId, TargetId
from assent.core.scope import EVERYTHING, NOTHING_SPENT, UNLIMITED, Budget, Scope, Spent, Window


class GrantKind(StrEnum):
    """What a grant gives.

    ACCESS: to a target. BREAK_GLASS: the same, in an emergency, to be reviewed. DELEGATION: to
    answer requests in somebody else's place. PLAN: to run texts that people assented to before.
    """

    ACCESS = "access"
    BREAK_GLASS = "break-glass"
    DELEGATION = "delegation"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Delegation:
    """Whose place somebody takes when they answer requests, and as a member of which group."""

    by: SubjectId
    group: str


@dataclass(frozen=True, slots=True)
class PlannedText:
    """One text that may be run under a plan. digest: of it, as `control.plans` makes it."""

    digest: str
    times: int = 1
    used: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do for a time, valid when `starts_at <= now < ends_at`.

    target: None for a delegation alone. request: the request that minted it, None when a policy
    permitted it at once. revoked_at: from then on it is over, for ever. on_first_use: how long
    it lasts once it is first used; until then `ends_at` is by when that must be. began_at: when
    it was first used. window: the hours in which it counts, between `starts_at` and `ends_at`.
    extends: the grant that it goes on from.
    """

    id: GrantId
    subject: SubjectId
    target: TargetId | None
    starts_at: datetime
    ends_at: datetime
    request: RequestId | None = None
    reason: str = ""
    revoked_at: datetime | None = None
    revoked_by: SubjectId | None = None
    revoked_because: str = ""
    kind: GrantKind = GrantKind.ACCESS
    scope: Scope = EVERYTHING
    budget: Budget = UNLIMITED
    spent: Spent = NOTHING_SPENT
    on_first_use: timedelta | None = None
    began_at: datetime | None = None
    window: Window | None = None
    extends: GrantId | None = None
    delegation: Delegation | None = None
    plan: tuple[PlannedText, ...] = ()

    def is_valid(self, now: datetime) -> bool:
        """Return whether it counts at `now`, but for its window, which needs a calendar."""
        return self.revoked_at is None and self.starts_at <= now < self.ends_at

    def gives_access(self, now: datetime) -> bool:
        """Return whether it opens its target at `now`: valid, for access, and not used up."""
        return (
            self.kind in (GrantKind.ACCESS, GrantKind.BREAK_GLASS)
            and self.is_valid(now)
            and not self.spent.over(self.budget)
        )
