"""Who may answer a request: the ordered checks between a person and an Approval."""

from collections.abc import Sequence
from datetime import datetime

from assent.core.clock import isoformat
from assent.core.decision import ApprovalRemedy, describe
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import ApprovalId
from assent.core.quorum import eligible, is_member
from assent.core.request import Approval, Request, RequestState, Verdict
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
    already: Sequence[Subject] = (),
) -> Approval:
    """Return one person's answer, bound to the digest of the exact action.

    Checked, in this order: 1 the request waits and its deadline has not come, 2 the approver
    is a person, enabled, independent of the requester, 3 has not answered before, 4 is one
    of those who are asked. An approval counts for the stage that asks now; a rejection is
    open to everybody in any stage.
    already: those who approved it, as they are now.
    Raises ConflictFault where the request no longer takes answers, ForbiddenFault where this
    person may not give one.
    """
    _check_it_waits(request, now)
    _check_independent(request, approver, requester)
    if any(given.approver == approver.id for given in request.approvals):
        raise ConflictFault(
            "already-answered",
            f"you answered request `{request.id}` before; somebody else has to answer now",
        )
    _check_asked(request, approver, requester, verdict, already)
    if len(comment) > LONGEST_COMMENT:
        raise ForbiddenFault(
            "comment-too-long", f"a comment has at most {LONGEST_COMMENT} characters; shorten it"
        )
    return Approval(approval, request.id, approver.id, verdict, request.action_digest, now, comment)


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


def _check_independent(request: Request, approver: Subject, requester: Subject) -> None:
    if requester.id != request.action.subject:
        # A mix-up of ours; going on would check independence of the wrong person.
        raise ValueError("the requester is not the subject of the action")
    if approver.id == requester.id:
        raise ForbiddenFault(
            "own-request",
            f"request `{request.id}` is your own; somebody else has to answer it",
        )
    if approver.kind is not SubjectKind.HUMAN:
        raise ForbiddenFault(
            "not-a-person", f"`{approver.name}` is not a person; only people answer requests"
        )
    if approver.id == requester.on_behalf_of or approver.on_behalf_of == requester.id:
        raise ForbiddenFault(
            "own-request",
            f"request `{request.id}` was made on your behalf; somebody else has to answer it",
        )
    if approver.disabled:
        raise ForbiddenFault(
            "approver-disabled", f"`{approver.name}` is disabled; ask an administrator"
        )


def _check_asked(
    request: Request,
    approver: Subject,
    requester: Subject,
    verdict: Verdict,
    already: Sequence[Subject],
) -> None:
    remedies = [remedy for remedy in request.remedies if isinstance(remedy, ApprovalRemedy)]
    if not remedies:
        needed = ", ".join(describe(remedy) for remedy in request.remedies) or "nothing"
        raise ConflictFault(
            "no-approval-needed",
            f"request `{request.id}` does not wait for approvals; it waits for: {needed}",
        )
    if verdict is Verdict.REJECT:
        asked = _is_named(approver, remedies)
    else:
        asked = any(eligible(remedy, requester, [approver], already) for remedy in remedies)
    if asked:
        return
    raise ForbiddenFault("not-asked", _not_asked(request, approver, remedies))


def _not_asked(request: Request, approver: Subject, remedies: Sequence[ApprovalRemedy]) -> str:
    needed = " and ".join(describe(remedy) for remedy in remedies)
    if _is_named(approver, remedies):
        return (
            f"your assent to request `{request.id}` would not count now: it needs {needed}, and "
            "the places open to you are taken or come later"
        )
    return f"you are not asked for request `{request.id}`: it needs {needed}"


def _is_named(person: Subject, remedies: Sequence[ApprovalRemedy]) -> bool:
    stages = (stage for remedy in remedies for stage in remedy.stages)
    return any(is_member(person, quorum.group) for stage in stages for quorum in stage)
