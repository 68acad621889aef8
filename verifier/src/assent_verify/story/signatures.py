"""What an approver signs with a device's key, and whether such a signature is good.

docs/specs/signed-approvals.md; RFC 8032 (Ed25519).
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assent_verify import canonical
from assent_verify.story import p256_keys, passkeys
from assent_verify.story.small_order import check_point

ED25519 = "ed25519"
ECDSA_P256 = "ecdsa-p256"
WEBAUTHN = "webauthn"
OF_A_SIGNATURE = frozenset({"key", "key_kind", "shown", "signature"})

_BOUND = frozenset(
    {"details", "parameters", "salt", "session", "subject", "target", "text", "verb"}
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it was enrolled. rp_id: the site that a passkey was made for, else empty."""

    kind: str
    public_key: str
    rp_id: str = ""


def message(verdict: str, request: str, action_digest: str, shown: str) -> bytes:
    """Return the bytes that an approver signs: five lines, each with its newline."""
    return f"assent-approval-v1\n{verdict}\n{request}\n{action_digest}\n{shown}\n".encode()


def check_document(document: Any, request: str, action_digest: str, shown: str) -> None:
    """Check that what was shown is what was signed. Raises ValueError that says what is not."""
    if not isinstance(document, dict):
        raise ValueError("there is no document of what was shown beside it")
    if _digest(document) != shown:
        raise ValueError("the document is not the one whose digest was signed")
    if document.get("request") != request:
        raise ValueError("the document is of another request")
    action = document.get("action")
    bound = action.get("bound") if isinstance(action, dict) else None
    if not isinstance(bound, dict) or bound.keys() != _BOUND:
        raise ValueError("the document does not say what the action is")
    if _digest(bound) != action_digest:
        raise ValueError("the document shows another action than the one that was signed")


def is_known(kind: str) -> bool:
    """Return whether signatures by keys of this kind can be checked here."""
    return kind in _SCHEMES


def check_public_key(key: Key) -> None:
    """Check that this is a key of its kind that can sign. Raises ValueError."""
    _SCHEMES[key.kind].check_key(key)


def check_signature(key: Key, signed: bytes, signature: str, assertion: Any) -> None:
    """Check a signature over `signed`. Raises ValueError where it does not fit.

    assertion: what else was signed, as the entry says it; None where it says nothing.
    """
    check_public_key(key)
    _SCHEMES[key.kind].check(key, signed, signature, assertion)


def _ed25519_key(key: Key) -> None:
    check_point(_decoded(key.public_key, 32, "the public key"))


def _ed25519(key: Key, signed: bytes, signature: str, assertion: Any) -> None:
    _check_alone(key, assertion)
    public = Ed25519PublicKey.from_public_bytes(_decoded(key.public_key, 32, "the public key"))
    try:
        public.verify(_decoded(signature, 64, "the signature"), signed)
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None


def _p256_key(key: Key) -> None:
    p256_keys.check_key(_decoded(key.public_key, p256_keys.POINT_BYTES, "the public key"))


def _p256(key: Key, signed: bytes, signature: str, assertion: Any) -> None:
    _check_alone(key, assertion)
    point = _decoded(key.public_key, p256_keys.POINT_BYTES, "the public key")
    raw = _decoded(signature, p256_keys.SIGNATURE_BYTES, "the signature")
    p256_keys.check_signature(point, signed, raw)


def _passkey_key(key: Key) -> None:
    passkeys.read_key(_decoded(key.public_key, None, "the public key"))
    if not key.rp_id:
        raise ValueError("it does not say for which site the passkey was made")


def _passkey(key: Key, signed: bytes, signature: str, assertion: Any) -> None:
    if not isinstance(assertion, dict) or assertion.keys() != passkeys.OF_AN_ASSERTION:
        raise ValueError("what a passkey signs besides is not beside its signature")
    if not all(isinstance(text, str) for text in assertion.values()):
        raise ValueError("what a passkey signs besides is no text")
    passkeys.check_assertion(
        _decoded(key.public_key, None, "the public key"),
        key.rp_id,
        signed,
        _decoded(signature, None, "the signature"),
        _decoded(assertion["authenticator_data"], None, "its authenticator data"),
        _decoded(assertion["client_data"], None, "its client data"),
    )


def _check_alone(key: Key, assertion: Any) -> None:
    if assertion is not None:
        raise ValueError(f"a signature of kind `{key.kind}` has no assertion beside it")


@dataclass(frozen=True, slots=True)
class _Scheme:
    check_key: Callable[[Key], None]
    check: Callable[[Key, bytes, str, Any], None]


_SCHEMES: Mapping[str, _Scheme] = {
    ED25519: _Scheme(_ed25519_key, _ed25519),
    ECDSA_P256: _Scheme(_p256_key, _p256),
    WEBAUTHN: _Scheme(_passkey_key, _passkey),
}


def _digest(document: Mapping[str, Any]) -> str:
    return "sha256:" + sha256(canonical.write(document)).hexdigest()


def _decoded(text: str, length: int | None, what: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise ValueError(f"{what} is not base64") from error
    if length not in (None, len(data)) or b64encode(data).decode("ascii") != text:
        # Spare bits at the end would let two texts mean one signature.
        size = "" if length is None else f" of {length} bytes"
        raise ValueError(f"{what} is not canonical base64{size}")
    return data
