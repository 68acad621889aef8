"""A Request asks people for the remedies of one Action; an Approval is one person's answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.action import Action
from assent.core.assessment import Assessment
from assent.core.decision import Remedy
from assent.core.device_key import ApprovalSignature
from assent.core.ids import ApprovalId, GrantId, RequestId, SubjectId
from assent.core.impact import Impact
from assent.core.scope import Terms


class RequestState(StrEnum):
    """Where a request stands; the transitions are a table in `workflow.request`.

    PENDING: waits for its remedies. APPROVED: all are met, not yet released. RELEASED: the
    action was let go (or the grant minted). COMPLETED: its outcome is known.
    INTERRUPTED: the gateway stopped before release; the action did not run.
    OUTCOME_UNKNOWN: the gateway stopped after release; it ran at most once.
    """

    PENDING = "pending"
    APPROVED = "approved"
    RELEASED = "released"
    COMPLETED = "completed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INTERRUPTED = "interrupted"
    OUTCOME_UNKNOWN = "outcome-unknown"


class Verdict(StrEnum):
    """What an approver said. OFFER: yes to less than was asked, if the requester takes it."""

    APPROVE = "approve"
    REJECT = "reject"
    OFFER = "offer"


class RejectedAs(StrEnum):
    """Why somebody rejected: it is not the work of this person now, or it may not be them."""

    NOT_NEEDED = "not-needed"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's answer to a request, bound to the digest of the exact action.

    rejected_as: with a rejection, None where the person did not say. terms: with an offer; it is
    bound to the action as it would be with them. signature: of what the person was shown.
    in_place_of: whose delegate they were. withdrawn_at: from then on it does not count.
    """

    id: ApprovalId
    request: RequestId
    approver: SubjectId
    verdict: Verdict
    action_digest: str
    at: datetime
    comment: str = ""
    rejected_as: RejectedAs | None = None
    terms: Terms | None = None
    signature: ApprovalSignature | None = None
    in_place_of: SubjectId | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a request without answering it."""

    by: SubjectId
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What waits for people. `changed_at` moves with every change of it.

    remedies: still and already demanded, merged. messages: what the policies say.
    approvals: in the order in which they came. reason, ticket: what the requester said.
    outcome: one sentence once it is settled. settled_by: who settled it, if a person did.
    grant: the grant that it minted, for a request for access. impact: what the action would do,
    as it was measured when it was asked for. asked: who was told that they are needed, in that
    order; further people may be eligible. comments: in the order in which they came. ticket_said:
    what the issue tracker says of the ticket, empty where it was not asked. detached: the
    connection that it was held on is gone; the same person may send the same again and go on.
    """

    id: RequestId
    action: Action
    action_digest: str
    assessment: Assessment
    remedies: tuple[Remedy, ...]
    messages: tuple[str, ...]
    denied_by: tuple[str, ...]
    revision: str
    state: RequestState
    created_at: datetime
    deadline_at: datetime
    changed_at: datetime
    approvals: tuple[Approval, ...] = ()
    reason: str = ""
    ticket: str = ""
    outcome: str = ""
    settled_by: SubjectId | None = None
    grant: GrantId | None = None
    impact: Impact | None = None
    asked: tuple[SubjectId, ...] = ()
    comments: tuple[Comment, ...] = ()
    ticket_said: str = ""
    detached: bool = False
