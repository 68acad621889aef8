"""What the audit log holds: entries, and checkpoints over all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assent.core.canonical import Json
from assent.core.ids import AnchorId, EntryId, RequestId, SessionId, SubjectId, TargetId


class EntryKind(StrEnum):
    """What an entry says happened."""

    SERVER_STARTED = "server.started"
    SERVER_STOPPED = "server.stopped"
    POLICY_CHANGED = "policy.changed"
    LOGIN = "login"
    STEP_UP = "step-up"
    ATTEMPT = "attempt"
    DECISION = "decision"
    RESULT = "result"
    REQUEST_OPENED = "request.opened"
    REQUEST_CHANGED = "request.changed"
    REQUEST_SETTLED = "request.settled"
    APPROVAL = "approval"
    GRANT_ISSUED = "grant.issued"
    GRANT_REVOKED = "grant.revoked"
    GRANT_EXPIRED = "grant.expired"
    CREDENTIAL_MINTED = "credential.minted"
    CREDENTIAL_ENDED = "credential.ended"
    SESSION_OPENED = "session.opened"
    SESSION_SEGMENT = "session.segment"
    SESSION_ENDED = "session.ended"
    AUDIT_EXPORTED = "audit.exported"
    SECURITY_EVENT = "security.event"
    PROFILE_FORGOTTEN = "profile.forgotten"
    LABELS_SCANNED = "labels.scanned"
    LABEL_SUGGESTED = "label.suggested"
    LABEL_DECIDED = "label.decided"
    GRANT_CHANGED = "grant.changed"
    APPROVAL_WITHDRAWN = "approval.withdrawn"
    REQUEST_COMMENTED = "request.commented"
    DEVICE_ENROLLED = "device.enrolled"
    DEVICE_REVOKED = "device.revoked"
    REVIEW_OPENED = "review.opened"
    REVIEW_CLOSED = "review.closed"
    ABSENCE = "absence"
    SESSION_STANDING = "session.standing"
    CONFIGURATION_APPLIED = "configuration.applied"
    CONFIGURATION_CHANGED = "configuration.changed"
    RISK_MODEL_CHANGED = "risk-model.changed"
    LOGIN_REFUSED = "login.refused"
    LOGOUT = "logout"
    REMEDY_MET = "remedy.met"
    RECORDING_READ = "recording.read"
    LOG_READ = "log.read"
    KEY_ROTATED = "key.rotated"
    PAYLOAD_REDACTED = "payload.redacted"
    LEGAL_HOLD_PLACED = "legal-hold.placed"
    LEGAL_HOLD_LIFTED = "legal-hold.lifted"
    LOG_PRUNED = "log.pruned"
    ANCHOR_RECORDED = "anchor.recorded"
    LOG_DISPUTED = "log.disputed"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_INVITED = "person.invited"
    GROUP_CHANGED = "group.changed"
    AUTHENTICATOR_ADDED = "authenticator.added"
    AUTHENTICATOR_REMOVED = "authenticator.removed"
    TOKEN_MINTED = "token.minted"  # noqa: S105
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    DEVICE_ADMITTED = "device.admitted"
    DEVICE_REPORTED = "device.reported"
    SESSION_WATCHED = "session.watched"
    SESSION_STEERED = "session.steered"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log.

    facts: public: pseudonymous ids, types, digests, numbers, outcomes; never text that a
    person wrote. payload: the rest (statement, parameters, reasons, evidence), stored beside
    the leaf, which holds only its digest; None when there is nothing to say.
    """

    id: EntryId
    kind: EntryKind
    at: datetime
    subject: SubjectId | None = None
    target: TargetId | None = None
    session: SessionId | None = None
    request: RequestId | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    payload: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement of the log's size and root.

    note: the C2SP signed note, verbatim, with the log's signatures and no others.
    """

    size: int
    root: bytes
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What a witness signed of the checkpoint of `size` (C2SP tlog-cosignature).

    witness: its key name. line: the signature line of a note, without its newline.
    """

    size: int
    witness: str
    line: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Anchor:
    """What somebody outside keeps of the checkpoint of `size`.

    kind: `file`, `object-lock`, `git` or `timestamp`. name: as the configuration calls it.
    reference: where it can be found again. body: what proves it, such as an RFC 3161 token.
    """

    id: AnchorId
    size: int
    kind: str
    name: str
    reference: str
    at: datetime
    body: bytes | None = None
