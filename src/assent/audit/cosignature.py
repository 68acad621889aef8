"""Cosignatures: what a witness signs of a checkpoint, and when (C2SP tlog-cosignature 1.1).

A cosignature says that, at that time, this was the largest tree of the log that the witness
knew, and that it continues every earlier one that it knew. Two types: Ed25519 (0x04) and
ML-DSA-44 (0x06, FIPS 204), which no quantum computer is known to break.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from assent.audit.checkpoint import parse_checkpoint
from assent.audit.note import (
    MAX_SIGNATURES,
    check_name,
    key_id,
    parse_signature_line,
    signature_line,
    split_verifier,
    verifier_text,
)
from assent.core.secret import Secret

ED25519 = 0x04
ML_DSA_44 = 0x06
KINDS = {"ed25519": ED25519, "ml-dsa-44": ML_DSA_44}

_KEY_BYTES = {ED25519: 32, ML_DSA_44: 1312}
_SIGNATURE_BYTES = {ED25519: 64, ML_DSA_44: 2420}
_TIME_BYTES = 8
_LAST_TIME = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_SUBTREE_LABEL = b"subtree/v1\n\0"

_PrivateKey: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """The public half of a witness's key. kind: the type byte, ED25519 or ML_DSA_44."""

    name: str
    kind: int
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != _KEY_BYTES.get(self.kind):
            raise ValueError(f"key of `{self.name}` is not one of a witness (type 4 or 6)")

    @property
    def key_id(self) -> bytes:
        """Four bytes that say which key it may be."""
        return key_id(self.name, self._typed)

    def text(self) -> str:
        """Return the verifier key as people hand it on: `name+id+base64`."""
        return verifier_text(self.name, self._typed)

    @property
    def _typed(self) -> bytes:
        return bytes([self.kind]) + self.public_key

    def verify(self, text: str, signature: bytes) -> bool:
        """Return whether `signature` is by this key over the checkpoint `text`."""
        try:
            time, bare = split_signature(self.kind, signature)
            message = cosigned_message(self.kind, self.name, time, text)
            if self.kind == ED25519:
                Ed25519PublicKey.from_public_bytes(self.public_key).verify(bare, message)
            else:
                MLDSA44PublicKey.from_public_bytes(self.public_key).verify(bare, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_cosigner(text: str) -> CosignatureVerifier:
    """Return the key that `CosignatureVerifier.text` wrote. Raises ValueError that says where."""
    name, key = split_verifier(text)
    if key[:1] == b"\x01":
        raise ValueError(f"the key of `{name[:80]}` is one of a log (type 1), not of a witness")
    return CosignatureVerifier(name, key[0] if key else 0, key[1:])


class Cosigner:
    """Signs checkpoints as a witness. seed: 32 secret bytes (RFC 8032; FIPS 204, section 5.1)."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, kind: int, seed: Secret[bytes]) -> None:
        self._key: _PrivateKey
        if kind == ED25519:
            self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        elif kind == ML_DSA_44:
            self._key = MLDSA44PrivateKey.from_seed_bytes(seed.reveal())
        else:
            raise ValueError(f"{kind} is no type of a witness's key")
        public = self._key.public_key().public_bytes_raw()
        self.verifier = CosignatureVerifier(name, kind, public)

    def line(self, text: str, at: datetime) -> str:
        """Return the signature line over the checkpoint `text`, without its newline.

        Raises ValueError where it is no checkpoint, or one with extensions that this type of key
        says nothing about.
        """
        verifier = self.verifier
        time = int(at.timestamp())
        message = cosigned_message(verifier.kind, verifier.name, time, text)
        signature = time.to_bytes(_TIME_BYTES, "big") + self._key.sign(message)
        return signature_line(verifier.name, verifier.key_id, signature)


@dataclass(frozen=True, slots=True)
class OpenedCosignature:
    """A cosignature that holds. at: when the witness says that it signed, in whole seconds."""

    line: str
    at: datetime


def open_cosignature(
    lines: str, verifier: CosignatureVerifier, text: str
) -> OpenedCosignature | None:
    """Return the cosignature of `verifier` on the checkpoint `text` among signature lines.

    lines: each with its newline. Those of keys that nobody asked for are passed over. None where
    there is none of it. Raises ValueError where a line is malformed or the signature is wrong.
    """
    if not lines.endswith("\n") or lines.count("\n") > MAX_SIGNATURES:
        raise ValueError(f"must be 1 to {MAX_SIGNATURES} signature lines, each with its newline")
    for line in lines[:-1].split("\n"):
        name, named_id, signature = parse_signature_line(line)
        if (name, named_id) != (verifier.name, verifier.key_id):
            continue
        if not verifier.verify(text, signature):
            raise ValueError(f"the cosignature of `{name}` does not fit the checkpoint")
        time, _ = split_signature(verifier.kind, signature)
        return OpenedCosignature(line, datetime.fromtimestamp(time, UTC))
    return None


def split_signature(kind: int, signature: bytes) -> tuple[int, bytes]:
    """Return POSIX time and bare signature of a `timestamped_signature`. Raises ValueError."""
    time, bare = int.from_bytes(signature[:_TIME_BYTES], "big"), signature[_TIME_BYTES:]
    if len(bare) != _SIGNATURE_BYTES[kind] or time > _LAST_TIME:
        raise ValueError("a cosignature is a time and a signature of its type")
    return time, bare


def cosigned_message(kind: int, name: str, time: int, text: str) -> bytes:
    """Return what a witness signs of the checkpoint `text`. Raises ValueError.

    Source: tlog-cosignature, "Ed25519 signed message" and "ML-DSA-44 signed message".
    """
    body = parse_checkpoint(text)
    if kind == ED25519:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    if body.extensions:
        # They are no part of the message; a signature must not seem to be about them.
        raise ValueError("an ml-dsa-44 cosignature says nothing about extension lines")
    return subtree_message(name, time, body.origin, 0, body.size, body.root)


def subtree_message(name: str, time: int, origin: str, start: int, end: int, root: bytes) -> bytes:
    """Return the structure `cosigned_message` of ML-DSA-44 cosignatures. Raises ValueError."""
    named = []
    for text in (name, origin):
        data = text.encode()
        if not 0 < len(data) < 256:
            raise ValueError("the name of a witness or a log has 1 to 255 bytes")
        named.append(bytes([len(data)]) + data)
    numbers = [number.to_bytes(8, "big") for number in (time, start, end)]
    return b"".join((_SUBTREE_LABEL, named[0], numbers[0], named[1], *numbers[1:], root))
