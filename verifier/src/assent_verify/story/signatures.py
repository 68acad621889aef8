"""What an approver signs with a device's key, and whether such a signature is good.

docs/specs/signed-approvals.md; RFC 8032 (Ed25519).
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assent_verify import canonical

ED25519 = "ed25519"
OF_A_SIGNATURE = frozenset({"key", "key_kind", "shown", "signature"})

_BOUND = frozenset(
    {"details", "parameters", "salt", "session", "subject", "target", "text", "verb"}
)

# Points of small order, without their sign: under such a key one signature fits every message.
_WEAK = frozenset(
    bytes.fromhex(text)
    for text in (
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)


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


def check_public_key(text: str) -> None:
    """Check that this is a key that can sign. Raises ValueError."""
    raw = _decoded(text, 32, "the public key")
    if raw[:-1] + bytes([raw[-1] & 0x7F]) in _WEAK:
        raise ValueError("the public key is one under which everything would be signed")


def check_signature(public_key: str, signed: bytes, signature: str) -> None:
    """Check an Ed25519 signature. Raises ValueError where it does not fit."""
    check_public_key(public_key)
    key = Ed25519PublicKey.from_public_bytes(_decoded(public_key, 32, "the public key"))
    try:
        key.verify(_decoded(signature, 64, "the signature"), signed)
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None


def _digest(document: Mapping[str, Any]) -> str:
    return "sha256:" + sha256(canonical.write(document)).hexdigest()


def _decoded(text: str, length: int, what: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise ValueError(f"{what} is not base64") from error
    if len(data) != length or b64encode(data).decode("ascii") != text:
        # Spare bits at the end would let two texts mean one signature.
        raise ValueError(f"{what} is not canonical base64 of {length} bytes")
    return data
