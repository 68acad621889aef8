"""An authenticator and a browser in Python: makes passkeys and signs with them, well or badly."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assent.audit.approval_signatures import encoded

ORIGIN = "http://localhost:8470"
RP_ID = "localhost"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def cbor(value: object) -> bytes:
    """Return canonical CBOR of numbers, bytes, text and maps in the order given."""
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    assert isinstance(value, dict)
    return _head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    if number < 256:
        return bytes([major << 5 | 24, number])
    return bytes([major << 5 | 25]) + number.to_bytes(2)


@dataclass
class Passkey:
    """A passkey of one person. counts: whether it counts its signatures."""

    kind: str = "ES256"
    rp_id: str = RP_ID
    origin: str = ORIGIN
    user: str = ""
    seed: int = 1
    sign_count: int = 0
    counts: bool = True
    key: Any = field(init=False)

    def __post_init__(self) -> None:
        match self.kind:
            case "ES256":
                self.key = ec.derive_private_key(self.seed, ec.SECP256R1())
            case "EdDSA":
                self.key = Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)
            case _:
                self.key = rsa.generate_private_key(65537, 2048)

    @property
    def credential_id(self) -> bytes:
        return sha256(f"{self.kind} {self.seed}".encode()).digest()

    @property
    def cose(self) -> bytes:
        public = self.key.public_key()
        if self.kind == "ES256":
            at = public.public_numbers()
            return cbor({1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32), -3: at.y.to_bytes(32)})
        if self.kind == "EdDSA":
            return cbor({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})
        numbers = public.public_numbers()
        return cbor({1: 3, 3: -257, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)})

    def sign(self, data: bytes) -> bytes:
        if self.kind == "ES256":
            return bytes(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        if self.kind == "EdDSA":
            return bytes(self.key.sign(data))
        return bytes(self.key.sign(data, padding.PKCS1v15(), hashes.SHA256()))

    def create(self, options: dict[str, Any], **said: Any) -> str:
        """Return what a browser answers to `navigator.credentials.create`."""
        self.user = _text(options["user"]["id"])
        flags = said.pop("flags", PRESENT | VERIFIED | ATTESTED)
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + self.cose
        data = self._data(flags, said) + attested
        made = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": base64url(
                self.client_data("webauthn.create", options["challenge"], **said)
            ),
            "attestationObject": base64url(made),
            "transports": ["internal"],
        }
        return self._credential(response)

    def get(self, options: dict[str, Any], **said: Any) -> str:
        """Return what a browser answers to `navigator.credentials.get`."""
        data, client, signature = self.assertion(options["challenge"], **said)
        response = {
            "clientDataJSON": base64url(client),
            "authenticatorData": base64url(data),
            "signature": base64url(signature),
            "userHandle": base64url((said.get("user") or self.user).encode()),
        }
        return self._credential(response)

    def assertion(self, challenge: str, **said: Any) -> tuple[bytes, bytes, bytes]:
        """Return what is signed, by whom, and the signature. challenge: base64url."""
        if self.counts and "sign_count" not in said:
            self.sign_count += 1
        flags = said.pop("flags", PRESENT | VERIFIED)
        data = self._data(flags, said)
        client = self.client_data(said.pop("type", "webauthn.get"), challenge, **said)
        return data, client, self.sign(data + sha256(client).digest())

    def approval(self, message: bytes, **said: Any) -> tuple[str, dict[str, str]]:
        """Return the signature of an approval and what lies beside it, base64."""
        challenge = base64url(sha256(message).digest())
        data, client, signature = self.assertion(challenge, **said)
        beside = {"authenticator_data": encoded(data), "client_data": encoded(client)}
        return encoded(signature), beside

    def client_data(self, type: str, challenge: str, **said: Any) -> bytes:
        body = {
            "type": type,
            "challenge": challenge,
            "origin": said.get("origin", self.origin),
            "crossOrigin": said.get("cross_origin", False),
        }
        return json.dumps(body).encode()

    def _data(self, flags: int, said: dict[str, Any]) -> bytes:
        rp_id, count = said.get("rp_id", self.rp_id), said.get("sign_count", self.sign_count)
        return sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4)

    def _credential(self, response: dict[str, Any]) -> str:
        name = base64url(self.credential_id)
        body = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return json.dumps({**body, "clientExtensionResults": {}})


def _text(data: str) -> str:
    from webauthn.helpers import base64url_to_bytes

    return base64url_to_bytes(data).decode()
