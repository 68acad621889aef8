"""What an answer's form says of what was shown, and of the passkey that signed it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form

from assent.audit.approval_signatures import WEBAUTHN
from assent.control.signing import Proof
from assent.core.device_key import ApprovalSignature
from assent.core.ids import DeviceKeyId

_BASE64 = r"^[A-Za-z0-9+/]*={0,2}$"
Digest = Annotated[str, Form(max_length=71, pattern=r"^$|^sha256:[0-9a-f]{64}$")]
KeyId = Annotated[str, Form(max_length=64)]
Base64 = Annotated[str, Form(max_length=8192, pattern=_BASE64)]


@dataclass(frozen=True, slots=True)
class SignedForm:
    """Hidden fields, the last four filled in by the script where there is a passkey.

    shown: digest of what the page showed, or of the offer that was signed.
    """

    shown: Digest = ""
    signature_key: KeyId = ""
    signature: Base64 = ""
    authenticator_data: Base64 = ""
    client_data: Base64 = ""

    @property
    def proof(self) -> Proof:
        """Return what proves the answer."""
        if not self.signature:
            return Proof(self.shown)
        beside = {"authenticator_data": self.authenticator_data, "client_data": self.client_data}
        key = DeviceKeyId(self.signature_key)
        return Proof(
            self.shown, ApprovalSignature(WEBAUTHN, key, self.shown, self.signature, beside)
        )


Signed = Annotated[SignedForm, Depends()]
