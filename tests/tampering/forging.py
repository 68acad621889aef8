"""An export in the hands of whoever wants it to say something else, with or without the log's key.

Written with no code of the verifier nor of the gateway, but for the builders of exports.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from unit.assent_verify.exports import (
    SigningKey,
    a_note,
    canonical,
    digest,
    number_path,
    tiles_of,
)

Leaf = dict[str, Any]

_TREE = ("tile/", "payload/", "checkpoint", "anchor/")


@dataclass
class Forged:
    """An export as name → bytes, and the parts that it is made of.

    key: the log's, which only an operator has. kept: size and note that a reader kept from
    earlier. receipts: file name → bytes that a reader kept. witness: its public key.
    """

    files: dict[str, bytes]
    key: SigningKey
    witness: str
    kept: tuple[int, str]
    receipts: Mapping[str, bytes] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)
    payloads: dict[int, bytes] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)
    ended_at: datetime = datetime.min

    def __post_init__(self) -> None:
        bundles = [name for name in self.files if name.startswith("tile/entries/")]
        self.leaves = [one for name in sorted(bundles) for one in unbundled(self.files[name])]
        for name in [name for name in self.files if name.startswith("payload/")]:
            for line in self.files[name].splitlines():
                said = json.loads(line)
                self.payloads[said["index"]] = b64decode(said["payload"])
        for line in self.files.get("keys.jsonl", b"").splitlines():
            said = json.loads(line)
            self.secrets[said["key"]] = b64decode(said["secret"])
        at = json.loads(self.leaves[-1])["at"]
        self.ended_at = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)

    def copy(self) -> "Forged":
        """Return one that an attack may change."""
        return replace(self, files=dict(self.files))

    @property
    def size(self) -> int:
        return len(self.leaves)

    @property
    def sizes(self) -> list[int]:
        """Sizes of the retained checkpoints, ascending."""
        names = [name for name in self.files if name.startswith("checkpoints/")]
        return sorted(int(name.partition("/")[2]) for name in names)

    @property
    def earlier(self) -> int:
        """The newest retained size before all that readers kept: a checkpoint, and receipts."""
        proofs = [text.decode() for name, text in self.receipts.items() if name.endswith("-proof")]
        indexes = [int(re.findall(r"^index (\d+)$", proof, re.M)[0]) for proof in proofs]
        return [size for size in self.sizes if size <= min([self.kept[0] - 1, *indexes])][-1]

    def file(self, start: str, number: int = 0) -> str:
        """Return the name of the n-th file whose name starts like this."""
        return sorted(name for name in self.files if name.startswith(start))[number]

    # Entries

    def leaf(self, index: int) -> Leaf:
        leaf: Leaf = json.loads(self.leaves[index])
        return leaf

    def find(self, kind: str, number: int = 0, **facts: Any) -> int:
        """Return the index of the n-th entry of this kind and these facts."""
        found = [
            index
            for index, leaf in enumerate(map(json.loads, self.leaves))
            if leaf["kind"] == kind and facts.items() <= leaf["facts"].items()
        ]
        return found[number]

    def put(self, index: int, leaf: Leaf) -> None:
        self.leaves[index] = canonical(leaf)

    def change(self, index: int, **keys: Any) -> None:
        """Set keys of a leaf."""
        self.put(index, self.leaf(index) | keys)

    def change_facts(self, index: int, **facts: Any) -> None:
        """Set facts of an entry; None takes one out."""
        leaf = self.leaf(index)
        said = leaf["facts"] | facts
        self.put(
            index,
            leaf | {"facts": {name: fact for name, fact in said.items() if fact is not None}},
        )

    def delete(self, *indexes: int) -> None:
        """Take entries out, and their payloads."""
        left = [index for index in range(self.size) if index not in indexes]
        self._arrange(left)

    def insert(self, index: int, leaf: Leaf) -> None:
        """Put an entry without a payload before another one."""
        self.leaves.insert(index, canonical(leaf))
        self.payloads = {at + (at >= index): data for at, data in self.payloads.items()}

    def swap(self, one: int, other: int) -> None:
        order = list(range(self.size))
        order[one], order[other] = other, one
        self._arrange(order)

    def _arrange(self, order: list[int]) -> None:
        self.leaves = [self.leaves[index] for index in order]
        self.payloads = {
            new: self.payloads[old] for new, old in enumerate(order) if old in self.payloads
        }

    # Payloads

    def content(self, index: int) -> dict[str, Any]:
        """Return what a sealed payload says."""
        associated = f"assent payload v1\n{self.leaf(index)['id']}".encode()
        content: dict[str, Any] = json.loads(self.unsealed(self.payloads[index], associated)[1])
        return content

    def rewrite(self, index: int, content: Mapping[str, Any]) -> None:
        """Seal another payload under the key of the one that is there, and name it in the leaf."""
        associated = f"assent payload v1\n{self.leaf(index)['id']}".encode()
        key, _ = self.unsealed(self.payloads[index], associated)
        self.payloads[index] = self.sealed(canonical(content), associated, key)
        self.change(index, payload=digest(self.payloads[index]))

    def unsealed(self, stored: bytes, associated: bytes) -> tuple[str, bytes]:
        """Return the name of the key and the plain bytes."""
        end = 2 + stored[1]
        key, rest = stored[2:end].decode(), stored[end:]
        return key, AESGCM(self.secrets[key]).decrypt(rest[:12], rest[12:], associated)

    def sealed(self, plain: bytes, associated: bytes, key: str) -> bytes:
        nonce = sha256(plain).digest()[:12]
        data = AESGCM(self.secrets[key]).encrypt(nonce, plain, associated)
        return b"\x01" + bytes([len(key)]) + key.encode() + nonce + data

    # Files

    def lay(self) -> None:
        """Write tiles, bundles and payloads anew from the entries; sign nothing."""
        for name in [name for name in self.files if name.startswith(("tile/", "payload/"))]:
            del self.files[name]
        self.files |= tiles_of(self.leaves)
        for index in sorted(self.payloads):
            path = f"payload/{number_path(index // 256)}.jsonl"
            self.files[path] += payload_line(index, self.payloads[index])

    def sign(self, *sizes: int, keys: Iterable[SigningKey] | None = None) -> None:
        """Write all anew and sign it, as an operator can who has the key.

        Anchors that lie in the folder are left out, as those hold what was there before.
        """
        wanted = {*(sizes or [one for one in self.sizes if one < self.size]), self.size}
        for name in [name for name in self.files if name.startswith(_TREE)]:
            del self.files[name]
        self.lay()
        signing = [self.key] if keys is None else list(keys)
        for size in wanted:
            note = a_note(self.leaves, size, signing, origin=self.key.name)
            self.files[f"checkpoints/{size}"] = note.encode()
        self.files["checkpoint"] = self.files[f"checkpoints/{self.size}"]

    def note(self, leaves: list[bytes], size: int) -> bytes:
        """Return a checkpoint of a log that the operator signs."""
        return a_note(leaves, size, [self.key], origin=self.key.name).encode()

    def set_newest(self, note: bytes) -> None:
        """Show this as the newest checkpoint; the one that is retained is the same."""
        self.files["checkpoint"] = note
        size = int(note.split(b"\n")[1])
        self.files[f"checkpoints/{size}"] = note

    def cut(self, size: int) -> None:
        """Take off the end and show what was signed at that size, as if no more had come."""
        note = self.files[f"checkpoints/{size}"]
        self.leaves = self.leaves[:size]
        self.payloads = {at: data for at, data in self.payloads.items() if at < size}
        gone = [
            name
            for name in self.files
            if name.startswith(("checkpoints/", "anchor/")) and int(name.split("/")[1]) > size
        ]
        for name in gone:
            del self.files[name]
        self.lay()
        self.files["checkpoint"] = note
        self._leave_out_recordings()

    def _leave_out_recordings(self) -> None:
        """Take out the segments that no entry names."""
        leaves = b"\n".join(self.leaves)
        for name in [name for name in self.files if name.startswith("recording/")]:
            if digest(self.files[name]).encode() not in leaves:
                del self.files[name]

    def write(self, folder: Path) -> Path:
        """Write the files into a folder."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder


