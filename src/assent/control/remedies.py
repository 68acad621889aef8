"""What a request still lacks, and who could give it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from assent.core.assenting import Assenting
from assent.core.decision import (
    ApprovalRemedy,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
    code_of,
    describe,
)
from assent.core.ids import SubjectId
from assent.core.quorum import eligible, escalated, unmet
from assent.core.request import Request, Verdict
from assent.core.subject import Subject


def lacking(
    request: Request,
    requester: Subject,
    approvers: Sequence[Assenting],
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
                asked = escalated(remedy, now - request.created_at)
                stages = unmet(asked, requester, approvers)
                if stages:
                    missing.append(replace(asked, stages=stages))
    return tuple(missing)


def met_by(before: Iterable[Remedy], after: Iterable[Remedy]) -> tuple[str, ...]:
    """Return the codes of what was lacking before and is not any more."""
    left = {code_of(remedy) for remedy in after}
    return tuple(sorted({code_of(remedy) for remedy in before} - left))


def askable(
    request: Request,
    requester: Subject,
    approvers: Sequence[Assenting],
    people: Iterable[Assenting],
    now: datetime,
) -> tuple[Subject, ...]:
    """Return who may usefully answer `request` at `now`, by name.

    approvers: the people behind the request's approvals, as they are now.
    """
    everybody = tuple(people)
    chosen: dict[str, Subject] = {}
    for remedy in request.remedies:
        if isinstance(remedy, ApprovalRemedy):
            asked = escalated(remedy, now - request.created_at)
            for one in eligible(asked, requester, everybody, approvers):
                chosen[one.person.name] = one.person
    return tuple(chosen[name] for name in sorted(chosen))


def approving(request: Request) -> tuple[SubjectId, ...]:
    """Return the ids of those who assent to what is asked, in the order in which they did."""
    assents = (
        approval.approver
        for approval in request.approvals
        if approval.verdict is not Verdict.REJECT
        and approval.withdrawn_at is None
        and approval.action_digest == request.action_digest
    )
    return tuple(dict.fromkeys(assents))


def in_words(remedies: Iterable[Remedy], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the remedies as people would say them. names: what they are called, by id."""
    return tuple(describe(remedy, names) for remedy in remedies)
