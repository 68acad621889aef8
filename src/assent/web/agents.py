"""Agents and service accounts: who answers for them, what they may do, and their tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import RedirectResponse

from assent.control.api_tokens import STEPPED_UP_WITHIN, USUAL_PERMISSIONS
from assent.control.plane import ControlPlane
from assent.control.program_page import Program, program_page, programs_listed
from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.ids import TokenId
from assent.core.role import Permission
from assent.core.subject import Subject, SubjectKind
from assent.web.answers import Line, Prose, clean
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, status_of
from assent.web.pages import segment
from assent.web.people import Names, names_of, state_of
from assent.web.person_views import request_lines, session_lines, token_lines

router = APIRouter(prefix="/agents", route_class=PageRoute)

DAYS = (1, 7, 30, 90, 365)
KINDS = {SubjectKind.AGENT: "agent", SubjectKind.WORKLOAD: "service account"}
Sees = Annotated[Seat, Depends(needs(Permission.ACCOUNT))]
Ends = Annotated[Seat, Depends(acts(Permission.ACCOUNT))]
Makes = Annotated[Seat, Depends(acts(Permission.ASK))]
NamePath = Annotated[str, Path(max_length=128)]


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """One program of the list. at: ISO 8601, empty for never. ends_at: of its last token."""

    name: str
    kind: str
    task: str
    state: str
    owner: str
    acts_for: str
    tokens: int
    ends_at: str
    seen_at: str


@dataclass(frozen=True, slots=True)
class MakeForm:
    """What was to be made, to be shown again beside what is wrong with it."""

    kind: str = "agent"
    name: str = ""
    task: str = ""
    person: str = ""
    groups: str = ""


@router.get("")
async def listing(seat: Sees) -> Response:
    """Return one's own programs, or all of them for who may see people."""
    return await _list(seat)


@router.post("")
async def make(
    seat: Makes,
    kind: Annotated[SubjectKind, Form()] = SubjectKind.AGENT,
    name: Line = "",
    task: Annotated[str, Form(max_length=500)] = "",
    person: Line = "",
    groups: Names = "",
) -> Response:
    """Make an agent or a service account."""
    sent = MakeForm(kind.value, clean(name).strip(), clean(task), clean(person).strip(), groups)
    workloads, named = seat.desk.plane.programs.workloads, names_of(groups)
    try:
        if kind is SubjectKind.AGENT:
            made = await workloads.make_agent(
                seat.caller, sent.name, sent.task, person=sent.person, groups=named or None
            )
        else:
            made = await workloads.make_service_account(
                seat.caller, sent.name, sent.task, owner=sent.person, groups=named
            )
    except Fault as fault:
        if fault.code == "not-signed-in":
            raise
        return await _list(seat, sent, fault.detail, status_of(fault)[0])
    return _again(made.name)


@router.get("/{name}")
async def page(seat: Sees, name: NamePath) -> Response:
    """Return the page of one program."""
    return await _one(seat, name)


@router.post("/{name}/disable")
async def disable(seat: Ends, name: NamePath) -> Response:
    """Permit nothing to it any more; its tokens are gone, and what is open is cut."""
    found = _found(seat, name)
    try:
        await seat.desk.plane.programs.workloads.disable(seat.caller, found.kind, name)
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


@router.post("/{name}/enable")
async def enable(seat: Makes, name: NamePath) -> Response:
    """Let it act again; it needs new tokens."""
    found = _found(seat, name)
    try:
        await seat.desk.plane.programs.workloads.enable(seat.caller, found.kind, name)
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


@router.post("/{name}/tokens")
async def mint(
    seat: Makes,
    name: NamePath,
    token: Line = "",
    days: Annotated[int, Form(ge=1, le=365)] = 30,
    permissions: Annotated[list[Permission], Form(max_length=len(Permission))] = [],  # noqa: B006
) -> Response:
    """Make a token for it, and show it this once."""
    found = _found(seat, name)
    try:
        secret, kept = await seat.desk.plane.programs.tokens.mint(
            seat.caller,
            clean(token),
            permissions=frozenset(permissions),
            lasts_for=timedelta(days=days),
            holder=found,
        )
    except Fault as fault:
        return await _refused(seat, name, fault)
    shown = await _one(seat, name, minted=(kept.name, secret.reveal()))
    shown.headers["cache-control"] = "no-store"
    return shown


