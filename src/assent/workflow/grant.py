"""How a grant begins and how it ends. It never exceeds what was asked nor what is permitted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import GrantId, RequestId, SubjectId, TargetId
from assent.core.scope import UNLIMITED, Budget
from assent.workflow.wishes import ANYTHING, Wish

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=366)
"""No policy can permit a longer grant: nobody has standing access."""
FIRST_USED_WITHIN = timedelta(days=1)
"""By when a grant must be used whose clock starts at first use, where nobody says."""


class GrantState(StrEnum):
    """Where a grant stands at an instant; never stored, always computed."""

    COMING = "coming"
    ACTIVE = "active"
    ENDED = "ended"
    REVOKED = "revoked"


TRANSITIONS: Mapping[GrantState, Mapping[str, GrantState]] = {
    GrantState.COMING: {"began": GrantState.ACTIVE, "revoked": GrantState.REVOKED},
    GrantState.ACTIVE: {"ended": GrantState.ENDED, "revoked": GrantState.REVOKED},
    GrantState.ENDED: {"revoked": GrantState.REVOKED},
    GrantState.REVOKED: {},
}
"""State → event → next state. An ended grant can be revoked: a clock may be set back."""


def mint(
    grant: GrantId,
    subject: SubjectId,
    target: TargetId | None,
    now: datetime,
    *,
    asked: timedelta,
    permitted: timedelta,
    ceiling: timedelta | None = None,
    wish: Wish = ANYTHING,
    budget: Budget = UNLIMITED,
    read_only: bool = False,
    request: RequestId | None = None,
    reason: str = "",
    kind: GrantKind = GrantKind.ACCESS,
) -> Grant:
    """Return a grant that starts now and lasts for the shortest of what it may.

    asked, permitted, ceiling: by the person, by policies, by the target. wish: what else was
    asked for; budget and read_only: what policies leave of it. One whose clock starts at first
    use waits until `wish.until`, a day where that is not said. Raises ForbiddenFault where less
    than a second is left.
    """
    lasts_for = min(asked, permitted, LONGEST, *(() if ceiling is None else (ceiling,)))
    until = wish.until or (now + FIRST_USED_WITHIN if wish.first_use else None)
    ends_at = now + lasts_for if until is None or not wish.first_use else until
    if until is not None:
        ends_at = min(ends_at, until, now + LONGEST)
    if lasts_for < SHORTEST or ends_at - now < SHORTEST:
        raise ForbiddenFault(
            "grant-too-short",
            f"a grant lasts for a second at least; asked were {asked.total_seconds():g} s, "
            f"permitted are {permitted.total_seconds():g} s"
            + (f", until {isoformat(until)}" if until else ""),
        )
    return Grant(
        grant,
        subject,
        target,
        now,
        ends_at,
        request=request,
        reason=reason,
        kind=kind,
        scope=replace(wish.scope, read_only=wish.scope.read_only or read_only),
        budget=wish.budget.least(budget),
        on_first_use=lasts_for if wish.first_use else None,
        window=wish.window,
        extends=wish.extends,
    )


def begin(grant: Grant, now: datetime) -> Grant:
    """Return the grant with its clock started, where that starts at first use.

    Raises ConflictFault when it began before, and when it is not valid at `now`.
    """
    if grant.on_first_use is None or grant.began_at is not None or not grant.is_valid(now):
        raise ConflictFault("grant-begun", f"the clock of grant `{grant.id}` cannot start now")
    return replace(grant, began_at=now, ends_at=now + grant.on_first_use)


def waits_for_use(grant: Grant) -> bool:
    """Return whether its clock has still to start."""
    return grant.on_first_use is not None and grant.began_at is None


def counts_from(grant: Grant) -> datetime:
    """Return since when its time has been running."""
    return grant.began_at or grant.starts_at


def revoke(grant: Grant, now: datetime, by: SubjectId | None, because: str) -> Grant:
    """Return the grant, over for ever. by: None when the gateway itself ends it.

    Raises ConflictFault when it is revoked already: the first one who did is kept.
    """
    if grant.revoked_at is not None:
        raise ConflictFault(
            "grant-revoked", f"grant `{grant.id}` was revoked at {isoformat(grant.revoked_at)}"
        )
    return replace(grant, revoked_at=now, revoked_by=by, revoked_because=because)


def state_of(grant: Grant, now: datetime) -> GrantState:
    """Return where the grant stands at `now`; ACTIVE exactly when it is valid."""
    if grant.revoked_at is not None:
        return GrantState.REVOKED
    if now < grant.starts_at:
        return GrantState.COMING
    return GrantState.ACTIVE if now < grant.ends_at else GrantState.ENDED
