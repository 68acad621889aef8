"""What the templates show of the answers to a request, and of what else is said about it."""

from dataclasses import dataclass

from assent.control.eligibility import open_offers
from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.core.action import Action
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import SubjectId
from assent.core.request import Approval, RejectedAs, Request, Verdict
from assent.workflow.narrowing import ACCESS, describe_terms, terms_of
from assent.workflow.request import TERMINAL
from assent.workflow.wishes import describe_wish, wish_of


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One person's answer. marks: what else is to be known of it. acceptable: an open offer."""

    id: str
    who: str
    words: str
    comment: str
    at: str
    marks: tuple[str, ...]
    acceptable: bool


@dataclass(frozen=True, slots=True)
class CommentView:
    """What somebody said."""

    who: str
    text: str
    at: str


def person_words(plane: ControlPlane, subject: SubjectId) -> tuple[str, str]:
    """Return how a person is called, and the name they sign in with."""
    try:
        known = plane.directory.subject(subject)
    except MissingFault:
        return subject, subject
    return known.display_name or known.name, known.name


def task_words(plane: ControlPlane, subject: SubjectId) -> str:
    """Return what a program was made for, as its owner wrote it; empty for anybody else."""
    try:
        return plane.directory.subject(subject).task
    except MissingFault:
        return ""


def behalf_words(plane: ControlPlane, subject: SubjectId) -> str:
    """Return for whom a program acts, or whose it is, as they are called; empty for people."""
    try:
        known = plane.directory.subject(subject)
    except MissingFault:
        return ""
    person = known.on_behalf_of or known.owner
    return person_words(plane, person)[0] if person is not None else ""


def approval_views(plane: ControlPlane, request: Request) -> tuple[ApprovalView, ...]:
    """Return every answer, in the order in which they came."""
    acceptable = {offer.id for offer in open_offers(request)}
    return tuple(
        ApprovalView(
            id=approval.id,
            who=person_words(plane, approval.approver)[0],
            words=_answer_words(approval),
            comment=approval.comment,
            at=isoformat(approval.at),
            marks=_marks(plane, approval, request),
            acceptable=approval.id in acceptable,
        )
        for approval in request.approvals
    )


def comment_views(plane: ControlPlane, request: Request) -> tuple[CommentView, ...]:
    """Return what was said, in the order in which it was."""
    return tuple(
        CommentView(person_words(plane, one.by)[0], one.text, isoformat(one.at))
        for one in request.comments
    )


def term_words(action: Action) -> tuple[str, ...]:
    """Return what a request for access limits itself to, but for its duration."""
    if action.verb != ACCESS:
        return ()
    try:
        words = describe_terms(terms_of(action.details))
        return (
            *(word for word in words if not word.startswith("for ")),
            *describe_wish(wish_of(action.details)),
        )
    except ConflictFault:
        return ()


def can_retract(caller: Caller, request: Request) -> bool:
    """Return whether the caller has an answer that they could still take back."""
    if request.state in TERMINAL and request.grant is None:
        return False
    return any(
        given.approver == caller.subject.id
        and given.verdict is not Verdict.REJECT
        and given.withdrawn_at is None
        for given in request.approvals
    )


def _marks(plane: ControlPlane, approval: Approval, request: Request) -> tuple[str, ...]:
    marks = []
    if approval.approver == request.action.subject:
        marks.append("approved by the requester themself, as policy lets")
    if approval.in_place_of is not None:
        marks.append(f"in place of {person_words(plane, approval.in_place_of)[0]}")
    if approval.signature is not None:
        marks.append("signed")
    if approval.withdrawn_at is not None:
        marks.append("withdrawn since")
    elif approval.verdict is Verdict.APPROVE and approval.action_digest != request.action_digest:
        marks.append("to more than is asked for now, so it does not count")
    return tuple(marks)


def _answer_words(approval: Approval) -> str:
    if approval.verdict is Verdict.APPROVE:
        return "assented"
    if approval.verdict is Verdict.OFFER:
        words = describe_terms(approval.terms) if approval.terms else ()
        return f"offers less: {', '.join(words)}"
    match approval.rejected_as:
        case RejectedAs.SUSPICIOUS:
            return "rejected as suspicious"
        case RejectedAs.NOT_NEEDED:
            return "rejected as not needed"
        case None:
            return "rejected"
