"""Changes of state, as data: what the store applies together with the entries that say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from assent.core.absence import Absence
from assent.core.data_key import DataKey, LegalHold
from assent.core.device_key import DeviceKey
from assent.core.effect import DropEffects, IndexEffects
from assent.core.entry import Anchor, Cosignature
from assent.core.grant import Grant
from assent.core.ids import (
    ApprovalId,
    CredentialId,
    DataKeyId,
    DeviceKeyId,
    GrantId,
    LessonId,
    ReviewId,
    SessionId,
    SubjectId,
    TargetId,
)
from assent.core.label import Label, LabelState
from assent.core.lesson import Lesson
from assent.core.notice import Delivery, Notice
from assent.core.people_changes import PeopleChange
from assent.core.policy_revision import PolicyRevision
from assent.core.request import Approval, Request, RequestState
from assent.core.resource import Target
from assent.core.review import Review, ReviewVerdict
from assent.core.scope import Spent
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential, Session
from assent.core.subject import Subject
from assent.core.timer import Timer
from assent.core.token import Token
from assent.core.tool_pin import PutToolPin


@dataclass(frozen=True, slots=True)
class PutRequest:
    """Insert the request, or replace it if it stands in `expected` (ConflictFault if not).

    Its approvals are not written with it: they are rows of their own (`PutApproval`).
    """

    request: Request
    expected: RequestState | None = None


@dataclass(frozen=True, slots=True)
class PutApproval:
    """Insert one person's answer; ConflictFault if they answered the same digest before."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class PutGrant:
    """Insert a grant."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class RevokeGrant:
    """End a grant for ever; ConflictFault if it is revoked already."""

    grant: GrantId
    at: datetime
    by: SubjectId | None
    because: str


@dataclass(frozen=True, slots=True)
class WithdrawApproval:
    """Count an answer no longer; ConflictFault if it was withdrawn before."""

    approval: ApprovalId
    at: datetime


@dataclass(frozen=True, slots=True)
class SpendGrant:
    """Add to what was done under a grant; ConflictFault where a limit was used up before.

    planned: digest of a text of its plan that is run once more; ConflictFault where none is left.
    force: after the fact: what was done is counted, whatever the limits say.
    """

    grant: GrantId
    more: Spent
    planned: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class BeginGrant:
    """Start the clock of a grant at its first use; ConflictFault if it began before."""

    grant: GrantId
    at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class PutCredential:
    """Insert a session credential."""

    credential: Credential


@dataclass(frozen=True, slots=True)
class UseCredential:
    """Take one connection from a credential; ConflictFault if none is left or it expired."""

    credential: CredentialId
    at: datetime


@dataclass(frozen=True, slots=True)
class EndCredential:
    """Let a credential open nothing more; ConflictFault if it could not any more."""

    credential: CredentialId
    at: datetime


@dataclass(frozen=True, slots=True)
class PutSession:
    """Insert a session."""

    session: Session


@dataclass(frozen=True, slots=True)
class EndSession:
    """Close (or cut) an open session; no change if it ended already."""

    session: SessionId
    at: datetime
    because: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class MoveSessionEnd:
    """Let an open session end at another time; no change if it ended already."""

    session: SessionId
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class CountHabit:
    """The subject did `verb` to `resource` so many more times; counts and dates it."""

    subject: SubjectId
    target: TargetId
    verb: str
    resource: str
    at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class PutSubject:
    """Insert or replace a subject. password_hash: argon2, None to leave it as it is."""

    subject: Subject
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class PutTarget:
    """Insert or replace a target."""

    target: Target


@dataclass(frozen=True, slots=True)
class PutLabel:
    """Insert the label, or replace it if it stands in `expected` (ConflictFault if not)."""

    label: Label
    expected: LabelState | None = None


@dataclass(frozen=True, slots=True)
class PutToken:
    """Insert a bearer token; ConflictFault if its digest is known."""

    token: Token


@dataclass(frozen=True, slots=True)
class StepUp:
    """The holder of this token proved who they are again. by: how, as `Token.method`."""

    token_digest: str
    at: datetime
    by: str = "password"


@dataclass(frozen=True, slots=True)
class DropToken:
    """Forget a bearer token; no change if there is none."""

    digest: str


@dataclass(frozen=True, slots=True)
class PutLesson:
    """Insert something that was learned."""

    lesson: Lesson


@dataclass(frozen=True, slots=True)
class DropLessons:
    """Forget these lessons of a subject; those that are gone already change nothing."""

    subject: SubjectId
    lessons: tuple[LessonId, ...]


@dataclass(frozen=True, slots=True)
class PutProfile:
    """Insert or replace what all lessons of a subject sum up to. body: `Profile.to_bytes`."""

    subject: SubjectId
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class ForgetSubject:
    """Drop the profile, the lessons and the habits of a subject; no change if there are none."""

    subject: SubjectId


@dataclass(frozen=True, slots=True)
class PutSecurityEvent:
    """Insert a security event about a subject."""

    event: SecurityEvent


@dataclass(frozen=True, slots=True)
class PutNotice:
    """Insert a notice, due at once on these channels; no change if its key is known."""

    notice: Notice
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PutDelivery:
    """Replace how far a notice came on a channel."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class PutTimer:
    """Insert or replace a timer."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class DropTimer:
    """Forget a timer; no change if there is none. kind: empty for all about that thing."""

    about: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PutAbsence:
    """Insert or replace when somebody is away."""

    absence: Absence


@dataclass(frozen=True, slots=True)
class PutReview:
    """Insert a review."""

    review: Review


@dataclass(frozen=True, slots=True)
class CloseReview:
    """Close a review for ever; ConflictFault if it is closed already."""

    review: ReviewId
    verdict: ReviewVerdict
    comment: str
    by: SubjectId
    at: datetime


@dataclass(frozen=True, slots=True)
class PutDeviceKey:
    """Insert a device's key; ConflictFault if that public key is known."""

    key: DeviceKey


