"""What an approver signs with their device's key, and whether such a signature is good.

docs/specs/signed-approvals.md. A signature is checked by its kind, so that passkeys
(WebAuthn) stand beside keys of the command line in one format.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assent.audit import p256_keys
from assent.audit.assertions import Assertion, check_assertion
from assent.audit.cose_keys import check_point, key_check
from assent.core.canonical import Json, canonical_bytes

ED25519 = "ed25519"
ECDSA_P256 = "ecdsa-p256"
WEBAUTHN = "webauthn"

_APPROVAL = "assent-approval-v1"
_ENROLMENT = "assent-device-v1"
_KEY_BYTES = 32
_SIGNATURE_BYTES = 64
_BOUND = frozenset(
    {"details", "parameters", "salt", "session", "subject", "target", "text", "verb"}
)

_OF_A_PASSKEY = frozenset({"authenticator_data", "client_data"})


@dataclass(frozen=True, slots=True)
class Site:
    """Where a passkey is good. rp_id: the host that it was made for, empty for none.

    origin: exactly where it has to have been used, empty for anywhere on that host.
    """

    rp_id: str = ""
    origin: str = ""


NOWHERE = Site()


def approval_message(verdict: str, request: str, action_digest: str, shown: str) -> bytes:
    """Return the bytes that an approver signs: five lines, each with its newline.

    verdict: `approve`, `reject` or `offer`. shown: the digest of what they were shown.
    """
    return f"{_APPROVAL}\n{verdict}\n{request}\n{action_digest}\n{shown}\n".encode()


def enrolment_message(subject: str, challenge: str, kind: str, public_key: str) -> bytes:
    """Return the bytes that a device signs to prove that it holds the key."""
    return f"{_ENROLMENT}\n{subject}\n{challenge}\n{kind}\n{public_key}\n".encode()


def digest_of(document: Mapping[str, Json]) -> str:
    """Return `sha256:` and hex over the canonical bytes of a document.

    Raises ValueError where it lies outside of the canonical profile.
    """
    return "sha256:" + sha256(canonical_bytes(document)).hexdigest()


def check_document(
    document: Mapping[str, Json], request: str | None, action_digest: str, shown: str
) -> None:
    """Check that a document that was shown is the one signed, and shows the action signed.

    Raises ValueError that names what does not fit.
    """
    if digest_of(document) != shown:
        raise ValueError("the document is not the one whose digest was signed")
    if document.get("request") != request:
        raise ValueError("the document is of another request")
    action = document.get("action")
    bound = action.get("bound") if isinstance(action, Mapping) else None
    if not isinstance(bound, Mapping) or bound.keys() != _BOUND:
        raise ValueError("the document does not say what the action is")
    if digest_of(bound) != action_digest:
        raise ValueError("the document shows another action than the one that was signed")


def check_kind(kind: str) -> None:
    """Check that signatures of this kind can be checked. Raises ValueError."""
    _scheme(kind)


def check_public_key(kind: str, public_key: str) -> None:
    """Check that this is a key that can sign. Raises ValueError."""
    _scheme(kind)
    if kind == WEBAUTHN:
        key_check(decoded_any(public_key, "the public key"))
        return
    if kind == ECDSA_P256:
        point = decoded(public_key, p256_keys.POINT_BYTES, "the public key")
        p256_keys.check_point(point)
        return
    check_point(decoded(public_key, _KEY_BYTES, "the public key"))


def check_signature(
    kind: str,
    public_key: str,
    message: bytes,
    signature: str,
    assertion: Mapping[str, str],
    *,
    site: Site = NOWHERE,
) -> None:
    """Check a signature over `message`. assertion: what else a passkey's signature covers.

    site: where a passkey has to have been used. Raises ValueError for a kind that is not known,
    and where the signature does not fit.
    """
    _scheme(kind)(public_key, message, signature, assertion, site)


def is_known(kind: str) -> bool:
    """Return whether signatures of this kind can be checked."""
    return kind in _SCHEMES


def encoded(data: bytes) -> str:
    """Return standard, padded base64."""
    return b64encode(data).decode("ascii")


def decoded(text: str, length: int, what: str) -> bytes:
    """Return the bytes of canonical base64 of so many bytes. Raises ValueError."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise ValueError(f"{what} is not base64") from error
    if len(data) != length or encoded(data) != text:
        # Spare bits at the end would let two texts mean one signature.
        raise ValueError(f"{what} is not canonical base64 of {length} bytes")
    return data


def decoded_any(text: str, what: str) -> bytes:
    """Return the bytes of canonical base64 of any length. Raises ValueError."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise ValueError(f"{what} is not base64") from error
    if not data or encoded(data) != text:
        raise ValueError(f"{what} is not canonical base64")
    return data


def _ed25519(
    public_key: str, message: bytes, signature: str, assertion: Mapping[str, str], _: Site
) -> None:
    if assertion:
        raise ValueError("a signature of kind `ed25519` has no assertion beside it")
    check_public_key(ED25519, public_key)
    key = Ed25519PublicKey.from_public_bytes(decoded(public_key, _KEY_BYTES, "the public key"))
    try:
        key.verify(decoded(signature, _SIGNATURE_BYTES, "the signature"), message)
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None


def _ecdsa_p256(
    public_key: str, message: bytes, signature: str, assertion: Mapping[str, str], _: Site
) -> None:
    if assertion:
        raise ValueError("a signature of kind `ecdsa-p256` has no assertion beside it")
    point = decoded(public_key, p256_keys.POINT_BYTES, "the public key")
    raw = decoded(signature, p256_keys.SIGNATURE_BYTES, "the signature")
    p256_keys.check(point, message, raw)


def _webauthn(
    public_key: str, message: bytes, signature: str, assertion: Mapping[str, str], site: Site
) -> None:
    if assertion.keys() != _OF_A_PASSKEY:
        raise ValueError("a passkey signs `authenticator_data` and `client_data`, and nothing else")
    if not site.rp_id:
        raise ValueError("it is not known for which site this passkey was made")
    given = Assertion(
        decoded_any(assertion["authenticator_data"], "the authenticator's data"),
        decoded_any(assertion["client_data"], "the browser's data"),
        decoded_any(signature, "the signature"),
    )
    key = decoded_any(public_key, "the public key")
    check_assertion(key, site.rp_id, sha256(message).digest(), given, site.origin)


_Scheme: TypeAlias = Callable[[str, bytes, str, Mapping[str, str], Site], None]
_SCHEMES: Mapping[str, _Scheme] = {
    ED25519: _ed25519,
    ECDSA_P256: _ecdsa_p256,
    WEBAUTHN: _webauthn,
}


def _scheme(kind: str) -> _Scheme:
    found = _SCHEMES.get(kind)
    if found is None:
        known = ", ".join(f"`{name}`" for name in sorted(_SCHEMES))
        raise ValueError(f"a key of kind `{kind[:80]}` is not supported; use one of kind {known}")
    return found
