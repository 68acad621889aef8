"""Small exports, and every way to make a wrong one: written with no code that is tested."""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assent_verify.notes import parse_key
from assent_verify.policy import Policy, of_keys
from assent_verify.report import Check, Report, Status
from assent_verify.verification import Asked, verify

ORIGIN = "gateway.example/audit"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32


@dataclass(frozen=True)
class SigningKey:
    """A key of a log (kind 1) or of a witness (kind 4)."""

    name: str = ORIGIN
    seed: int = 7
    kind: int = 1

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes([self.seed]) * 32)

    @property
    def text(self) -> str:
        public = bytes([self.kind]) + self.private.public_key().public_bytes_raw()
        return f"{self.name}+{self.id.hex()}+{b64encode(public).decode()}"

    @property
    def id(self) -> bytes:
        public = bytes([self.kind]) + self.private.public_key().public_bytes_raw()
        return sha256(self.name.encode() + b"\n" + public).digest()[:4]

    def line(self, text: str, at: datetime = NOON) -> str:
        """Return the signature line over the text of a note."""
        data = b""
        message = text.encode()
        if self.kind == 4:
            seconds = int(at.timestamp())
            data = seconds.to_bytes(8, "big")
            message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        signed = self.id + data + self.private.sign(message)
        return f"— {self.name} {b64encode(signed).decode()}\n"


KEY = SigningKey()
WITNESS = SigningKey("witness.example/w1", 11, 4)
SECOND = SigningKey("witness.example/w2", 12, 4)


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def a_leaf(number: int = 0, kind: str = "login", **others: Any) -> bytes:
    at = others.pop("at", NOON + timedelta(milliseconds=number))
    leaf = {
        "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "facts": {},
        "id": f"ent_{number:026d}",
        "kind": kind,
        "payload": None,
        "request": None,
        "session": None,
        "subject": "sub_ana",
        "target": None,
        "version": 1,
    }
    return canonical(leaf | others)


def a_log(count: int) -> list[bytes]:
    return [a_leaf(number) for number in range(count)]


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root_over(hashes: Sequence[bytes]) -> bytes:
    """Return the root as RFC 6962 section 2.1 defines it, by recursion."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node(root_over(hashes[:split]), root_over(hashes[split:]))


def leaf_hashes(leaves: Sequence[bytes]) -> list[bytes]:
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def text_of(leaves: Sequence[bytes], size: int, origin: str = ORIGIN) -> str:
    root = root_over(leaf_hashes(leaves[:size]))
    return f"{origin}\n{size}\n{b64encode(root).decode()}\n"


def a_note(
    leaves: Sequence[bytes],
    size: int | None = None,
    keys: Sequence[SigningKey] = (KEY,),
    at: datetime = NOON,
    origin: str = ORIGIN,
) -> str:
    text = text_of(leaves, len(leaves) if size is None else size, origin)
    return text + "\n" + "".join(key.line(text, at) for key in keys)


def number_path(index: int) -> str:
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.insert(0, f"x{index % 1000:03d}")
    return "/".join(parts)


def tiles_of(leaves: Sequence[bytes]) -> dict[str, bytes]:
    """Return the tiles and bundles of exactly this log."""
    files: dict[str, bytes] = {}
    hashes, level = leaf_hashes(leaves), 0
    for at in range(0, len(leaves), 256):
        part = leaves[at : at + 256]
        data = b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in part)
        files[f"tile/entries/{_tile(at // 256, len(part))}"] = data
        files[f"payload/{number_path(at // 256)}.jsonl"] = b""
    while hashes:
        for at in range(0, len(hashes), 256):
            part = hashes[at : at + 256]
            files[f"tile/{level}/{_tile(at // 256, len(part))}"] = b"".join(part)
        full = len(hashes) // 256
        hashes = [root_over(hashes[at * 256 : at * 256 + 256]) for at in range(full)]
        level += 1
    return files


def an_export(
    leaves: Sequence[bytes],
    sizes: Sequence[int] = (),
    payloads: Mapping[int, bytes] | None = None,
    keys: Sequence[SigningKey] = (KEY,),
) -> dict[str, bytes]:
    """Return name → bytes of an export over all `leaves`, with checkpoints of `sizes` too."""
    files = tiles_of(leaves)
    for index in sorted(payloads or {}):
        path = f"payload/{number_path(index // 256)}.jsonl"
        encoded = b64encode((payloads or {})[index]).decode()
        files[path] += canonical({"index": index, "payload": encoded}) + b"\n"
    for size in {*sizes, len(leaves)}:
        files[f"checkpoints/{size}"] = a_note(leaves, size, keys).encode()
    files["checkpoint"] = files[f"checkpoints/{len(leaves)}"]
    logs = [key for key in keys if key.kind == 1]
    files["key"] = "".join(f"{key.text}\n" for key in logs).encode()
    return files


def sealed(content: Mapping[str, Any], entry: str, name: str, secret: bytes) -> bytes:
    """Return the stored bytes of a payload (log-format, Payload)."""
    nonce = sha256(entry.encode()).digest()[:12]
    associated = f"assent payload v1\n{entry}".encode()
    data = AESGCM(secret).encrypt(nonce, canonical(content), associated)
    return b"\x01" + bytes([len(name)]) + name.encode() + nonce + data


def digest(stored: bytes) -> str:
    return "sha256:" + sha256(stored).hexdigest()


@dataclass(frozen=True)
class InMemory:
    """An export that lies nowhere. lists: whether its names can be listed."""

    files: Mapping[str, bytes]
    lists: bool = True

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def names(self, folder: str = "") -> Iterator[str] | None:
        return iter(self.files) if self.lists else None


ASKED = Asked(policy=of_keys([parse_key(KEY.text)]), at=NOON)


def trusting(*keys: SigningKey, quorum: str = "none") -> Policy:
    """Return a policy of these logs and witnesses; witnesses are called w0, w1, …"""
    logs = tuple(parse_key(key.text) for key in keys if key.kind == 1)
    others = [parse_key(key.text) for key in keys if key.kind != 1]
    return Policy(logs, {f"w{number}": key for number, key in enumerate(others)}, {}, quorum)


def verified(files: Mapping[str, bytes], **asked: Any) -> Report:
    return verify(InMemory(files), replace(ASKED, **asked))


def words(check: Check) -> str:
    return "; ".join(check.details)


def check(report: Report, number: int) -> Check:
    return next(one for one in report.checks if one.number == number)


def only_finding(report: Report, number: int, status: Status) -> Check:
    """Return check `number`, after it is sure that it alone found something."""
    found = [one for one in report.checks if one.status not in (Status.OK, Status.SKIPPED)]
    assert [(one.number, one.status) for one in found] == [(number, status)], [
        (one.number, one.details) for one in found
    ]
    return found[0]


def _tile(index: int, width: int) -> str:
    return number_path(index) + ("" if width == 256 else f".p/{width}")
