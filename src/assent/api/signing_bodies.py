"""What clients send to prove what they were shown, and to enrol the device that signs it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from assent.api.bodies import AnswerBody, Body
from assent.control.device_keys import LONGEST_NAME
from assent.control.signing import Proof
from assent.core.device_key import ApprovalSignature
from assent.core.ids import DeviceKeyId

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Base64 = Annotated[
    str, StringConstraints(min_length=1, max_length=8192, pattern=r"^[A-Za-z0-9+/]+={0,2}$")
]
Kind = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[a-z0-9-]+$")]
KeyId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9_]+$")]
Named = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z_]+$")]


class SignatureBody(Body):
    """A signature by an enrolled device over `shown`.

    kind: `ed25519`; others are refused. assertion: what else a passkey's signature covers.
    """

    kind: Kind
    key: KeyId
    signature: Base64
    assertion: Annotated[dict[Named, Base64], Field(max_length=4, default_factory=dict)]


class ProvedBody(AnswerBody):
    """An answer to exactly what was shown. shown: its digest, null where nobody looked at it.

    signature: over it, with `shown`.
    """

    shown: Digest | None = None
    signature: SignatureBody | None = None

    @property
    def proof(self) -> Proof:
        """Return what proves the answer."""
        shown, signed = self.shown or "", self.signature
        if signed is None:
            return Proof(shown)
        key = DeviceKeyId(signed.key)
        return Proof(
            shown,
            ApprovalSignature(signed.kind, key, shown, signed.signature, dict(signed.assertion)),
        )


class ApproveBody(ProvedBody):
    """An assent."""


class EnrolBody(Body):
    """A device's public key. challenge: as it was handed out; proof: its signature over it.

    public_key: base64 of 32 bytes for `ed25519`, of an uncompressed point for `ecdsa-p256`.
    protection: where the device says that the private half is.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
    kind: Kind
    public_key: Base64
    challenge: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    proof: Base64
    protection: Literal["file", "keyring", "tpm"] | None = None
