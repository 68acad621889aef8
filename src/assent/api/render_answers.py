"""Answers to requests as the JSON that the API returns."""

from collections.abc import Iterable
from datetime import datetime

from assent.api.answer_schemas import (
    AbsenceOut,
    ApprovalOut,
    BudgetOut,
    CommentOut,
    DelegationOut,
    TermsOut,
)
from assent.control.directory import Directory
from assent.control.eligibility import open_offers
from assent.core.absence import Absence
from assent.core.action import Action
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, MissingFault
from assent.core.grant import Grant
from assent.core.ids import SubjectId
from assent.core.request import Request, Verdict
from assent.core.scope import Terms
from assent.workflow.narrowing import ACCESS, describe_terms, terms_of
from assent.workflow.wishes import describe_wish, wish_of


def approvals_out(directory: Directory, request: Request) -> Iterable[ApprovalOut]:
    """Yield every answer, in the order in which they came."""
    acceptable = {offer.id for offer in open_offers(request)}
    for given in request.approvals:
        yield ApprovalOut(
            id=given.id,
            approver=_name(directory, given.approver),
            verdict=given.verdict.value,
            rejected_as=given.rejected_as.value if given.rejected_as else None,
            comment=given.comment,
            at=isoformat(given.at),
            terms=terms_out(given.terms) if given.terms else None,
            acceptable=given.id in acceptable,
            counts=given.verdict is not Verdict.REJECT
            and given.withdrawn_at is None
            and given.action_digest == request.action_digest,
            by_requester=given.approver == request.action.subject,
            in_place_of=_name(directory, given.in_place_of) if given.in_place_of else None,
            signed=given.signature is not None,
            withdrawn_at=_instant(given.withdrawn_at),
        )


def comments_out(directory: Directory, request: Request) -> Iterable[CommentOut]:
    """Yield every comment, in the order in which they came."""
    for comment in request.comments:
        yield CommentOut(
            by=_name(directory, comment.by), at=isoformat(comment.at), text=comment.text
        )


def asked_terms(action: Action) -> TermsOut | None:
    """Return what a request for access asks for, None for anything else."""
    if action.verb != ACCESS:
        return None
    try:
        asked = terms_out(terms_of(action.details))
        words = [*asked.words, *describe_wish(wish_of(action.details))]
        return asked.model_copy(update={"words": words})
    except ConflictFault:
        return None


def terms_out(terms: Terms) -> TermsOut:
    """Return terms, with words for people."""
    return TermsOut(
        for_s=None if terms.lasts_for is None else int(terms.lasts_for.total_seconds()),
        verbs=sorted(terms.scope.verbs),
        resources=sorted(terms.scope.resources),
        read_only=terms.scope.read_only,
        budget=BudgetOut.model_validate(terms.budget.amounts()),
        words=list(describe_terms(terms)),
    )


def delegation_out(directory: Directory, grant: Grant) -> DelegationOut:
    """Return a delegation. Raises MissingFault for a grant of another kind."""
    if grant.delegation is None:
        raise MissingFault("no-such-delegation", f"grant `{grant.id}` is no delegation")
    return DelegationOut(
        id=grant.id,
        group=grant.delegation.group,
        by=_name(directory, grant.delegation.by),
        to=_name(directory, grant.subject),
        starts_at=isoformat(grant.starts_at),
        ends_at=isoformat(grant.ends_at),
        reason=grant.reason,
    )


def absence_out(absence: Absence | None) -> AbsenceOut:
    """Return whether somebody is away."""
    return AbsenceOut(
        away=absence is not None, until=_instant(absence.ends_at) if absence else None
    )


def _name(directory: Directory, subject: SubjectId) -> str:
    try:
        return directory.subject(subject).name
    except MissingFault:
        return subject


def _instant(at: datetime | None) -> str | None:
    return None if at is None else isoformat(at)
