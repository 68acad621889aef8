"""What an approval asks, what is still missing of it, and who could give that now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from assent.core.assenting import (
    ALTERNATIVE,
    SPONSOR_SEAT,
    Assenting,
    can_count,
    is_outside_line,
    is_sponsor,
)
from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.grant import Delegation
from assent.core.request import Approval, Verdict
from assent.core.seats import Seats
from assent.core.subject import Subject, SubjectKind


def counted(
    approvals: Iterable[Approval],
    action_digest: str,
    people: Mapping[str, Subject],
    delegations: Mapping[str, tuple[Delegation, ...]],
) -> list[Assenting]:
    """Return who assented to exactly this action and has not withdrawn it, as they are now.

    people, delegations: by the approver's id. An offer that the requester took is an approval:
    its digest is that of the action as it is then.
    """
    signed: dict[str, bool] = {}
    for approval in approvals:
        if approval.verdict is Verdict.REJECT or approval.withdrawn_at is not None:
            continue
        if approval.action_digest == action_digest:
            # A signature was verified when it came in.
            before = signed.get(approval.approver, False)
            signed[approval.approver] = before or approval.signature is not None
    # A person filed under the id of somebody else counts for nobody.
    return [
        Assenting(person, tuple(delegations.get(approver, ())), is_signed)
        for approver, is_signed in signed.items()
        if (person := people.get(approver)) is not None and person.id == approver
    ]


def escalated(remedy: ApprovalRemedy, waited: timedelta) -> ApprovalRemedy:
    """Return the remedy as it is after waiting: further groups count in place of any other."""
    due = [one for one in remedy.escalations if one.after <= waited]
    if not due:
        return remedy
    more = [group for one in due for group in one.group.split(ALTERNATIVE)]
    stages = tuple(
        tuple(replace(quorum, group=_joined(quorum.group, more)) for quorum in stage)
        for stage in remedy.stages
    )
    later = tuple(one for one in remedy.escalations if one.after > waited)
    return replace(remedy, stages=stages, escalations=later)


def _joined(group: str, more: Iterable[str]) -> str:
    return ALTERNATIVE.join(dict.fromkeys([*group.split(ALTERNATIVE), *more]))


def unmet(
    remedy: ApprovalRemedy, requester: Subject, given: Sequence[Assenting]
) -> tuple[tuple[Quorum, ...], ...]:
    """Return what is still missing: the stages that are not met, with the open counts only.

    Empty when all is met. The first stage returned is the one that asks now.
    """
    seats = Seats(remedy.stages)
    taken = seats.most(_countable(remedy, requester, given))
    missing = (
        tuple(
            replace(quorum, count=quorum.count - filled)
            for quorum, filled in zip(stage, filled_here, strict=True)
            if filled < quorum.count
        )
        for stage, filled_here in zip(remedy.stages, taken, strict=True)
    )
    return tuple(stage for stage in missing if stage)


def eligible(
    remedy: ApprovalRemedy,
    requester: Subject,
    people: Sequence[Assenting],
    already: Sequence[Assenting],
) -> list[Assenting]:
    """Return those of `people` whose assent would count now, in their order.

    Now: for the first stage that `already`, those who assented, do not meet. It is taken that
    they will sign, where that is asked.
    """
    seats = Seats(remedy.stages)
    given = _countable(remedy, requester, already)
    taken = seats.most(given)
    stage = next((n for n, now in enumerate(taken) if sum(now) < seats.wanted(n)), None)
    if stage is None:
        return []
    answered = {one.person.id for one in given}
    replaced = {delegation.by for one in given for delegation in one.delegations}
    found: list[Assenting] = []
    kept: dict[frozenset[str], bool] = {}
    signing = [replace(one, signed=True) for one in people if one.person.id not in answered]
    for candidate in _countable(remedy, requester, signing):
        # Who is in the same groups counts for the same, but where somebody takes a place.
        claim = seats.claim_of(candidate)
        is_plain = not candidate.delegations and candidate.person.id not in replaced
        counts = kept.get(claim) if is_plain else None
        if counts is None:
            after = seats.most([*given, candidate])
            counts = sum(after[stage]) > sum(taken[stage])
        if is_plain:
            kept[claim] = counts
        if counts:
            found.append(candidate)
    return found


def _countable(
    remedy: ApprovalRemedy, requester: Subject, people: Iterable[Assenting]
) -> list[Assenting]:
    """Return those who may count at all, each once, with the delegations that may."""
    distinct: dict[str, Assenting] = {}
    for one in people:
        if remedy.signed and not one.signed:
            continue
        if one.person.id == requester.id:
            # A requester who may count does so in their own right alone.
            if remedy.by_requester and _is_enabled_human(one.person):
                distinct.setdefault(one.person.id, replace(one, delegations=()))
            continue
        if is_sponsor(one.person, requester) and has_seat(remedy, one.person):
            # On that seat and no other: whoever is behind an agent stands for nobody else here.
            alone = replace(one.person, groups=frozenset())
            distinct.setdefault(one.person.id, replace(one, person=alone, delegations=()))
            continue
        if not can_count(one.person, requester):
            continue
        if remedy.outside_line and not is_outside_line(one.person, requester):
            continue
        delegations = _independent(one, requester) if not remedy.outside_line else ()
        distinct.setdefault(one.person.id, replace(one, delegations=delegations))
    return list(distinct.values())


def has_seat(remedy: ApprovalRemedy, sponsor: Subject) -> bool:
    """Return whether the remedy asks this person as who answers for the program that acts."""
    seat = f"{SPONSOR_SEAT}{sponsor.id}"
    return any(
        seat in quorum.group.split(ALTERNATIVE) for stage in remedy.stages for quorum in stage
    )


def _independent(one: Assenting, requester: Subject) -> tuple[Delegation, ...]:
    """Return the delegations that the requester has no part in.

    With `outside_line` none counts: of who gave it nothing is known here but their id.
    """
    barred = (requester.id, requester.on_behalf_of, requester.owner, one.person.id)
    return tuple(delegation for delegation in one.delegations if delegation.by not in barred)


def _is_enabled_human(person: Subject) -> bool:
    return person.kind is SubjectKind.HUMAN and not person.disabled
