"""Signed notes: a text and signatures under it (C2SP signed-note 1.0).

A note is the text, an empty line, and one line for each signature:
`— <key name> <base64 of key id and signature>`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assent.core.secret import Secret

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_PUBLIC_KEY_BYTES = 32
_SIGNATURE_PREFIX = "— "
_KEY_NAME = re.compile(r"[^\s+\x00-\x1f\x7f-\x9f]{1,255}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class UntrustedNote(ValueError):
    """A note that is well formed, but that none of the verifiers signed."""


class NoteVerifier(Protocol):
    """The public half of a key of any type that can sign notes."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def text(self) -> str:
        """Return the verifier key as people hand it on."""
        ...

    def verify(self, text: str, signature: bytes) -> bool:
        """Return whether `signature` is by this key over `text`."""
        ...


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key. name: the key name; a log signs under its origin."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public_key) != _PUBLIC_KEY_BYTES:
            raise ValueError(f"an ed25519 public key has {_PUBLIC_KEY_BYTES} bytes")

    @property
    def key_id(self) -> bytes:
        """Four bytes that say which key it may be; a hint, never a proof (signed-note)."""
        return key_id(self.name, _ED25519 + self.public_key)

    def text(self) -> str:
        """Return the verifier key as people hand it on: `name+id+base64`."""
        return verifier_text(self.name, _ED25519 + self.public_key)

    def verify(self, text: str, signature: bytes) -> bool:
        """Return whether `signature` is by this key over `text`."""
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public_key)
            key.verify(signature, text.encode("utf-8"))
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_verifier(text: str) -> Verifier:
    """Return the verifier that `Verifier.text` wrote. Raises ValueError that says where."""
    name, key = split_verifier(text)
    if key[:1] != _ED25519 or len(key) != 1 + _PUBLIC_KEY_BYTES:
        raise ValueError(f"verifier key of `{name[:80]}` is not an ed25519 key (type 1)")
    return Verifier(name, key[1:])


def split_verifier(text: str) -> tuple[str, bytes]:
    """Return name and typed key (type byte and public key) of a verifier key of any type.

    Raises ValueError that says where, also when its id is not the one of name and key.
    """
    parts = text.split("+", 2)
    if len(parts) != 3:
        raise ValueError(f"verifier key `{text[:80]}` is not `name+id+base64`")
    name, named_id, encoded = parts
    check_name(name)
    key = decode_base64(encoded, "verifier key")
    if key_id(name, key).hex() != named_id:
        raise ValueError(f"verifier key of `{name[:80]}` does not have the id `{named_id[:16]}`")
    return name, key


def key_id(name: str, typed_key: bytes) -> bytes:
    """Return the key id of a key: four bytes over its name, type byte and public key."""
    return sha256(name.encode() + b"\n" + typed_key).digest()[:_KEY_ID_BYTES]


def verifier_text(name: str, typed_key: bytes) -> str:
    """Return a verifier key as people hand it on: `name+id+base64`."""
    return f"{name}+{key_id(name, typed_key).hex()}+{_encode(typed_key)}"


def signature_line(name: str, named_id: bytes, signature: bytes) -> str:
    """Return the line of a note that holds a signature, without its newline."""
    return f"{_SIGNATURE_PREFIX}{name} {_encode(named_id + signature)}"


