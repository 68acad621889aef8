"""Changes of state, as data: what the store applies together with the entries that say so."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from assent.core.grant import Grant
from assent.core.ids import CredentialId, GrantId, LessonId, SessionId, SubjectId, TargetId
from assent.core.label import Label, LabelState
from assent.core.lesson import Lesson
from assent.core.request import Approval, Request, RequestState
from assent.core.resource import Target
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential, Session
from assent.core.subject import Subject


@dataclass(frozen=True, slots=True)
class PutRequest:
    """Insert the request, or replace it if it stands in `expected` (ConflictFault if not).

    Its approvals are not written with it: they are rows of their own (`PutApproval`).
    """

    request: Request
    expected: RequestState | None = None


@dataclass(frozen=True, slots=True)
class PutApproval:
    """Insert one person's answer; ConflictFault if this person answered this request before."""

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
class PutCredential:
    """Insert a session credential."""

    credential: Credential


@dataclass(frozen=True, slots=True)
class UseCredential:
    """Take one connection from a credential; ConflictFault if none is left or it expired."""

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
    """Insert a bearer token. digest: sha256 of it, hex; the token itself is never stored."""

    digest: str
    subject: SubjectId
    method: str
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StepUp:
    """The holder of this token proved who they are again."""

    token_digest: str
    at: datetime


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


Change: TypeAlias = (
    PutRequest
    | PutApproval
    | PutGrant
    | RevokeGrant
    | PutCredential
    | UseCredential
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
)
