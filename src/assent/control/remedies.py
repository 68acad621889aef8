"""What a request still lacks, and who could give it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from assent.core.decision import (
    ApprovalRemedy,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
    describe,
)
from assent.core.ids import SubjectId
from assent.core.quorum import eligible, unmet
from assent.core.request import Request, Verdict
from assent.core.subject import Subject


def lacking(
    request: Request,
    requester: Subject,
    approvers: Sequence[Subject],
    stepped_up_at: datetime | None,
    now: datetime,
) -> tuple[Remedy, ...]:
    """Return the remedies of `request` that are not met at `now`, approvals reduced to the rest.

    approvers: the people behind the request's approvals, as they are now.
    """
    missing: list[Remedy] = []
    for remedy in request.remedies:
        match remedy:
            case ReasonRemedy():
                if len(request.reason.strip()) < 3:
                    missing.append(remedy)
            case TicketRemedy():
                if not request.ticket.strip():
                    missing.append(remedy)
            case StepUpRemedy(within):
                # The edges are those of `policy.remedies.is_met`.
                if stepped_up_at is None or not stepped_up_at <= now < stepped_up_at + within:
                    missing.append(remedy)
            case ApprovalRemedy():
                stages = unmet(remedy, requester, approvers)
                if stages:
                    missing.append(ApprovalRemedy(stages))
    return tuple(missing)


def askable(
    request: Request, requester: Subject, approvers: Sequence[Subject], people: Iterable[Subject]
) -> tuple[Subject, ...]:
    """Return who may usefully answer `request` now, by name."""
    answered = {approval.approver for approval in request.approvals}
    chosen: dict[str, Subject] = {}
    for remedy in request.remedies:
        if isinstance(remedy, ApprovalRemedy):
            for person in eligible(remedy, requester, tuple(people), approvers):
                if person.id not in answered:
                    chosen[person.name] = person
    return tuple(chosen[name] for name in sorted(chosen))


def approving(request: Request) -> tuple[SubjectId, ...]:
    """Return the ids of those who approved, in the order in which they did."""
    return tuple(
        approval.approver
        for approval in request.approvals
        if approval.verdict is Verdict.APPROVE and approval.action_digest == request.action_digest
    )


def in_words(remedies: Iterable[Remedy]) -> tuple[str, ...]:
    """Return the remedies as people would say them."""
    return tuple(describe(remedy) for remedy in remedies)
