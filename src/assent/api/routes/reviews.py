"""Reviews: what is owed after the glass was broken, and closing it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from assent.api.authentication import SignedIn
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.emergency_schemas import CloseReviewBody, ReviewedOut, ReviewOut, ReviewsOut
from assent.api.render_reviews import review_out, reviewed_out
from assent.core.ids import ReviewId
from assent.core.role import Permission

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

ReviewPath = Annotated[str, Path(max_length=64, description="A review's id.")]
OpenOnly = Annotated[bool, Query(alias="open", description="Only those that are not closed.")]


@router.get(
    "", dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))]
)
async def listing(door: TheDoor, caller: SignedIn, open_only: OpenOnly = False) -> ReviewsOut:
    """List the reviews that are about you, that are yours to close, or that you oversee."""
    found = await door.plane.reviews.list(caller, open_only=open_only)
    return ReviewsOut(items=[review_out(door, caller, review) for review in found])


@router.get(
    "/{review_id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def one(door: TheDoor, caller: SignedIn, review_id: ReviewPath) -> ReviewedOut:
    """Return one review with what was done on the target meanwhile."""
    review = await door.plane.reviews.get(caller, ReviewId(review_id))
    return reviewed_out(door, caller, review, await door.plane.reviews.done(review))


@router.post("/{review_id}/close", dependencies=[Depends(needs(Permission.ANSWER))])
async def close(
    door: TheDoor, caller: SignedIn, review_id: ReviewPath, body: CloseReviewBody
) -> ReviewOut:
    """Say what you found; nobody closes a review of what they did themself."""
    closed = await door.plane.reviews.close(caller, ReviewId(review_id), body.verdict, body.comment)
    return review_out(door, caller, closed)
