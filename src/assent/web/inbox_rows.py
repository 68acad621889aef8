"""The inbox as a list: one line for each request, made without asking anybody anything."""

from dataclasses import dataclass

from assent.control.plane import ControlPlane
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.request import Request
from assent.web.answer_views import person_words
from assent.web.words import Piece, pieces
from assent.workflow.narrowing import ACCESS

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One request that waits, in a line. what: the begin of its text, or what it asks for."""

    id: str
    requester: str
    what: tuple[Piece, ...]
    is_access: bool
    target: str
    environment: str
    score: int
    level: str
    deadline_at: str
    changed_at: str


def row_of(plane: ControlPlane, request: Request) -> InboxRow:
    """Return `request` in a line."""
    action = request.action
    target, environment = target_words(plane, request)
    is_access = action.verb == ACCESS
    text = "" if is_access else " ".join(action.text[: 4 * _LONGEST].split())
    cut = text[:_LONGEST] + "…" * (len(text) > _LONGEST or len(action.text) > 4 * _LONGEST)
    return InboxRow(
        id=request.id,
        requester=person_words(plane, action.subject)[0],
        what=pieces(cut or action.verb),
        is_access=is_access,
        target=target,
        environment=environment,
        score=request.assessment.score,
        level=request.assessment.level.value,
        deadline_at=isoformat(request.deadline_at),
        changed_at=isoformat(request.changed_at),
    )


def target_words(plane: ControlPlane, request: Request) -> tuple[str, str]:
    """Return the name and the environment of what it is about, empty for none."""
    target = request.action.target
    if target is None:
        return "", ""
    try:
        known = plane.directory.target(target)
    except MissingFault:
        return target, ""
    return known.name, known.environment