@dataclass(frozen=True, slots=True)
class RevokeDeviceKey:
    """Let a device's key sign nothing any more; ConflictFault if it was revoked before."""

    key: DeviceKeyId
    at: datetime


@dataclass(frozen=True, slots=True)
class PutPolicyRevision:
    """Keep the text of a revision of the policies; no change if it is kept already."""

    revision: PolicyRevision


@dataclass(frozen=True, slots=True)
class PutDataKey:
    """Insert a data key; ConflictFault if its id is known."""

    key: DataKey


@dataclass(frozen=True, slots=True)
class DestroyDataKeys:
    """Overwrite these wrapped keys for ever; those that are gone already change nothing.

    subject: whose payloads of the older form, which are not sealed, are deleted with them.
    payloads: the indexes of their entries. ConflictFault while a legal hold on one of the
    subjects, or on everybody, stands.
    """

    keys: tuple[DataKeyId, ...]
    at: datetime
    subject: SubjectId | None = None
    payloads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PutLegalHold:
    """Insert a legal hold, or lift one that stands; ConflictFault if it was lifted before."""

    hold: LegalHold


@dataclass(frozen=True, slots=True)
class PutCosignature:
    """Keep what a witness signed; a later one of the same witness and size replaces it."""

    cosignature: Cosignature


@dataclass(frozen=True, slots=True)
class PutAnchor:
    """Insert an anchor."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class MoveCursor:
    """Say how far a reader of the log has come. position: the index of the next entry."""

    name: str
    position: int


@dataclass(frozen=True, slots=True)
class PutConfigured:
    """Remember what the configuration said, in place of what was remembered of this kind.

    kind: `configuration` or `risk-model`. digests: by key, such as `risk.medium_from`.
    """

    kind: str
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PruneLog:
    """Delete leaves and payloads below an index (C2SP tlog-tiles, pruning); hashes stay.

    ConflictFault while a legal hold stands, or where `minimum` would go back.
    """

    minimum: int


Change: TypeAlias = (
    PutRequest
    | PutApproval
    | PutGrant
    | RevokeGrant
    | PutCredential
    | UseCredential
    | EndCredential
    | PutSession
    | EndSession
    | CountHabit
    | PutSubject
    | PutTarget
    | PutLabel
    | PutToken
    | StepUp
    | DropToken
    | PutLesson
    | DropLessons
    | PutProfile
    | ForgetSubject
    | PutSecurityEvent
    | WithdrawApproval
    | SpendGrant
    | BeginGrant
    | MoveSessionEnd
    | PutNotice
    | PutDelivery
    | PutTimer
    | DropTimer
    | PutAbsence
    | PutReview
    | CloseReview
    | PutDeviceKey
    | RevokeDeviceKey
    | PutPolicyRevision
    | PutDataKey
    | DestroyDataKeys
    | PutLegalHold
    | PutCosignature
    | PutAnchor
    | MoveCursor
    | PutConfigured
    | PruneLog
    | IndexEffects
    | DropEffects
    | PeopleChange
    | PutToolPin
)
