"""What a person proves who they are with beside a password, and how they come in at first."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.ids import AuthenticatorId, InvitationId, SubjectId


class AuthenticatorKind(StrEnum):
    """TOTP: a code of an app (RFC 6238). RECOVERY_CODE: good for one sign-in, once."""

    TOTP = "totp"
    RECOVERY_CODE = "recovery-code"


@dataclass(frozen=True, slots=True)
class Authenticator:
    """One code generator or one recovery code. Passkeys are `DeviceKey`s of kind `webauthn`.

    secret: of a generator, sealed; of a recovery code, its Argon2 hash. last_step: the last time
    step of a generator that was used (RFC 6238, section 5.2: no code counts twice), 0 for none.
    confirmed_at: when its first code was shown; before that it counts for nothing. used_at: of a
    recovery code, from then on it counts for nothing.
    """

    id: AuthenticatorId
    subject: SubjectId
    kind: AuthenticatorKind
    secret: bytes
    created_at: datetime
    name: str = ""
    confirmed_at: datetime | None = None
    used_at: datetime | None = None
    last_step: int = 0


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link, good once, with which somebody sets how they sign in; the link itself is not kept.

    digest: sha256 of its secret, hex. purpose: `first-administrator`, `invitation` or `recovery`.
    subject: for whom; None for the first administrator, who says their name themselves.
    """

    id: InvitationId
    digest: str
    purpose: str
    subject: SubjectId | None
    made_at: datetime
    expires_at: datetime
    made_by: SubjectId | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """As whom an identity provider knows a subject.

    provider: `oidc:` and its name, or `scim`. external: there: the `sub` of its ID tokens (OpenID
    Connect Core 1.0, section 2), or the SCIM resource's id. body: what the provider said last,
    canonical JSON, empty where nothing is kept.
    """

    provider: str
    external: str
    subject: SubjectId
    at: datetime
    body: str = ""


@dataclass(frozen=True, slots=True)
class ProvisionedGroup:
    """A group as an identity provider keeps it by SCIM. name: what policies call it.

    body: the SCIM resource as it was last, canonical JSON.
    """

    id: str
    name: str
    at: datetime
    body: str
