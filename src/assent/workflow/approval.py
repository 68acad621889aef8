"""Who may answer a request: the ordered checks between a person and an Approval."""

from collections.abc import Sequence
from datetime import datetime

from assent.core.assenting import ALTERNATIVE, Assenting, is_member, is_sponsor
from assent.core.clock import isoformat
from assent.core.decision import ApprovalRemedy, describe
from assent.core.device_key import ApprovalSignature
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Delegation
from assent.core.ids import ApprovalId, SubjectId
from assent.core.quorum import eligible, escalated, has_seat
from assent.core.request import Approval, RejectedAs, Request, RequestState, Verdict
from assent.core.scope import Terms
from assent.core.subject import Subject, SubjectKind

LONGEST_COMMENT = 2000
"""Characters of a comment."""


def answer(
    approval: ApprovalId,
    request: Request,
    approver: Subject,
    requester: Subject,
    verdict: Verdict,
    now: datetime,
    *,
    comment: str = "",
    already: Sequence[Assenting] = (),
    delegations: tuple[Delegation, ...] = (),
    terms: Terms | None = None,
    action_digest: str = "",
    rejected_as: RejectedAs | None = None,
    signature: ApprovalSignature | None = None,
) -> Approval:
    """Return one person's answer, bound to the digest of the exact action.

    Checked, in this order: 1 the request waits and its deadline has not come, 2 the approver
    is a person, enabled, independent of the requester, 3 has not answered this very action
    before, 4 is one of those who are asked, 5 signs it where that is asked, 6 an offer has
    terms, and nothing else has. An approval counts for the stage that asks now, and so does an
    offer; a rejection is open to everybody in any stage. The requester may approve where the
    policy counts them, and neither offer nor reject.
    already: those who approved it, as they are now. delegations: the approver's, that hold now.
    action_digest: of the action with the terms, for an offer. signature: verified already.
    Raises ConflictFault where the request no longer takes answers, ForbiddenFault where this
    person may not give one.
    """
    _check_it_waits(request, now)
    remedies = [
        escalated(remedy, now - request.created_at)
        for remedy in request.remedies
        if isinstance(remedy, ApprovalRemedy)
    ]
    is_asked = is_sponsor(approver, requester) and any(
        has_seat(remedy, approver) for remedy in remedies
    )
    if not is_asked:
        _check_independent(request, approver, requester, _is_own(remedies, verdict))
    digest = action_digest or request.action_digest
    _check_first(request, approver, digest)
    candidate = Assenting(approver, delegations, signed=signature is not None)
    counting = _counting(request, candidate, requester, verdict, remedies, already)
    if verdict is not Verdict.REJECT and signature is None:
        _check_unsigned(request, counting)
    _check_terms(verdict, terms)
    if len(comment) > LONGEST_COMMENT:
        raise ForbiddenFault(
            "comment-too-long", f"a comment has at most {LONGEST_COMMENT} characters; shorten it"
        )
    return Approval(
        approval,
        request.id,
        approver.id,
        verdict,
        digest,
        now,
        comment,
        rejected_as=rejected_as if verdict is Verdict.REJECT else None,
        terms=terms,
        signature=signature,
        in_place_of=_in_place_of(candidate, requester, verdict, counting, already),
    )


def _check_it_waits(request: Request, now: datetime) -> None:
    if request.state is not RequestState.PENDING:
        raise ConflictFault(
            "request-settled",
            f"request `{request.id}` takes no more answers: it is {request.state.value}",
        )
    if now >= request.deadline_at:
        raise ConflictFault(
            "request-expired",
            f"request `{request.id}` could be answered until {isoformat(request.deadline_at)}; "
            "the requester has to ask again",
        )


def _is_own(remedies: Sequence[ApprovalRemedy], verdict: Verdict) -> bool:
    """Return whether a requester may answer themself at all."""
    return verdict is Verdict.APPROVE and any(remedy.by_requester for remedy in remedies)


