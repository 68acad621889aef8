"""The facts that a decision is taken on, gathered once, dated, and kept for replay."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assent.core.canonical import Json
from assent.core.clock import isoformat
from assent.core.grant import Grant
from assent.core.request import Approval
from assent.core.resource import Target
from assent.core.subject import Subject


@dataclass(frozen=True, slots=True)
class Authentication:
    """How the subject proved who it is. stepped_up_at: the last fresh proof, None if none."""

    method: str
    at: datetime
    stepped_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the action comes from. address: the peer's, without port; empty for none."""

    address: str = ""
    application: str = ""
    door: str = "gateway"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a decision saw.

    history: `verb resource` → how often this subject did it before, for each touch that was
    asked about; empty and `history` in `unavailable` when it could not be read.
    approvals: of the request that this action waits in, verdict approve, with their
    approvers as they are now in `approvers`. unavailable: kinds of evidence not gathered.
    """

    at: datetime
    subject: Subject
    target: Target | None = None
    authentication: Authentication | None = None
    connection: Connection = field(default_factory=Connection)
    history: Mapping[str, int] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    approvals: tuple[Approval, ...] = ()
    approvers: Mapping[str, Subject] = field(default_factory=dict)
    reason: str = ""
    ticket: str = ""
    unavailable: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Json]:
        """Return it in the canonical profile, for the payload of a decision's entry."""
        proof = self.authentication
        return {
            "approvals": [
                {"approver": approval.approver, "at": isoformat(approval.at), "id": approval.id}
                for approval in self.approvals
            ],
            "at": isoformat(self.at),
            "authentication": None
            if proof is None
            else {
                "at": isoformat(proof.at),
                "method": proof.method,
                "stepped_up_at": isoformat(proof.stepped_up_at) if proof.stepped_up_at else None,
            },
            "connection": {
                "address": self.connection.address,
                "application": self.connection.application,
                "door": self.connection.door,
            },
            "grants": [grant.id for grant in self.grants],
            "groups": sorted(self.subject.groups),
            "history": [[what, times] for what, times in sorted(self.history.items())],
            "reason": self.reason,
            "subject": self.subject.id,
            "target": self.target.id if self.target else None,
            "ticket": self.ticket,
            "unavailable": sorted(self.unavailable),
        }
