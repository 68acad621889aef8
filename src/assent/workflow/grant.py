"""How a grant begins and how it ends. It never exceeds what was asked nor what is permitted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Grant
from assent.core.ids import GrantId, RequestId, SubjectId, TargetId

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=366)
"""No policy can permit a longer grant: nobody has standing access."""


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
    target: TargetId,
    now: datetime,
    *,
    asked: timedelta,
    permitted: timedelta,
    request: RequestId | None = None,
    reason: str = "",
) -> Grant:
    """Return a grant that starts now and lasts for the shorter of `asked` and `permitted`.

    Raises ForbiddenFault where that is less than a second.
    """
    lasts_for = min(asked, permitted, LONGEST)
    if lasts_for < SHORTEST:
        raise ForbiddenFault(
            "grant-too-short",
            f"a grant lasts for a second at least; asked were {asked.total_seconds():g} s, "
            f"permitted are {permitted.total_seconds():g} s",
        )
    return Grant(grant, subject, target, now, now + lasts_for, request=request, reason=reason)


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
