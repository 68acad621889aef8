"""What the API returns of answers to requests: assents, offers, comments, delegations, absences."""

from typing import Literal

from pydantic import BaseModel

from assent.api.risk_schemas import Instant


class BudgetOut(BaseModel):
    """How much may be done, null for as much as policies let."""

    actions: int | None
    writes: int | None
    rows: int | None
    bytes: int | None
    risk_points: int | None


class TermsOut(BaseModel):
    """What access is asked for, or offered. for_s: null for as long as policies let.

    verbs, resources: empty for all that policies permit. words: the same for people.
    """

    for_s: int | None
    verbs: list[str]
    resources: list[str]
    read_only: bool
    budget: BudgetOut
    words: list[str]


class ApprovalOut(BaseModel):
    """One person's answer.

    terms: of an offer. acceptable: whether the requester can accept it now. in_place_of: whose
    delegate they were. by_requester: the requester approved it themself, as policy lets.
    counts: whether it says yes to what is asked for now.
    """

    id: str
    approver: str
    verdict: Literal["approve", "reject", "offer"]
    rejected_as: Literal["not-needed", "suspicious"] | None
    comment: str
    at: Instant
    terms: TermsOut | None
    acceptable: bool
    counts: bool
    by_requester: bool
    in_place_of: str | None
    signed: bool
    withdrawn_at: Instant | None


class CommentOut(BaseModel):
    """What somebody said about a request."""

    by: str
    at: Instant
    text: str


class DelegationOut(BaseModel):
    """Somebody may answer requests in somebody else's place. id: the grant; it can be revoked."""

    id: str
    group: str
    by: str
    to: str
    starts_at: Instant
    ends_at: Instant
    reason: str


class DelegationsOut(BaseModel):
    """Delegations."""

    items: list[DelegationOut]


class AbsenceOut(BaseModel):
    """Whether the caller is away, and until when."""

    away: bool
    until: Instant | None