@router.post("/{name}/tokens/{token_id}/revoke")
async def revoke(
    seat: Ends,
    name: NamePath,
    token_id: Annotated[str, Path(max_length=64)],
    reason: Prose = "",
) -> Response:
    """End one of its tokens for good."""
    found = await program_page(_plane(seat), _found(seat, name))
    held: dict[str, TokenId] = {one.id: one.id for one in found.tokens}
    try:
        if token_id in held:
            await _plane(seat).programs.tokens.revoke(seat.caller, held[token_id])
    except MissingFault:
        pass  # It is gone already, which is what was wanted.
    except Fault as fault:
        return await _refused(seat, name, fault)
    return _again(name)


def _plane(seat: Seat) -> ControlPlane:
    return seat.desk.plane


def _found(seat: Seat, name: str) -> Subject:
    """Return the program of that name. Raises MissingFault for what is not theirs to see."""
    workloads = _plane(seat).programs.workloads
    for kind in KINDS:
        for one in workloads.listing(seat.caller, kind):
            if one.name == name:
                return one
    words = f"there is no agent or service account `{name[:80]}` for you to see"
    raise MissingFault("no-such-workload", words)


def _again(name: str) -> Response:
    return RedirectResponse(f"/agents/{segment(name)}", status_code=303)


async def _refused(seat: Seat, name: str, fault: Fault) -> Response:
    if fault.code == "not-signed-in":
        raise fault
    return await _one(seat, name, fault.detail, status_of(fault)[0])


async def _list(
    seat: Seat, sent: MakeForm | None = None, error: str = "", status: int = 200
) -> Response:
    plane = _plane(seat)
    found = await programs_listed(plane, seat.caller)
    values = {
        "seat": seat,
        "rows": [_row(plane, one) for one in found],
        "sees_all": seat.caller.may(Permission.READ_PEOPLE),
        "may_make_any": seat.caller.may(Permission.CHANGE_PEOPLE),
        "may_make": seat.caller.may(Permission.ASK),
        "people": _people(plane) if seat.caller.may(Permission.CHANGE_PEOPLE) else (),
        "my_groups": sorted(seat.caller.subject.groups),
        "form": sent or MakeForm(),
        "error": error,
    }
    return seat.desk.pages.page("agents.html", values, status)


def _people(plane: ControlPlane) -> Sequence[str]:
    everybody = plane.directory.subjects()
    return sorted(
        one.name for one in everybody if one.kind is SubjectKind.HUMAN and not one.disabled
    )


def _row(plane: ControlPlane, one: Program) -> ProgramRow:
    ends = max((token.expires_at for token in one.tokens), default=None)
    subject = one.subject
    return ProgramRow(
        subject.name,
        KINDS.get(subject.kind, subject.kind.value),
        subject.task,
        state_of(subject),
        plane.directory.names.get(subject.owner or "", ""),
        plane.directory.names.get(subject.on_behalf_of or "", ""),
        len(one.tokens),
        isoformat(ends) if ends else "",
        isoformat(one.seen_at) if one.seen_at else "",
    )


async def _one(
    seat: Seat,
    name: str,
    error: str = "",
    status: int = 200,
    minted: tuple[str, str] | None = None,
) -> Response:
    plane, caller = _plane(seat), seat.caller
    subject = _found(seat, name)
    found = await program_page(plane, subject)
    own = await plane.programs.tokens.own(caller)
    at = own.stepped_up_at if own else None
    answers = caller.subject.id in (subject.owner, subject.on_behalf_of)
    can_have = plane.programs.tokens.may_have(caller, subject)
    values = {
        "seat": seat,
        "error": error,
        "who": subject,
        "row": _row(plane, found),
        "group_names": sorted(subject.groups),
        "since": isoformat(subject.since) if subject.since else "",
        "tokens": token_lines(found.tokens),
        "sessions": session_lines(plane, found.sessions),
        "requests": request_lines(plane, found.requests),
        "sees_log": caller.oversees,
        "sees_people": caller.may(Permission.READ_PEOPLE),
        "sees_what_it_did": answers or caller.oversees,
        "may_change": answers or caller.may(Permission.CHANGE_PEOPLE),
        "fresh": at is not None and plane.clock.now() - at <= STEPPED_UP_WITHIN,
        "minted": minted,
        "permissions": sorted(one.value for one in can_have),
        "usual": {one.value for one in USUAL_PERMISSIONS},
        "days": DAYS,
    }
    return seat.desk.pages.page("agent.html", values, status)
