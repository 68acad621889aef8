"""Answers beside yes and no: offers, comments, and taking back what one said."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from assent.api.answer_bodies import AcceptBody, CommentBody, OfferBody
from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.render import request_out
from assent.api.schemas import RequestOut
from assent.core.ids import ApprovalId, RequestId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/requests", tags=["requests"])

RequestPath = Annotated[str, Path(max_length=64, description="A request's id.")]


@router.post("/{request_id}/offer", dependencies=[Depends(needs(Permission.ANSWER))])
async def offer(
    door: TheDoor, caller: SignedIn, request_id: RequestPath, body: OfferBody
) -> RequestOut:
    """Say what of it you would assent to: shorter, read-only, fewer tables, a budget."""
    offered = await door.plane.offers.offer(
        caller, RequestId(request_id), body.terms, body.comment, body.proof
    )
    return request_out(door, offered)


@router.post("/{request_id}/accept", dependencies=[Depends(needs(Permission.ASK))])
async def accept(
    door: TheDoor, caller: SignedIn, request_id: RequestPath, body: AcceptBody | None = None
) -> RequestOut:
    """Take an offer for your own request, which is narrowed to it and decided again."""
    chosen = ApprovalId(body.offer) if body and body.offer else None
    taken = await door.plane.offers.accept(caller, RequestId(request_id), chosen)
    # Listeners may have moved it on, to the grant itself, before this returns.
    return request_out(door, await door.plane.requests.get(caller, taken.id))


@router.post(
    "/{request_id}/comment", dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER))]
)
async def comment(
    door: TheDoor, caller: SignedIn, request_id: RequestPath, body: CommentBody
) -> RequestOut:
    """Say something about a request without answering it."""
    said = await door.plane.comments.comment(caller, RequestId(request_id), body.text)
    return request_out(door, said)


@router.post("/{request_id}/retract", dependencies=[Depends(needs(Permission.ANSWER))])
async def retract(door: TheDoor, caller: SignedIn, request_id: RequestPath) -> RequestOut:
    """Withdraw your own assent; a grant that cannot stand without it is revoked."""
    left = await door.plane.retracting.retract(caller, RequestId(request_id))
    return request_out(door, left)
