"""One person: who they are, what they have, and what an administrator does about it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from starlette.responses import RedirectResponse

from assent.control.local_person import PersonChange
from assent.control.own_account import LOCAL
from assent.control.person_page import PersonPage, open_sessions, person_named, person_page
from assent.core.clock import isoformat
from assent.core.faults import Fault
from assent.core.role import Permission, Role
from assent.core.subject import Subject, SubjectKind
from assent.web.answers import Line, Prose, clean
from assent.web.authorization import acts
from assent.web.desk import PageRoute, Seat, status_of
from assent.web.pages import segment
from assent.web.people import (
    PAGE,
    ROLES,
    Changes,
    Names,
    Roles,
    Sees,
    link_page,
    means_words,
    names_of,
    reason_of,
    source_words,
    state_of,
)
from assent.web.person_views import (
    device_views,
    event_lines,
    grant_lines,
    request_lines,
    session_lines,
    token_lines,
)

router = APIRouter(prefix=f"{PAGE}/{{name}}", route_class=PageRoute)

PersonPath = Annotated[str, Path(max_length=128)]
Reports = Annotated[Seat, Depends(acts(Permission.REPORT))]


@router.get("")
async def page(seat: Sees, name: PersonPath) -> Response:
    """Return the page of one person."""
    return await _shown(seat, name)


@router.post("/change")
async def change(
    seat: Changes,
    name: PersonPath,
    display_name: Line = "",
    email: Line = "",
    time_zone: Line = "",
    groups: Names = "",
    roles: Roles = [],  # noqa: B006
    reason: Prose = "",
) -> Response:
    """Say otherwise who somebody is; who is described elsewhere is changed there."""
    wanted = PersonChange(
        clean(display_name), clean(email), clean(time_zone), names_of(groups), frozenset(roles)
    )
    accounts = seat.desk.plane.local_people.accounts
    try:
        await accounts.change(seat.caller, name, wanted, reason_of(reason))
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


@router.post("/disable")
async def disable(seat: Changes, name: PersonPath, reason: Prose = "") -> Response:
    """Permit nothing to somebody any more, whoever describes them."""
    try:
        accounts = seat.desk.plane.local_people.accounts
        await accounts.disable(seat.caller, name, reason_of(reason))
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


@router.post("/enable")
async def enable(seat: Changes, name: PersonPath, reason: Prose = "") -> Response:
    """Let somebody in again, as far as that is said here."""
    try:
        accounts = seat.desk.plane.local_people.accounts
        await accounts.enable(seat.caller, name, reason_of(reason))
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


@router.post("/recovery")
async def recover(seat: Changes, name: PersonPath, reason: Prose = "") -> Response:
    """Show, this once, the link with which they set anew how they sign in."""
    try:
        accounts = seat.desk.plane.local_people.accounts
        invited = await accounts.recover(seat.caller, name, reason_of(reason))
    except Fault as fault:
        return await _refused(seat, name, fault)
    return link_page(seat, invited, "recovery")


@router.post("/sign-out")
async def sign_out(seat: Changes, name: PersonPath, reason: Prose = "") -> Response:
    """End all their sign-ins."""
    try:
        accounts = seat.desk.plane.local_people.accounts
        await accounts.end_sign_ins(seat.caller, name, reason_of(reason))
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


@router.post("/codes/remove")
async def drop_codes(seat: Changes, name: PersonPath) -> Response:
    """Ask them for no codes any more: they lost what made them."""
    try:
        await seat.desk.plane.local_people.accounts.drop_second_factor(seat.caller, name)
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


@router.post("/compromised")
async def compromised(seat: Reports, name: PersonPath, reason: Prose = "") -> Response:
    """Take that what they sign in with is in other hands."""
    try:
        await seat.desk.plane.risk.report(seat.caller, name, reason_of(reason))
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


def _again(name: str) -> Response:
    return RedirectResponse(f"{PAGE}/{segment(name)}", status_code=303)


async def _refused(seat: Seat, name: str, fault: Fault) -> Response:
    if fault.code in ("not-signed-in", "no-such-person"):
        raise fault
    return await _shown(seat, name, fault.detail, status_of(fault)[0])


async def _shown(seat: Seat, name: str, error: str = "", status: int = 200) -> Response:
    plane = seat.desk.plane
    subject = person_named(plane, seat.caller, name)
    found = await person_page(plane, seat.caller, subject)
    values = {
        "seat": seat,
        "error": error,
        "is_self": subject.id == seat.caller.subject.id,
        "may_change": seat.caller.may(Permission.CHANGE_PEOPLE),
        "may_report": seat.caller.may(Permission.REPORT),
        "sees_risk": seat.caller.may(Permission.READ_RISK),
        "will_end": await open_sessions(plane, subject),
        "all_roles": [role.value for role in ROLES],
        **_said(found, subject),
        "devices": device_views(plane, found),
        "sign_ins": token_lines(found.sign_ins),
        "tokens": token_lines(found.tokens),
        "grants": grant_lines(plane, found.grants),
        "sessions": session_lines(plane, found.sessions),
        "requests": request_lines(plane, found.requests),
        "events": event_lines(found),
        "agents": found.belongings,
        "kinds": {SubjectKind.AGENT: "agent", SubjectKind.WORKLOAD: "service account"},
    }
    return seat.desk.pages.page("person.html", values, status)


def _said(found: PersonPage, subject: Subject) -> dict[str, object]:
    roles = found.listed.roles - {Role.REQUESTER}
    return {
        "who": subject,
        "found": found,
        "state": state_of(subject),
        "is_local": subject.source == LOCAL,
        "source": source_words(subject.source),
        "means": means_words(found.listed),
        "role_names": sorted(role.value for role in roles),
        "own_roles": {role.value for role in subject.roles},
        "group_names": sorted(subject.groups),
        "since": isoformat(subject.since) if subject.since else "",
        "seen_at": isoformat(found.listed.seen_at) if found.listed.seen_at else "",
    }
