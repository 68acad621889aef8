"""Reviews as the JSON that the API returns."""

from assent.api.door import Door
from assent.api.emergency_schemas import DoneOut, ReviewedOut, ReviewOut
from assent.api.render import person_name, session_out, target_name
from assent.api.schemas import PersonOut
from assent.control.plane import ControlPlane
from assent.control.reviews import Done
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.ids import SubjectId
from assent.core.review import Review


def review_state(plane: ControlPlane, review: Review) -> str:
    """Return `open`, `overdue` or `closed`."""
    if review.closed_at is not None:
        return "closed"
    return "overdue" if review.is_overdue(plane.clock.now()) else "open"


def review_out(door: Door, caller: Caller, review: Review) -> ReviewOut:
    """Return a review as it stands."""
    return ReviewOut.model_validate(_values(door, caller, review))


def reviewed_out(door: Door, caller: Caller, review: Review, done: Done) -> ReviewedOut:
    """Return a review with what was done."""
    sessions = [
        DoneOut(
            **session_out(door.plane.directory, session).model_dump(),
            actions=done.statements[session.id],
            refused=done.refused[session.id],
        )
        for session in done.sessions
    ]
    return ReviewedOut.model_validate({**_values(door, caller, review), "sessions": sessions})


def _values(door: Door, caller: Caller, review: Review) -> dict[str, object]:
    plane = door.plane
    directory, is_open = plane.directory, review.closed_at is None
    return {
        "id": review.id,
        "state": review_state(plane, review),
        "subject": _person(door, review.subject),
        "target": target_name(directory, review.target),
        "grant": review.grant,
        "group": review.group,
        "reason": review.reason,
        "opened_at": isoformat(review.opened_at),
        "due_at": isoformat(review.due_at),
        "verdict": review.verdict,
        "comment": review.comment,
        "closed_by": person_name(directory, review.closed_by) if review.closed_by else None,
        "closed_at": isoformat(review.closed_at) if review.closed_at else None,
        "can_close": is_open and plane.reviews.may_close(caller.subject, review),
        "reviewers": [one.name for one in plane.reviews.reviewers(review)] if is_open else [],
        "link": f"{door.public_url}/reviews/{review.id}",
    }


def _person(door: Door, subject: SubjectId) -> PersonOut:
    try:
        known = door.plane.directory.subject(subject)
    except MissingFault:
        return PersonOut(name=subject, display_name="")
    return PersonOut(name=known.name, display_name=known.display_name)
