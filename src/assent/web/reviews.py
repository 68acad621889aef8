"""The pages of reviews: what is owed after the glass was broken, and closing it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import RedirectResponse

from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.ids import ReviewId
from assent.core.review import Review, ReviewVerdict
from assent.core.role import Permission
from assent.web.answer_views import person_words
from assent.web.answers import Prose, clean
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, TheSeat, status_of

router = APIRouter(route_class=PageRoute)

ReviewPath = Annotated[str, Path(max_length=64)]
_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session on the target while the glass was broken."""

    id: str
    opened_at: str
    client: str
    actions: int
    refused: int


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review as one person sees it. sessions: what was done, where it is shown in full."""

    id: str
    who: str
    who_name: str
    target: str
    state: str
    reason: str
    group: str
    grant: str
    opened_at: str
    due_at: str
    found: str
    can_close: bool
    reviewers: tuple[str, ...]
    sessions: tuple[SessionView, ...] = ()


@router.get(
    "/reviews",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def listing(seat: TheSeat) -> Response:
    """Return what is to be reviewed."""
    found = await seat.desk.plane.reviews.list(seat.caller, open_only=True)
    views = tuple(_view(seat, review) for review in found[:_MOST_SHOWN])
    further = max(0, len(found) - _MOST_SHOWN)
    values = {"seat": seat, "page": "reviews", "reviews": views, "further": further}
    return seat.desk.pages.page("reviews.html", values)


@router.get(
    "/reviews/{review_id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def one(seat: TheSeat, review_id: ReviewPath) -> Response:
    """Return the page of one review: where links in notices lead."""
    return await _page(seat, review_id)


@router.post("/reviews/{review_id}/close", dependencies=[Depends(needs(Permission.ANSWER))])
async def close(
    seat: ActingSeat,
    review_id: ReviewPath,
    verdict: Annotated[ReviewVerdict, Form()],
    comment: Prose = "",
) -> Response:
    """Take what a reviewer found."""
    try:
        await seat.desk.plane.reviews.close(
            seat.caller, ReviewId(review_id), verdict, clean(comment)
        )
    except Fault as fault:
        if fault.code == "not-signed-in":
            raise
        return await _page(seat, review_id, fault.detail, status_of(fault)[0])
    return RedirectResponse(f"/reviews/{review_id}", 303)


async def _page(seat: Seat, review_id: str, error: str = "", status: int = 200) -> Response:
    plane = seat.desk.plane
    review = await plane.reviews.get(seat.caller, ReviewId(review_id))
    done = await plane.reviews.done(review)
    sessions = tuple(
        SessionView(
            id=session.id,
            opened_at=isoformat(session.opened_at),
            client=" · ".join(
                word for word in (session.application, session.client_address) if word
            ),
            actions=done.statements[session.id],
            refused=done.refused[session.id],
        )
        for session in done.sessions
    )
    view = _view(seat, review, sessions)
    values = {"seat": seat, "page": "reviews", "review": view, "error": error}
    return seat.desk.pages.page("review.html", values, status)


def _view(seat: Seat, review: Review, sessions: tuple[SessionView, ...] = ()) -> ReviewView:
    plane, is_open = seat.desk.plane, review.closed_at is None
    who, who_name = person_words(plane, review.subject)
    by = person_words(plane, review.closed_by)[0] if review.closed_by else ""
    overdue = review.is_overdue(plane.clock.now())
    return ReviewView(
        id=review.id,
        who=who,
        who_name=who_name,
        target=_target(seat, review),
        state=review.verdict.value if review.verdict else ("overdue" if overdue else "open"),
        reason=review.reason,
        group=review.group.replace("|", " or "),
        grant=review.grant,
        opened_at=isoformat(review.opened_at),
        due_at=isoformat(review.due_at),
        found=f"{by}: {review.comment}" if by else "",
        can_close=is_open and plane.reviews.may_close(seat.caller.subject, review),
        reviewers=tuple(one.name for one in plane.reviews.reviewers(review)) if is_open else (),
        sessions=sessions,
    )


def _target(seat: Seat, review: Review) -> str:
    try:
        return seat.desk.plane.directory.target(review.target).name
    except MissingFault:
        return review.target
