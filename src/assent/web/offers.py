"""What people do on the pages beside yes and no: offer less, accept, comment, take back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import JSONResponse

from assent.control.signing import NOTHING, Proof
from assent.core.faults import ConflictFault, Fault
from assent.core.ids import ApprovalId, RequestId
from assent.core.request import Request as Asked
from assent.core.request import RequestState
from assent.core.role import Permission
from assent.core.scope import Scope, Terms
from assent.web.answers import Page, Prose, clean, done
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat
from assent.web.inbox import RequestPath
from assent.web.passkeys import said_to_script
from assent.web.signed_form import Signed
from assent.workflow.narrowing import budget_of, narrow

router = APIRouter(route_class=PageRoute)

Minutes = Annotated[str, Form(max_length=6)]
Names = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True, slots=True)
class OfferForm:
    """What somebody offers, as they typed it. resources: with spaces or commas between."""

    minutes: Minutes = ""
    read_only: Annotated[bool, Form()] = False
    resources: Names = ""
    budget: Annotated[str, Form(max_length=200)] = ""

    @property
    def terms(self) -> Terms:
        """Return the terms. Raises ConflictFault for what cannot be read."""
        minutes, resources = self.minutes, self.resources.replace(",", " ").split()
        if minutes and not (minutes.isascii() and minutes.isdecimal() and int(minutes)):
            raise ConflictFault("duration", "say how many minutes, as a number from 1 on")
        return Terms(
            timedelta(minutes=int(minutes)) if minutes else None,
            Scope(resources=frozenset(resources), read_only=self.read_only),
            budget_of(self.budget),
        )


@router.post("/requests/{request_id}/offer", dependencies=[Depends(needs(Permission.ANSWER))])
async def offer(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    offered: Annotated[OfferForm, Depends()],
    signed: Signed,
    comment: Prose = "",
    page: Page = "request",
) -> Response:
    """Take what somebody offers instead."""
    # What the page showed is no offer: only its signer was shown that.
    proof = signed.proof if signed.signature else NOTHING
    doing = _offered(seat, request_id, offered, clean(comment), proof)
    return await done(request, seat, request_id, page, doing, _offer_words)


@router.post("/requests/{request_id}/offer/shown", dependencies=[Depends(needs(Permission.ANSWER))])
async def offer_shown(
    seat: ActingSeat, request_id: RequestPath, offered: Annotated[OfferForm, Depends()]
) -> Response:
    """Return the digests that sign this offer, for the script; nothing is offered by it."""
    plane = seat.desk.plane
    try:
        terms = offered.terms
        found = await plane.requests.get(seat.caller, RequestId(request_id))
        shown = await plane.showing.shown(found, terms)
    except Fault as fault:
        return said_to_script(fault)
    digest = narrow(found.action, terms).digest()
    headers = {"cache-control": "no-store"}
    return JSONResponse({"digest": digest, "shown": shown.digest}, headers=headers)


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
    offered: OfferForm,
    comment: str,
    proof: Proof,
) -> Asked:
    offers, about = seat.desk.plane.offers, RequestId(request)
    return await offers.offer(seat.caller, about, offered.terms, comment, proof)


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