class Signer:
    """Signs notes under one name. seed: the 32 secret bytes of an Ed25519 key (RFC 8032)."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, seed: Secret[bytes]) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @property
    def name(self) -> str:
        """The key name; for a log, its origin."""
        return self.verifier.name

    @property
    def verifier_key(self) -> str:
        """The public key as people hand it on."""
        return self.verifier.text()

    def sign(self, text: str) -> str:
        """Return the note: `text`, which must end in a newline, and one signature."""
        return f"{text}\n{self.line(text)}\n"

    def line(self, text: str) -> str:
        """Return the signature line under `text`, without its newline."""
        _check_text(text)
        signature = self._key.sign(text.encode("utf-8"))
        return signature_line(self.name, self.verifier.key_id, signature)

    def derived(self, purpose: bytes) -> Secret[bytes]:
        """Return 32 secret bytes for another purpose: HKDF-SHA-256 without salt (RFC 5869)."""
        derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive
        return Secret(derive(self._key.private_bytes_raw()))

    def all_derived(self, purpose: bytes) -> tuple[Secret[bytes], ...]:
        """Return what is derived of each key that signs, of the newest one first."""
        return (self.derived(purpose),)


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note whose signatures hold. signed_by: the verifiers that signed, in their order.

    unknown: how many signatures are by keys that nobody here knows; they prove nothing.
    """

    text: str
    signed_by: tuple[NoteVerifier, ...]
    unknown: int


def open_note(note: str, verifiers: Sequence[NoteVerifier]) -> OpenedNote:
    """Return the note's text once it is proved that at least one of `verifiers` signed it.

    One wrong signature of a known key refuses the note, whatever the others say. Raises
    UntrustedNote when no verifier signed, ValueError when the note is malformed or wrong.
    """
    text, signatures = split_note(note)
    signed_by: list[NoteVerifier] = []
    unknown = 0
    for name, named_id, signature in signatures:
        verifier = _find(verifiers, name, named_id)
        if verifier is None:
            unknown += 1
            continue
        if not verifier.verify(text, signature):
            raise ValueError(f"the signature of `{name}` does not fit the note")
        if verifier not in signed_by:
            signed_by.append(verifier)
    if not signed_by:
        names = ", ".join(f"`{name}+{named_id.hex()}`" for name, named_id, _ in signatures[:5])
        raise UntrustedNote(f"no trusted key signed the note, only {names}")
    return OpenedNote(text, tuple(signed_by), unknown)


def split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Return the text and its signatures (key name, key id, signature), none of them checked.

    Raises ValueError where the note is malformed.
    """
    if len(note.encode("utf-8")) > MAX_NOTE_BYTES:
        raise ValueError(f"a note has at most {MAX_NOTE_BYTES} bytes")
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise ValueError("a note is a text, an empty line and signature lines")
    text = head + "\n"
    _check_text(text)
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise ValueError(f"a note has at most {MAX_SIGNATURES} signatures")
    return text, [parse_signature_line(line) for line in lines]


def parse_signature_line(line: str) -> tuple[str, bytes, bytes]:
    """Return key name, key id and signature of a line. Raises ValueError."""
    name, space, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    if not line.startswith(_SIGNATURE_PREFIX) or not space:
        raise ValueError(f"signature line `{line[:80]}` is not `— name base64`")
    check_name(name)
    data = decode_base64(encoded, f"signature of `{name}`")
    if len(data) <= _KEY_ID_BYTES:
        raise ValueError(f"signature of `{name}` is too short")
    return name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:]


def _find(verifiers: Sequence[NoteVerifier], name: str, named_id: bytes) -> NoteVerifier | None:
    matching = [item for item in verifiers if (item.name, item.key_id) == (name, named_id)]
    if len({item.text() for item in matching}) > 1:
        raise ValueError(f"two verifier keys of `{name}` share the id `{named_id.hex()}`")
    return matching[0] if matching else None


def check_name(name: str) -> None:
    """Raise ValueError for what cannot be the name of a key (signed-note)."""
    if not _KEY_NAME.fullmatch(name):
        raise ValueError(f"key name `{name[:80]}` must not be empty or hold spaces or `+`")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("a note's text ends in a newline and holds no other control characters")


def _encode(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def decode_base64(text: str, what: str) -> bytes:
    """Return the bytes of canonical base64. Raises ValueError that names `what`."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise ValueError(f"{what} is not base64") from error
    if _encode(data) != text:
        # Spare bits at the end would let two texts mean one signature.
        raise ValueError(f"{what} is not canonical base64")
    return data
