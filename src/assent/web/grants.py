"""The page of grants: what somebody has, how much of it is left, more of it, and no more of it."""

from collections.abc import Awaitable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response

from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, Fault, MissingFault
from assent.core.ids import GrantId
from assent.core.role import Permission
from assent.web.answers import Prose, clean
from assent.web.asking import where_it_leads
from assent.web.asking_form import duration
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, TheSeat, from_htmx, status_of, to_page
from assent.web.grant_views import grant_views, past_views, sees_others

router = APIRouter(route_class=PageRoute)

GrantPath = Annotated[str, Path(max_length=64)]
Whose = Literal["mine", "everybody"]
Length = Annotated[str, Form(max_length=20)]


@router.get("/grants", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def page(seat: TheSeat, whose: Annotated[Whose, Query()] = "mine") -> Response:
    """Return the page."""
    return seat.desk.pages.page("grants.html", await _values(seat, whose))


@router.get("/grants/part", dependencies=[Depends(needs(Permission.ASK, Permission.READ_ACCESS))])
async def part(seat: TheSeat, whose: Annotated[Whose, Query()] = "mine") -> Response:
    """Return what changes on it, as a part of it."""
    return seat.desk.pages.page("grants_region.html", await _values(seat, whose))


@router.post("/grants/{grant_id}/extend", dependencies=[Depends(needs(Permission.ASK))])
async def extend(
    request: Request,
    seat: ActingSeat,
    grant_id: GrantPath,
    lasts_for: Length = "",
    reason: Prose = "",
) -> Response:
    """Ask for more of the same; lead on to what came of it."""
    try:
        # An empty id would stand for the caller's only grant.
        asked = await seat.desk.plane.access.extend(
            seat.caller,
            _named(grant_id),
            duration(lasts_for) if lasts_for.strip() else None,
            clean(reason),
            "",
        )
    except Fault as fault:
        return await _refused(request, seat, grant_id, "mine", fault)
    return to_page(request, where_it_leads(asked))


@router.post("/grants/{grant_id}/give-back", dependencies=[Depends(needs(Permission.ASK))])
async def give_back(request: Request, seat: ActingSeat, grant_id: GrantPath) -> Response:
    """End the caller's own grant."""
    doing = seat.desk.plane.grants.give_back(seat.caller, _named(grant_id), "")
    return await _done(request, seat, grant_id, "mine", doing, "Given back. It is over for good.")


@router.post(
    "/grants/{grant_id}/revoke", dependencies=[Depends(needs(Permission.ASK, Permission.REVOKE))]
)
async def revoke(
    request: Request, seat: ActingSeat, grant_id: GrantPath, because: Prose = ""
) -> Response:
    """End somebody's grant, and cut what is open under it."""
    doing = _revoked(seat, grant_id, clean(because))
    said = "Revoked. What rested on it alone is cut."
    return await _done(request, seat, grant_id, "everybody", doing, said)


async def _revoked(seat: Seat, grant: str, because: str) -> object:
    if not because:
        raise ConflictFault("reason", "say why; the holder is told, and the log keeps it")
    return await seat.desk.plane.grants.revoke(seat.caller, GrantId(grant), because)


def _named(grant: str) -> str:
    """Return the id of a grant: a target of that name would stand for all that is on it."""
    if not grant.startswith("grt_"):
        raise MissingFault("no-such-grant", f"there is no grant `{grant[:64]}`")
    return grant


async def _done(
    request: Request, seat: Seat, grant: str, whose: Whose, doing: Awaitable[object], said: str
) -> Response:
    try:
        await doing
    except Fault as fault:
        return await _refused(request, seat, grant, whose, fault)
    if not from_htmx(request):
        return to_page(request, "/grants" if whose == "mine" else "/grants?whose=everybody")
    return seat.desk.pages.page("grants_region.html", await _values(seat, whose, said))


async def _refused(
    request: Request, seat: Seat, grant: str, whose: Whose, fault: Fault
) -> Response:
    if fault.code == "not-signed-in":
        raise fault
    status, _ = status_of(fault)
    values = await _values(seat, whose, errors={grant: fault.detail})
    template = "grants_region.html" if from_htmx(request) else "grants.html"
    return seat.desk.pages.page(template, values, status)


async def _values(
    seat: Seat, whose: Whose, said: str = "", errors: dict[str, str] | None = None
) -> dict[str, object]:
    plane = seat.desk.plane
    others = sees_others(plane, seat.caller)
    # Who may see nobody else's is shown their own, however they came here.
    everybody = whose == "everybody" and others
    if everybody:
        await plane.grants.readers.read(seat.caller, "grants")
    found, further = await grant_views(plane, seat.caller, everybody)
    return {
        "seat": seat,
        "page": "grants",
        "now": isoformat(plane.clock.now()),
        "whose": "everybody" if everybody else "mine",
        "others": others,
        "grants": found,
        "further": further,
        "past": () if everybody else await past_views(plane, seat.caller),
        "said": said,
        "errors": errors or {},
    }