def payload_line(index: int, stored: bytes) -> bytes:
    return canonical({"index": index, "payload": b64encode(stored).decode()}) + b"\n"


def unbundled(data: bytes) -> list[bytes]:
    """Return the leaves in an entry bundle."""
    leaves, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        leaves.append(data[at + 2 : end])
        at = end
    return leaves


def bundled(leaves: Iterable[bytes]) -> bytes:
    """Return an entry bundle."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


Act = Callable[[Forged], None]


@dataclass(frozen=True)
class Attack:
    """One row. what: what is done, in words. by: who can. check: the number that names it, 0 where
    nothing can. code: of the exit. words: in what the check says. reader: what they have.

    anywhere: it works on any log; else it needs the story of the real one.
    """

    what: str
    by: str
    reader: str
    check: int
    code: int
    words: str
    act: Act
    anywhere: bool = True

    @property
    def name(self) -> str:
        return f"{self.what}; {self.reader}"


DISK = "whoever holds the files"
OPERATOR = "the operator, with the log's key"

KEY = "the log's key"
KEPT = "a kept checkpoint"
RECEIPT = "a kept receipt"
WITNESSED = "a witness"
NEXT_DAY = "a witness, and how fresh it must be"


def later(at: datetime, seconds: float) -> str:
    """Return an instant as leaves have them."""
    return (at + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
