"""Asking for access on the pages: what there is, the form, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from assent.control.session_credentials import Opened
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, Fault, MissingFault
from assent.core.ids import RequestId
from assent.core.request import Request as AskedFor
from assent.core.request import RequestState
from assent.core.role import Permission
from assent.web.answers import clean
from assent.web.asking_form import AskForm, read
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, TheSeat, from_htmx, status_of, to_page
from assent.web.grant_views import grant_view
from assent.web.inbox import RequestPath
from assent.web.target_views import answer_view, command_to, target_view, target_views, verbs_of
from assent.workflow.narrowing import ACCESS

router = APIRouter(route_class=PageRoute)

TargetPath = Annotated[str, Path(max_length=128)]
_FIELDS = {
    "duration": "lasts_for",
    "grant-too-short": "lasts_for",
    "terms": "details",
    "ticket": "ticket",
    "verbs": "verbs",
    "window": "window",
}
"""Code of a fault → the field that it is about."""


@router.get("/ask", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def targets(seat: TheSeat) -> Response:
    """Return what there is, with what asking for it would lead to."""
    found = await target_views(seat.desk.plane, seat.caller)
    return seat.desk.pages.page("ask_targets.html", {**_common(seat), "targets": found})


@router.get("/ask/{name}", dependencies=[Depends(needs(Permission.ASK))])
async def form(seat: TheSeat, name: TargetPath) -> Response:
    """Return the form that asks for a target."""
    return await _form(seat, name, AskForm(), {}, "ask.html", 200)


@router.post("/ask/{name}", dependencies=[Depends(needs(Permission.ASK))])
async def ask(
    request: Request, seat: ActingSeat, name: TargetPath, form: Annotated[AskForm, Depends()]
) -> Response:
    """Ask for it, and lead on to what came of it; say beside each field what is wrong."""
    plane = seat.desk.plane
    target = plane.directory.target_named(name)
    known = verbs_of(target.protocol) if target is not None else ()
    asked = read(form, plane.grants.windows.zone, plane.clock.now(), known)
    errors, status = dict(asked.errors), 422
    if not errors:
        try:
            came = await plane.access.ask(
                seat.caller,
                name,
                asked.lasts_for,
                clean(form.reason),
                clean(form.ticket),
                asked.wish,
            )
            return to_page(request, where_it_leads(came))
        except Fault as fault:
            if fault.code == "not-signed-in":
                raise
            status, _ = status_of(fault)
            errors[_FIELDS.get(fault.code, "")] = fault.detail
    template = "ask_region.html" if from_htmx(request) else "ask.html"
    return await _form(seat, name, form, errors, template, status)


@router.get("/requests/{request_id}/granted", dependencies=[Depends(needs(Permission.ASK))])
async def granted(seat: TheSeat, request_id: RequestPath) -> Response:
    """Return what was granted on the caller's own request, why, and how to use it."""
    values = await _granted_values(seat, request_id)
    return seat.desk.pages.page("granted.html", values)


@router.post("/requests/{request_id}/password", dependencies=[Depends(needs(Permission.ASK))])
async def password(request: Request, seat: ActingSeat, request_id: RequestPath) -> Response:
    """Show a password for one connection to what was granted: once, and for minutes."""
    values = await _granted_values(seat, request_id)
    try:
        opened = await _opened(seat, str(values["target"]))
    except Fault as fault:
        if fault.code == "not-signed-in":
            raise
        values["error"] = fault.detail
        status, _ = status_of(fault)
    else:
        values["opened"], status = opened, 200
        values["expires_at"] = isoformat(opened.expires_at)
    template = "granted_region.html" if from_htmx(request) else "granted.html"
    return seat.desk.pages.page(template, values, status)


async def _opened(seat: Seat, name: str) -> Opened:
    plane, subject = seat.desk.plane, seat.caller.subject
    target = plane.directory.target_named(name)
    # Without a grant that counts, connecting would ask for a new one; nobody pressed that button.
    if target and plane.grants.valid(subject.id, target.id, plane.clock.now()):
        opened = await plane.access.connect(seat.caller, name, None, "", "", 1)
        if isinstance(opened, Opened):
            return opened
    raise ConflictFault("grant-gone", "what was granted does not count now; see your grants")


def where_it_leads(request: AskedFor) -> str:
    """Return the page that goes on from a request that was just made."""
    settled = request.state is RequestState.COMPLETED and request.grant is not None
    return f"/requests/{request.id}/granted" if settled else f"/requests/{request.id}"


async def _form(
    seat: Seat, name: str, form: AskForm, errors: dict[str, str], template: str, status: int
) -> Response:
    values = {
        **_common(seat),
        "target": await target_view(seat.desk.plane, seat.caller, name),
        "answer": await answer_view(seat.desk.plane, seat.caller, name),
        "form": form,
        "errors": errors,
        "zone": form.zone or seat.caller.subject.time_zone or "UTC",
        "zone_is_guessed": not form.zone and not seat.caller.subject.time_zone,
    }
    return seat.desk.pages.page(template, values, status)


async def _granted_values(seat: Seat, request: str) -> dict[str, object]:
    plane = seat.desk.plane
    found = await plane.requests.get(seat.caller, RequestId(request))
    action = found.action
    if action.subject != seat.caller.subject.id or action.verb != ACCESS or found.grant is None:
        raise MissingFault("no-such-grant", f"nothing was granted to you on `{request[:60]}`")
    grant = plane.grants.get(found.grant)
    target = plane.directory.target(action.target) if action.target else None
    return {
        **_common(seat),
        "request": found,
        "grant": grant and grant_view(plane, seat.caller, grant),
        "target": target.name if target else "",
        "command": command_to(target) if target else "",
        "way": seat.desk.way_in(target) if target else None,
        "gateway": seat.desk.gateway() if seat.desk.gateway else None,
        "opened": None,
        "error": "",
    }


def _common(seat: Seat) -> dict[str, object]:
    return {"seat": seat, "page": "ask", "now": isoformat(seat.desk.plane.clock.now())}
