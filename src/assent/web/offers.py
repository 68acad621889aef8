"""What people do on the pages beside yes and no: offer less, accept, comment, take back."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from assent.core.faults import ConflictFault
from assent.core.ids import ApprovalId, RequestId
from assent.core.request import Request as Asked
from assent.core.request import RequestState
from assent.core.role import Permission
from assent.core.scope import Scope, Terms
from assent.web.answers import Page, Prose, clean, done
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat
from assent.web.inbox import RequestPath
from assent.workflow.narrowing import budget_of

router = APIRouter(route_class=PageRoute)

Minutes = Annotated[str, Form(max_length=6)]
Names = Annotated[str, Form(max_length=4000)]


@router.post("/requests/{request_id}/offer", dependencies=[Depends(needs(Permission.ANSWER))])
async def offer(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    minutes: Minutes = "",
    read_only: Annotated[bool, Form()] = False,
    resources: Names = "",
    budget: Annotated[str, Form(max_length=200)] = "",
    comment: Prose = "",
    page: Page = "request",
) -> Response:
    """Take what somebody offers instead. resources: with spaces or commas between."""
    doing = _offered(seat, request_id, minutes, read_only, resources, budget, clean(comment))
    return await done(request, seat, request_id, page, doing, _offer_words)


@router.post("/requests/{request_id}/accept", dependencies=[Depends(needs(Permission.ASK))])
async def accept(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    offer: Annotated[str, Form(max_length=64)],
    page: Page = "request",
) -> Response:
    """Take an offer for the requester's own request."""
    doing = _accepted(seat, request_id, offer)
    return await done(request, seat, request_id, page, doing, _accept_words)


@router.post(
    "/requests/{request_id}/comment",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER))],
)
async def comment(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    text: Prose = "",
    page: Page = "request",
) -> Response:
    """Keep what somebody says about it."""
    doing = seat.desk.plane.comments.comment(seat.caller, RequestId(request_id), clean(text))
    return await done(request, seat, request_id, page, doing, lambda _: "Kept, for all to read.")


@router.post("/requests/{request_id}/retract", dependencies=[Depends(needs(Permission.ANSWER))])
async def retract(
    request: Request, seat: ActingSeat, request_id: RequestPath, page: Page = "request"
) -> Response:
    """Take back the caller's own assent."""
    doing = seat.desk.plane.retracting.retract(seat.caller, RequestId(request_id))
    return await done(request, seat, request_id, page, doing, lambda _: "Withdrawn: your assent.")


async def _offered(
    seat: Seat,
    request: str,
    minutes: str,
    read_only: bool,
    resources: str,
    budget: str,
    comment: str,
) -> Asked:
    if minutes and not (minutes.isascii() and minutes.isdecimal() and int(minutes)):
        raise ConflictFault("duration", "say how many minutes, as a number from 1 on")
    terms = Terms(
        timedelta(minutes=int(minutes)) if minutes else None,
        Scope(resources=frozenset(resources.replace(",", " ").split()), read_only=read_only),
        budget_of(budget),
    )
    return await seat.desk.plane.offers.offer(seat.caller, RequestId(request), terms, comment)


async def _accepted(seat: Seat, request: str, offer: str) -> Asked:
    plane = seat.desk.plane
    taken = await plane.offers.accept(seat.caller, RequestId(request), ApprovalId(offer))
    return await plane.requests.get(seat.caller, taken.id)


def _offer_words(_: Asked) -> str:
    return "Offered. The person who asked hears of it, and may accept it."


def _accept_words(request: Asked) -> str:
    if request.state is RequestState.PENDING:
        return "Accepted. It asks for that now, and still waits for others."
    return "Accepted. It was decided again with what was offered."
