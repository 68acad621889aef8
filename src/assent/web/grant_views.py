"""What the templates show of grants: what each covers, how much of it is left, and until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assent.control.covering import describe as describe_scope
from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.grant import Grant, GrantKind
from assent.core.session import Session
from assent.web.answer_views import person_words
from assent.web.words import duration_words
from assent.workflow.grant import GrantState, state_of, waits_for_use
from assent.workflow.wishes import window_text

MOST_GRANTS = 100
"""Grants that one page shows."""
MOST_PAST = 10
_KINDS = {
    GrantKind.ACCESS: "",
    GrantKind.BREAK_GLASS: "break-glass",
    GrantKind.PLAN: "plan",
    GrantKind.DELEGATION: "delegation",
}
_PAST_WORDS = {
    GrantState.ENDED: "its time was over",
    GrantState.REVOKED: "ended early",
    GrantState.COMING: "not begun",
    GrantState.ACTIVE: "counts",
}
_IN_BYTES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


@dataclass(frozen=True, slots=True)
class BudgetView:
    """One amount of a budget. words: `3 of 5 writes used`. percent: of it that is used."""

    name: str
    words: str
    percent: float
    used_up: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """An open session that rests on it. words: with what, and from where."""

    id: str
    words: str
    opened_at: str


@dataclass(frozen=True, slots=True)
class GrantView:
    """One grant as one person sees it. holder: empty where it is their own."""

    id: str
    kind: str
    holder: str
    target: str
    environment: str
    covers: str
    window: str
    state_words: str
    waits: str
    starts_at: str
    ends_at: str
    reason: str
    request: str
    budget: tuple[BudgetView, ...]
    sessions: tuple[SessionView, ...]
    mine: bool
    can_extend: bool
    can_end: bool


@dataclass(frozen=True, slots=True)
class PastView:
    """A grant that is over, and why."""

    id: str
    target: str
    covers: str
    starts_at: str
    over_at: str
    words: str


async def grant_views(
    plane: ControlPlane, caller: Caller, everybody: bool
) -> tuple[Sequence[GrantView], int]:
    """Return what counts now, newest first, and how many more there are.

    everybody: those of others too that the caller may see; without their own.
    """
    found = [
        grant
        for grant in plane.grants.counting(caller, everybody)
        if grant.kind is not GrantKind.DELEGATION
        and (not everybody or grant.subject != caller.subject.id)
    ]
    sessions = await plane.sessions.list(caller, True, everybody and caller.oversees)
    shown = found[:MOST_GRANTS]
    return [grant_view(plane, caller, grant, sessions) for grant in shown], len(found) - len(shown)


async def past_views(plane: ControlPlane, caller: Caller) -> Sequence[PastView]:
    """Return the caller's last grants that are over, newest first."""
    now = plane.clock.now()
    found = [
        grant
        for grant in await plane.grants.list(caller, False)
        if grant.kind is not GrantKind.DELEGATION
        and state_of(grant, now) in (GrantState.ENDED, GrantState.REVOKED)
    ]
    return [_past_view(plane, grant) for grant in found[:MOST_PAST]]


def sees_others(plane: ControlPlane, caller: Caller) -> bool:
    """Return whether there are grants of others that this person may ever see."""
    owned = any(caller.subject.groups & target.owners for target in plane.directory.targets())
    return caller.oversees or owned


def grant_view(
    plane: ControlPlane, caller: Caller, grant: Grant, sessions: Iterable[Session] = ()
) -> GrantView:
    """Return a grant as `caller` sees it. sessions: open ones, of whomever and on whatever."""
    target, environment = _target(plane, grant)
    mine = grant.subject == caller.subject.id
    waits = waits_for_use(grant) and grant.on_first_use
    return GrantView(
        id=grant.id,
        kind=_KINDS[grant.kind],
        holder="" if mine else person_words(plane, grant.subject)[0],
        target=target,
        environment=environment,
        covers=describe_scope(grant.scope),
        window=window_text(grant.window) if grant.window else "",
        state_words=_state_words(plane, grant),
        waits=duration_words(waits) if waits else "",
        starts_at=isoformat(grant.began_at or grant.starts_at),
        ends_at=isoformat(grant.ends_at),
        reason=grant.reason,
        request=grant.request or "",
        budget=budget_views(grant),
        sessions=tuple(
            SessionView(
                session.id,
                " · ".join(
                    word
                    for word in (session.application, session.client_address, session.database)
                    if word
                ),
                isoformat(session.opened_at),
            )
            for session in sessions
            if (session.subject, session.target) == (grant.subject, grant.target)
        ),
        mine=mine,
        can_extend=mine and grant.kind is GrantKind.ACCESS,
        can_end=plane.grants.may_revoke(caller, grant),
    )


def budget_views(grant: Grant) -> tuple[BudgetView, ...]:
    """Return every limited amount with how much of it is used."""
    found = []
    for name, most in grant.budget.amounts().items():
        if most is None:
            continue
        spent = getattr(grant.spent, name)
        used, of = (_size(spent), _size(most)) if name == "bytes" else (f"{spent}", f"{most}")
        unit = "" if name == "bytes" else f" {name.replace('_', ' ')}"
        percent = round(min(100.0, 100 * spent / most), 1)
        found.append(BudgetView(name, f"{used} of {of}{unit} used", percent, spent >= most))
    return tuple(found)


def _state_words(plane: ControlPlane, grant: Grant) -> str:
    now = plane.clock.now()
    if grant.spent.over(grant.budget):
        return "its budget is used up: nothing more can be done with it"
    if not plane.grants.windows.is_open(grant, now):
        coming = plane.grants.windows.after(grant.window, now) if grant.window else None
        return "outside its hours" + (" now" if coming else "; they never come")
    return ""


def _past_view(plane: ControlPlane, grant: Grant) -> PastView:
    words = _PAST_WORDS[state_of(grant, plane.clock.now())]
    if grant.revoked_at is not None and grant.revoked_by == grant.subject:
        words = "given back"
    elif grant.revoked_by is not None:
        words = f"ended by {person_words(plane, grant.revoked_by)[0]}"
    if grant.revoked_because:
        words += f": {grant.revoked_because}"
    return PastView(
        grant.id,
        _target(plane, grant)[0],
        describe_scope(grant.scope),
        isoformat(grant.starts_at),
        isoformat(grant.revoked_at or grant.ends_at),
        words,
    )


def _target(plane: ControlPlane, grant: Grant) -> tuple[str, str]:
    if grant.target is None:
        return "", ""
    try:
        known = plane.directory.target(grant.target)
    except MissingFault:
        return grant.target, ""
    return known.name, known.environment


def _size(count: int) -> str:
    for length, unit in _IN_BYTES:
        if count >= length:
            return f"{count / length:.1f} {unit}".replace(".0 ", " ")
    return f"{count} B"
