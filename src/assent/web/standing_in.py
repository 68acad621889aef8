"""The page on who stands in for whom: being away, and delegations given and held."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response

from assent.control.delegating import MYSELF
from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.core.assenting import ONE_PERSON
from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.grant import Grant
from assent.core.ids import GrantId
from assent.core.request import RequestState
from assent.core.role import Permission
from assent.web.answer_views import person_words
from assent.web.answers import Line, Prose, clean
from assent.web.asking_form import coming, duration
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, TheSeat, from_htmx, status_of, to_page

router = APIRouter(route_class=PageRoute)

_PAGE = "/standing-in"
_FIELDS = {
    "duration": "lasts_for",
    "no-such-person": "to",
    "not-a-person": "to",
    "nothing-to-delegate": "to",
    "not-your-group": "group",
    "until": "until",
    "absence": "until",
    "zone": "zone",
}
"""Code of a fault → the field that it is about."""


@dataclass(frozen=True, slots=True)
class DelegationView:
    """A delegation as one person sees it. other: whom they gave it to, or have it from."""

    id: str
    place: str
    other: str
    reason: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class StandingForm:
    """What was sent and not taken, to be shown again."""

    until: str = ""
    zone: str = ""
    group: str = ""
    to: str = ""
    lasts_for: str = ""
    reason: str = ""


@router.get(_PAGE, dependencies=[Depends(needs(Permission.ANSWER))])
async def page(seat: TheSeat) -> Response:
    """Return the page."""
    return seat.desk.pages.page("standing_in.html", _values(seat))


@router.post(f"{_PAGE}/away", dependencies=[Depends(needs(Permission.ANSWER))])
async def away(
    request: Request,
    seat: ActingSeat,
    until: Annotated[str, Form(max_length=40)] = "",
    zone: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Be away until then."""
    said = "You are away now: others are asked first. You may still answer."
    doing = _gone(seat, until, zone)
    return await _done(request, seat, doing, said, StandingForm(until=until, zone=zone))


@router.post(f"{_PAGE}/back", dependencies=[Depends(needs(Permission.ANSWER))])
async def back(request: Request, seat: ActingSeat) -> Response:
    """Be back."""
    doing = seat.desk.plane.absences.back(seat.caller)
    return await _done(request, seat, doing, "Welcome back: you are asked again.")


@router.post(f"{_PAGE}/delegate", dependencies=[Depends(needs(Permission.ANSWER))])
async def delegate(
    request: Request,
    seat: ActingSeat,
    group: Line = "",
    to: Line = "",
    lasts_for: Annotated[str, Form(max_length=20)] = "",
    reason: Prose = "",
) -> Response:
    """Give somebody the caller's place in a group; lead on where people must assent to it."""
    sent = StandingForm(group=group, to=to, lasts_for=lasts_for, reason=reason)
    try:
        given = await seat.desk.plane.delegating.give(
            seat.caller, clean(group), clean(to), duration(lasts_for), clean(reason)
        )
    except Fault as fault:
        return _refused(request, seat, fault, sent)
    if given.state is not RequestState.COMPLETED:
        return to_page(request, f"/requests/{given.id}")
    return _shown(request, seat, f"{clean(to)} stands in for you now.")


@router.post(
    f"{_PAGE}/delegations/{{grant_id}}/end", dependencies=[Depends(needs(Permission.ANSWER))]
)
async def end(
    request: Request, seat: ActingSeat, grant_id: Annotated[str, Path(max_length=64)]
) -> Response:
    """End a delegation that the caller gave or holds."""
    return await _done(request, seat, _ended(seat, grant_id), "Ended. It counts no longer.")


async def _gone(seat: Seat, until: str, zone: str) -> object:
    plane = seat.desk.plane
    at: datetime = coming(until, zone, plane.grants.windows.zone, plane.clock.now())
    return await plane.absences.away(seat.caller, at)


async def _ended(seat: Seat, grant: str) -> object:
    plane = seat.desk.plane
    about = plane.delegations.about(seat.caller.subject.id, plane.clock.now())
    if grant not in {one.id for one in about}:
        raise MissingFault("no-such-delegation", f"you have no delegation `{grant[:64]}`")
    return await plane.grants.revoke(seat.caller, GrantId(grant), "ended on the page")


async def _done(
    request: Request,
    seat: Seat,
    doing: Awaitable[object],
    said: str,
    sent: StandingForm = StandingForm(),
) -> Response:
    try:
        await doing
    except Fault as fault:
        return _refused(request, seat, fault, sent)
    return _shown(request, seat, said)


def _shown(request: Request, seat: Seat, said: str) -> Response:
    if not from_htmx(request):
        return to_page(request, _PAGE)
    return seat.desk.pages.page("standing_in_region.html", _values(seat, said))


def _refused(request: Request, seat: Seat, fault: Fault, sent: StandingForm) -> Response:
    if fault.code == "not-signed-in":
        raise fault
    status, _ = status_of(fault)
    errors = {_FIELDS.get(fault.code, ""): fault.detail}
    template = "standing_in_region.html" if from_htmx(request) else "standing_in.html"
    return seat.desk.pages.page(template, _values(seat, "", sent, errors), status)


def _values(
    seat: Seat,
    said: str = "",
    sent: StandingForm = StandingForm(),
    errors: dict[str, str] | None = None,
) -> dict[str, object]:
    plane, subject = seat.desk.plane, seat.caller.subject
    absence = plane.absences.current(seat.caller)
    about = plane.delegations.about(subject.id, plane.clock.now())
    return {
        "seat": seat,
        "page": "standing-in",
        "now": isoformat(plane.clock.now()),
        "away_until": isoformat(absence.ends_at) if absence else "",
        "given": delegation_views(plane, seat.caller, about, given=True),
        "held": delegation_views(plane, seat.caller, about, given=False),
        "groups": sorted(subject.groups),
        "myself": MYSELF,
        "form": sent,
        "zone": sent.zone or subject.time_zone or "UTC",
        "zone_is_guessed": not sent.zone and not subject.time_zone,
        "said": said,
        "errors": errors or {},
    }


def delegation_views(
    plane: ControlPlane, caller: Caller, about: Sequence[Grant], *, given: bool
) -> Sequence[DelegationView]:
    """Return what the caller gave, or what they hold."""
    found = []
    for grant in about:
        if grant.delegation is None:
            continue
        is_given = grant.delegation.by == caller.subject.id
        if is_given is not given:
            continue
        other = grant.subject if is_given else grant.delegation.by
        group = grant.delegation.group
        found.append(
            DelegationView(
                grant.id,
                _place(group, is_given=is_given),
                person_words(plane, other)[0],
                grant.reason,
                isoformat(grant.ends_at),
            )
        )
    return found


def _place(group: str, *, is_given: bool) -> str:
    if group.startswith(ONE_PERSON):
        return f"what asks {'you' if is_given else 'them'} by name"
    return group
