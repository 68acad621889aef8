"""The page on which an administrator says why they have to read what others wrote."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response
from starlette.responses import RedirectResponse

from assent.control.reading import LONGEST_REASON, REASON_COUNTS_FOR
from assent.core.faults import ConflictFault
from assent.core.role import Permission
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, TheSeat, status_of
from assent.web.safety import local_path

router = APIRouter(route_class=PageRoute)


@router.get("/reason", dependencies=[Depends(needs(Permission.READ_PAYLOADS))])
async def page(seat: TheSeat, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Return the page. next: where to go afterwards."""
    return _page(seat, local_path(next), "", 200)


@router.post("/reason", dependencies=[Depends(needs(Permission.READ_PAYLOADS))])
async def give(
    seat: ActingSeat,
    reason: Annotated[str, Form(max_length=2_000)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Remember the reason for a quarter of an hour; it is logged with each thing that is read."""
    try:
        seat.desk.reasons.give(seat.caller, reason, seat.desk.plane.clock.now())
    except ConflictFault as fault:
        return _page(seat, local_path(next), fault.detail, status_of(fault)[0])
    return RedirectResponse(local_path(next), status_code=303)


def _page(seat: Seat, next: str, error: str, status: int) -> Response:
    values = {
        "seat": seat,
        "page": "reason",
        "next": next,
        "error": error,
        "longest": LONGEST_REASON,
        "minutes": int(REASON_COUNTS_FOR.total_seconds()) // 60,
    }
    return seat.desk.pages.page("reason.html", values, status)