def _check_independent(
    request: Request, approver: Subject, requester: Subject, is_own_allowed: bool
) -> None:
    if requester.id != request.action.subject:
        # A mix-up of ours; going on would check independence of the wrong person.
        raise ValueError("the requester is not the subject of the action")
    if approver.id == requester.id and not is_own_allowed:
        raise ForbiddenFault(
            "own-request",
            f"request `{request.id}` is your own; somebody else has to answer it",
        )
    if approver.kind is not SubjectKind.HUMAN:
        raise ForbiddenFault(
            "not-a-person", f"`{approver.name}` is not a person; only people answer requests"
        )
    behind = (requester.on_behalf_of, requester.owner)
    if approver.id in behind or approver.on_behalf_of == requester.id:
        raise ForbiddenFault(
            "own-request",
            f"request `{request.id}` was made on your behalf; somebody else has to answer it",
        )
    if approver.disabled:
        raise ForbiddenFault(
            "approver-disabled", f"`{approver.name}` is disabled; ask an administrator"
        )


def _check_first(request: Request, approver: Subject, digest: str) -> None:
    for given in request.approvals:
        if given.approver == approver.id and given.action_digest == digest:
            # What was narrowed or asked anew is another action, and may be answered again.
            raise ConflictFault(
                "already-answered",
                f"you answered request `{request.id}` before; somebody else has to answer now",
            )


def _counting(
    request: Request,
    candidate: Assenting,
    requester: Subject,
    verdict: Verdict,
    remedies: Sequence[ApprovalRemedy],
    already: Sequence[Assenting],
) -> list[ApprovalRemedy]:
    """Return the remedies for which this answer counts. Raises ForbiddenFault for none."""
    if not remedies:
        needed = ", ".join(describe(remedy) for remedy in request.remedies) or "nothing"
        raise ConflictFault(
            "no-approval-needed",
            f"request `{request.id}` does not wait for approvals; it waits for: {needed}",
        )
    if verdict is Verdict.REJECT:
        counting = [remedy for remedy in remedies if _is_named(candidate, requester, remedy)]
    else:
        counting = [
            remedy for remedy in remedies if eligible(remedy, requester, [candidate], already)
        ]
    if not counting:
        raise ForbiddenFault("not-asked", _not_asked(request, candidate, requester, remedies))
    return counting


def _not_asked(
    request: Request,
    candidate: Assenting,
    requester: Subject,
    remedies: Sequence[ApprovalRemedy],
) -> str:
    needed = " and ".join(describe(remedy) for remedy in remedies)
    if any(_is_named(candidate, requester, remedy) for remedy in remedies):
        return (
            f"your assent to request `{request.id}` would not count now: it needs {needed}, and "
            "the places open to you are taken or come later"
        )
    return f"you are not asked for request `{request.id}`: it needs {needed}"


def _is_named(candidate: Assenting, requester: Subject, remedy: ApprovalRemedy) -> bool:
    """Return whether some stage asks them, or somebody independent in whose place they are."""
    taken = {
        delegation.group
        for delegation in candidate.delegations
        if delegation.by not in (requester.id, requester.on_behalf_of, requester.owner)
    }
    return any(
        is_member(candidate.person, quorum.group)
        or not taken.isdisjoint(quorum.group.split(ALTERNATIVE))
        for stage in remedy.stages
        for quorum in stage
    )


def _check_unsigned(request: Request, counting: Sequence[ApprovalRemedy]) -> None:
    if any(remedy.signed for remedy in counting):
        raise ForbiddenFault(
            "signature-needed",
            f"request `{request.id}` needs assents that are signed with a device's key; "
            "make a passkey on the page `/account/passkeys` and answer there, or enrol this device "
            f"and answer with `assent approve {request.id}`",
        )


def _check_terms(verdict: Verdict, terms: Terms | None) -> None:
    if verdict is Verdict.OFFER and terms is None:
        raise ConflictFault("offer-without-terms", "an offer says what it gives; name its terms")
    if verdict is not Verdict.OFFER and terms is not None:
        raise ConflictFault("terms-without-offer", "only an offer has terms; leave them out")


def _in_place_of(
    candidate: Assenting,
    requester: Subject,
    verdict: Verdict,
    counting: Sequence[ApprovalRemedy],
    already: Sequence[Assenting],
) -> SubjectId | None:
    """Return whose place they take, None where they count in their own right."""

    def counts(delegations: tuple[Delegation, ...]) -> bool:
        alone = Assenting(candidate.person, delegations)
        if verdict is Verdict.REJECT:
            return any(_is_named(alone, requester, remedy) for remedy in counting)
        return any(eligible(remedy, requester, [alone], already) for remedy in counting)

    if counts(()):
        return None
    return next((one.by for one in candidate.delegations if counts((one,))), None)
