"""The key with which a person signs what they assent to, and such a signature."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assent.core.ids import DeviceKeyId, SubjectId


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """The public half of a key that never leaves a person's device.

    kind: `ed25519`, or `webauthn` for a passkey. public_key: base64. name: what its owner calls
    the device. revoked_at: from then on it signs nothing, for ever. details: what else is known:
    `protection` (`file`, `keyring`, `tpm` or `authenticator`), and of a passkey `credential_id`
    (base64url), `sign_count`, `transports`, `aaguid`, `backed_up`. admitted_at: from when on it
    counts as a known device of its owner; None where nobody admitted it, and then it still signs
    what its owner assents to. admitted_by: None for a policy's doing.
    """

    id: DeviceKeyId
    subject: SubjectId
    kind: str
    public_key: str
    name: str
    enrolled_at: datetime
    revoked_at: datetime | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    admitted_at: datetime | None = None
    admitted_by: SubjectId | None = None


@dataclass(frozen=True, slots=True)
class ApprovalSignature:
    """What an approver signed with a device's key. shown: digest of exactly what they were shown.

    signature: base64. assertion: what else a passkey's signature covers (WebAuthn, section 6.3.3:
    `authenticator_data`, `client_data`), base64, empty for other keys.
    """

    kind: str
    key: DeviceKeyId
    shown: str
    signature: str
    assertion: Mapping[str, str] = field(default_factory=dict)
