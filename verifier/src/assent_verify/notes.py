"""Signed notes, and the checkpoints in them (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

A note is a text, an empty line, and one line for each signature:
`— <key name> <base64 of key id and signature>`.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from assent_verify.tree import HASH_BYTES

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100

ED25519 = 0x01
"""A log's signature: Ed25519 over the text."""
COSIGNATURE = 0x04
"""A witness's: Ed25519 over a time and the text."""
COSIGNATURE_ML_DSA_44 = 0x06
"""A witness's: ML-DSA-44 over names, a time and the tree."""

_KEY_BYTES = {ED25519: 32, COSIGNATURE: 32, COSIGNATURE_ML_DSA_44: 1312}
_TIME_BYTES = 8
_PREFIX = "— "
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f-\x9f]{1,255}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Key:
    """The public half of a key. kind: `ED25519`, `COSIGNATURE` or `COSIGNATURE_ML_DSA_44`."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that say which key it may be; a hint, never a proof."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.public).digest()[:4]

    def text(self) -> str:
        """Return the verifier key as people hand it on: `name+id+base64`."""
        return f"{self.name}+{self.id.hex()}+{_encoded(bytes([self.kind]) + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says that they signed, and what they signed with."""

    name: str
    key_id: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note whose signatures nobody has looked at yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says; nothing here reads its further lines.

    place: how to call it in a sentence. source: the note, verbatim.
    """

    place: str
    source: str
    note: Note
    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A good signature. time: when, in POSIX seconds, where the kind says it; else None."""

    key: Key
    time: int | None


class BadSignature(ValueError):
    """A signature of a key that is known does not fit: the note is to be refused."""


def parse_key(text: str) -> Key:
    """Return the key that a verifier key names. Raises ValueError."""
    name, _, rest = text.strip().partition("+")
    shown, _, encoded = rest.partition("+")
    raw = _decoded(encoded, "a verifier key")
    if not _NAME.fullmatch(name) or not raw or len(raw[1:]) != _KEY_BYTES.get(raw[0]):
        raise ValueError(f"`{text[:80]}` is not a verifier key, `name+id+base64`, of a kind known")
    key = Key(name, raw[0], raw[1:])
    if key.id.hex() != shown:
        raise ValueError(f"the id of verifier key `{text[:80]}` is not that of its key")
    return key


def parse_note(source: str) -> Note:
    """Return the text and signatures of a note. Raises ValueError that says what is wrong."""
    if len(source.encode("utf-8", "surrogatepass")) > MAX_NOTE_BYTES:
        raise ValueError(f"a note has at most {MAX_NOTE_BYTES} bytes")
    if _CONTROL.search(source):
        raise ValueError("a note has no control characters but newlines")
    text, gap, rest = source.rpartition("\n\n")
    if not gap or not rest.endswith("\n"):
        raise ValueError("a note is a text, an empty line and signature lines, ending in a newline")
    lines = rest[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise ValueError(f"a note has at most {MAX_SIGNATURES} signatures")
    return Note(f"{text}\n", tuple(_parse_line(line) for line in lines))


def parse_checkpoint(place: str, source: str) -> Checkpoint:
    """Return what the note of a checkpoint says. Raises ValueError that names what is wrong."""
    note = parse_note(source)
    lines = note.text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise ValueError("a checkpoint has an origin, a size and a root, and no empty lines")
    origin, size, encoded = lines[:3]
    if not _SIZE.fullmatch(size) or int(size) > _MAX_SIZE:
        raise ValueError(f"line 2 of the checkpoint, the size, is malformed: `{size[:40]}`")
    root = _decoded(encoded, "line 3 of the checkpoint, the root,")
    if len(root) != HASH_BYTES:
        raise ValueError(f"line 3 of the checkpoint, the root, has {len(root)} bytes, not 32")
    return Checkpoint(place, source, note, origin, int(size), root)


def signed_by(checkpoint: Checkpoint, keys: Iterable[Key]) -> list[Signed]:
    """Return the good signatures of `keys`; those of keys not among them are ignored.

    Raises BadSignature where one of a key among them does not fit (signed-note, Signatures).
    """
    known = {(key.name, key.id): key for key in keys}
    found: list[Signed] = []
    for signature in checkpoint.note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        try:
            found.append(Signed(key, _verify(key, checkpoint, signature.data)))
        except (InvalidSignature, ValueError) as error:
            raise BadSignature(f"the signature by `{key.name}` does not fit") from error
    return found


def _verify(key: Key, checkpoint: Checkpoint, data: bytes) -> int | None:
    if key.kind == ED25519:
        Ed25519PublicKey.from_public_bytes(key.public).verify(data, checkpoint.note.text.encode())
        return None
    time = int.from_bytes(data[:_TIME_BYTES], "big")
    if len(data) <= _TIME_BYTES or time > _MAX_SIZE:
        raise ValueError("a cosignature is a time and a signature")
    rest = data[_TIME_BYTES:]
    if key.kind == COSIGNATURE:
        # tlog-cosignature, Ed25519 signed message.
        message = f"cosignature/v1\ntime {time}\n{checkpoint.note.text}".encode()
        Ed25519PublicKey.from_public_bytes(key.public).verify(rest, message)
        return time
    # tlog-cosignature, ML-DSA-44 signed message.
    name, origin = key.name.encode(), checkpoint.origin.encode()
    if len(origin) > 255:
        raise ValueError("an origin has at most 255 bytes")
    message = b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(name)]) + name,
            data[:_TIME_BYTES],
            bytes([len(origin)]) + origin,
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )
    MLDSA44PublicKey.from_public_bytes(key.public).verify(rest, message)
    return time


def _parse_line(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_PREFIX).partition(" ")
    if not line.startswith(_PREFIX) or not _NAME.fullmatch(name):
        raise ValueError(f"malformed signature line: `{line[:80]}`")
    raw = _decoded(encoded, f"the signature by `{name[:80]}`")
    if len(raw) < 5:
        raise ValueError(f"the signature by `{name[:80]}` is too short")
    return Signature(name, raw[:4], raw[4:])


def _encoded(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _decoded(text: str, what: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise ValueError(f"{what} is not base64") from error
    if _encoded(data) != text:
        # Spare bits at the end would let two texts mean one thing.
        raise ValueError(f"{what} is not canonical base64")
    return data
