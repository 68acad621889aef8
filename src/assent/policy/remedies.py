"""The demands of several policies as one, and whether the evidence meets them."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from assent.core.action import Action
from assent.core.decision import (
    ApprovalRemedy,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.evidence import Evidence
from assent.core.quorum import ALTERNATIVE, Assenting, counted, escalated, unmet
from assent.core.resource import Target
from assent.policy.requirement import OWNERS

SHORTEST_REASON = 3


def merge(remedies: Iterable[Remedy]) -> tuple[Remedy, ...]:
    """Return one remedy a kind that is at least as strict as each of `remedies`.

    Stages are merged by position and there the largest count of each group stands; of two
    step-ups the fresher one. Reason, ticket, step-up, approvals: in this order.
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
        )
    )


def _counts(stage: tuple[Quorum, ...]) -> dict[str, int]:
    """Return how many of each group one stage asks; `owners` may have become a group twice."""
    counts: dict[str, int] = {}
    for quorum in stage:
        counts[quorum.group] = counts.get(quorum.group, 0) + quorum.count
    return counts


def asks_owners(remedies: Iterable[Remedy]) -> bool:
    """Return whether an approval names the special group `owners`."""
    return any(
        quorum.group == OWNERS
        for remedy in remedies
        if isinstance(remedy, ApprovalRemedy)
        for stage in remedy.stages
        for quorum in stage
    )


def owner_group(target: Target | None) -> str:
    """Return the target's owners as one group of alternatives, empty when it has none."""
    owners = target.owners if target else frozenset()
    return ALTERNATIVE.join(sorted(name for name in owners if name and ALTERNATIVE not in name))


def with_owners(remedy: Remedy, owners: str) -> Remedy:
    """Return the remedy with `owners` replaced by the groups that own the target."""
    if not isinstance(remedy, ApprovalRemedy):
        return remedy
    return ApprovalRemedy(
        tuple(
            tuple(
                Quorum(quorum.count, owners if quorum.group == OWNERS else quorum.group)
                for quorum in stage
            )
            for stage in remedy.stages
        )
    )


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
