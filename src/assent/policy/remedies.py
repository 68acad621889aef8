"""The demands of several policies as one, and whether the evidence meets them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from assent.core.action import Action
from assent.core.assenting import ALTERNATIVE, Assenting
from assent.core.decision import (
    ApprovalRemedy,
    Escalation,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.evidence import Evidence
from assent.core.quorum import counted, escalated, unmet

SHORTEST_REASON = 3


def merge(remedies: Iterable[Remedy]) -> tuple[Remedy, ...]:
    """Return one remedy a kind that is at least as strict as each of `remedies`.

    Stages are merged by position and there the largest count of each group stands; of two
    step-ups the fresher one. What one of several approvals asks of all assents (`signed`,
    `outside-line`) is asked, and what makes one easier (`by-requester`, who else may assent
    after a while) stands where all of them say it, at the latest of the times.
    Reason, ticket, step-up, approvals: in this order.
    """
    every = list(remedies)
    merged: list[Remedy] = [kind for kind in (ReasonRemedy(), TicketRemedy()) if kind in every]
    spans = [remedy.within for remedy in every if isinstance(remedy, StepUpRemedy)]
    if spans:
        merged.append(StepUpRemedy(min(spans)))
    approvals = [remedy for remedy in every if isinstance(remedy, ApprovalRemedy)]
    if approvals:
        merged.append(_merge_approvals(approvals))
    return tuple(merged)


def _merge_approvals(approvals: list[ApprovalRemedy]) -> ApprovalRemedy:
    stages: list[dict[str, int]] = [{} for _ in range(max(len(a.stages) for a in approvals))]
    for approval in approvals:
        for largest, stage in zip(stages, approval.stages, strict=False):
            for group, count in _counts(stage).items():
                largest[group] = max(largest.get(group, 0), count)
    return ApprovalRemedy(
        tuple(
            tuple(Quorum(largest[group], group) for group in sorted(largest)) for largest in stages
        ),
        signed=any(approval.signed for approval in approvals),
        by_requester=all(approval.by_requester for approval in approvals),
        outside_line=any(approval.outside_line for approval in approvals),
        escalations=_merge_escalations(approvals),
    )


def _merge_escalations(approvals: list[ApprovalRemedy]) -> tuple[Escalation, ...]:
    times: list[dict[str, timedelta]] = []
    for approval in approvals:
        after: dict[str, timedelta] = {}
        for one in approval.escalations:
            for group in one.group.split(ALTERNATIVE):
                after[group] = min(after.get(group, one.after), one.after)
        times.append(after)
    shared = set(times[0]).intersection(*times[1:])
    latest = (Escalation(max(after[group] for after in times), group) for group in shared)
    return tuple(sorted(latest, key=lambda one: (one.after, one.group)))


def _counts(stage: tuple[Quorum, ...]) -> dict[str, int]:
    """Return how many of each group one stage asks; `owners` may have become a group twice."""
    counts: dict[str, int] = {}
    for quorum in stage:
        counts[quorum.group] = counts.get(quorum.group, 0) + quorum.count
    return counts


def is_met(remedy: Remedy, action: Action, evidence: Evidence, now: datetime) -> bool:
    """Return whether the evidence holds what the remedy demands, now."""
    match remedy:
        case ReasonRemedy():
            return has_reason(evidence)
        case TicketRemedy():
            return has_ticket(evidence)
        case StepUpRemedy(within):
            proof = evidence.authentication
            at = proof.stepped_up_at if proof else None
            return at is not None and at <= now < at + within
        case ApprovalRemedy():
            asked = escalated(remedy, now - (evidence.asked_at or now))
            return not unmet(asked, evidence.subject, _given(action, evidence))
    assert_never(remedy)


def has_reason(evidence: Evidence) -> bool:
    """Return whether the person said why, in at least three characters."""
    return len(evidence.reason.strip()) >= SHORTEST_REASON


def has_ticket(evidence: Evidence) -> bool:
    """Return whether the person named a ticket."""
    return bool(evidence.ticket.strip())


def _given(action: Action, evidence: Evidence) -> list[Assenting]:
    if not evidence.approvals:
        return []
    return counted(evidence.approvals, action.digest(), evidence.approvers, evidence.delegations)
