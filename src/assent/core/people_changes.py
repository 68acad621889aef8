"""Changes of who there is and how they prove it, as data; see `core.changes`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from assent.core.authenticator import (
    Authenticator,
    AuthenticatorKind,
    ExternalIdentity,
    Invitation,
    ProvisionedGroup,
)
from assent.core.device import Device
from assent.core.ids import AuthenticatorId, DeviceKeyId, InvitationId, SubjectId, TokenId
from assent.core.policy_draft import DropPolicyDraft, PutPolicyDraft


@dataclass(frozen=True, slots=True)
class DropTokens:
    """Forget bearer tokens of a subject; no change if there are none.

    only: this one; None for all of them. but: the digest of one that stays, empty for none.
    """

    subject: SubjectId
    only: TokenId | None = None
    but: str = ""


@dataclass(frozen=True, slots=True)
class SeeToken:
    """A token was used about then; no change if it is gone."""

    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DropExpired:
    """Forget tokens that expired by `at`, and networks of sign-ins that are that old."""

    at: datetime
    networks_before: datetime


@dataclass(frozen=True, slots=True)
class KeepNetwork:
    """Somebody signed in from that network, as `control.attempt_limits` writes it."""

    subject: SubjectId
    network: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PutPassword:
    """Keep the hash of a person's password, None for no password; no change for nobody."""

    subject: SubjectId
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class PutAuthenticator:
    """Insert or replace an authenticator."""

    authenticator: Authenticator


@dataclass(frozen=True, slots=True)
class UseAuthenticator:
    """Count one use: a recovery code once, a generator's time step only after the last one used.

    ConflictFault if it was used before. step: of a generator, 0 for a recovery code.
    """

    authenticator: AuthenticatorId
    at: datetime
    step: int = 0


@dataclass(frozen=True, slots=True)
class DropAuthenticators:
    """Forget the authenticators of a subject; kind: only these. No change if there are none."""

    subject: SubjectId
    kind: AuthenticatorKind | None = None


@dataclass(frozen=True, slots=True)
class PutInvitation:
    """Insert an invitation; earlier ones of that purpose for the same subject end."""

    invitation: Invitation


@dataclass(frozen=True, slots=True)
class UseInvitation:
    """Use an invitation up; ConflictFault if it was used before, has ended or expired."""

    invitation: InvitationId
    at: datetime


@dataclass(frozen=True, slots=True)
class PutExternalIdentity:
    """Insert or replace as whom a provider knows a subject; ConflictFault if another subject is."""

    identity: ExternalIdentity


@dataclass(frozen=True, slots=True)
class DropExternalIdentity:
    """Forget it; no change if there is none."""

    provider: str
    external: str


@dataclass(frozen=True, slots=True)
class PutProvisionedGroup:
    """Insert or replace a provisioned group; ConflictFault if another one has that name."""

    group: ProvisionedGroup


@dataclass(frozen=True, slots=True)
class DropProvisionedGroup:
    """Forget it; no change if there is none."""

    id: str


@dataclass(frozen=True, slots=True)
class AdmitDeviceKey:
    """Let a device count as a known one; ConflictFault if it is admitted or revoked already.

    by: whose decision it was, None for a policy's.
    """

    key: DeviceKeyId
    at: datetime
    by: SubjectId | None


@dataclass(frozen=True, slots=True)
class PutDeviceDetails:
    """Keep other details of a key, such as how often a passkey signed; no change if it is gone."""

    key: DeviceKeyId
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PutDeviceReport:
    """Keep what a device said of itself last; ConflictFault if a later report is kept.

    report: its `key` is the device key's id.
    """

    key: DeviceKeyId
    report: Device
    at: datetime


@dataclass(frozen=True, slots=True)
class EndDeviceCredentials:
    """End the session credentials that a device minted; no change if there are none."""

    key: DeviceKeyId
    at: datetime


PeopleChange: TypeAlias = (
    DropTokens
    | SeeToken
    | DropExpired
    | KeepNetwork
    | PutPassword
    | PutAuthenticator
    | UseAuthenticator
    | DropAuthenticators
    | PutInvitation
    | UseInvitation
    | PutExternalIdentity
    | DropExternalIdentity
    | PutProvisionedGroup
    | DropProvisionedGroup
    | AdmitDeviceKey
    | PutDeviceDetails
    | PutDeviceReport
    | PutPolicyDraft
    | DropPolicyDraft
    | EndDeviceCredentials
)
