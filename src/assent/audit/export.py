"""The files of an export: what an outsider needs to prove the log, and nothing of ours to run.

Layout: docs/specs/log-format.md. Its tiles are C2SP tlog-tiles, so other programs read them.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence

from assent.audit.checkpoint import parse_checkpoint
from assent.audit.note import split_note
from assent.audit.payloads import encode_payloads
from assent.audit.tiles import (
    TILE_WIDTH,
    TileBuilder,
    all_spans,
    bundle_path,
    encode_bundle,
    payloads_path,
    spans,
)
from assent.audit.tree import leaf_hash
from assent.core.canonical import canonical_bytes
from assent.core.entry import Anchor, Checkpoint, Cosignature
from assent.core.ids import DataKeyId
from assent.core.ports import StoredEntry

CHECKPOINT_PATH = "checkpoint"
KEY_PATH = "key"
KEYS_PATH = "keys.jsonl"
MINIMUM_PATH = "minimum"

File = tuple[str, bytes]


def checkpoint_path(size: int) -> str:
    """Return where the note of the checkpoint of `size` lies."""
    return f"checkpoints/{size}"


def anchor_path(anchor: Anchor) -> str:
    """Return where the body of an anchor lies."""
    return f"anchor/{anchor.size}/{anchor.name.replace('/', '_')}"


def evidence_path(name: str) -> str:
    """Return where a piece of evidence lies."""
    return f"evidence/{name}"


def segment_path(session: str, number: int) -> str:
    """Return where a segment of a recording lies."""
    return f"recording/{session}/{number}.segment"


def export_names(sizes: Iterable[int], minimum: int = 0) -> list[str]:
    """Return the names of the files that every export has, in the order in which they come.

    sizes: of the checkpoints in it; the export covers the largest. minimum: the index below
    which entries were pruned. Raises ValueError if there is no checkpoint.
    """
    known = sorted(set(sizes))
    if not known:
        raise ValueError("there is no checkpoint to export")
    size = known[-1]
    names = [span.path for span in all_spans(size)]
    for span in spans(size):
        if span.index * TILE_WIDTH + span.width > minimum:
            names += [bundle_path(span.index, span.width), payloads_path(span.index)]
    names += [checkpoint_path(item) for item in known]
    names += [MINIMUM_PATH] if minimum else []
    return [*names, CHECKPOINT_PATH, KEY_PATH]


def signed_note(checkpoint: Checkpoint, cosignatures: Iterable[Cosignature]) -> bytes:
    """Return the note of a checkpoint with what witnesses signed of it after its own lines."""
    return (checkpoint.note + "".join(f"{each.line}\n" for each in cosignatures)).encode()


def encode_keys(keys: Iterable[tuple[DataKeyId, bytes]]) -> bytes:
    """Return the file of data keys: canonical lines, in the order given."""
    return b"".join(
        canonical_bytes({"key": name, "secret": b64encode(secret).decode("ascii")}) + b"\n"
        for name, secret in keys
    )


class Export:
    """Makes an export out of entries that come in order, a few at a time.

    checkpoints: all that are retained, any order; the export covers the largest of them.
    verifier_key: the log's public key, as `Signer.verifier_key` writes it.
    Raises ValueError when there is no checkpoint.
    """

    def __init__(self, checkpoints: Sequence[Checkpoint], verifier_key: str) -> None:
        if not checkpoints:
            raise ValueError("there is no checkpoint to export")
        self._checkpoints = sorted(checkpoints, key=lambda item: item.size)
        self._verifier_key = verifier_key
        self._builder = TileBuilder()
        self._bundle: list[StoredEntry] = []
        self._added = 0

    @property
    def size(self) -> int:
        """How many entries the export holds when it is complete."""
        return self._checkpoints[-1].size

    @property
    def next_index(self) -> int:
        """The index of the entry that must be added next."""
        return self._added

    def add(self, entries: Iterable[StoredEntry]) -> list[File]:
        """Take further entries and return the files that are full now.

        Entries after the checkpoint are left out. Raises ValueError when one is out of order.
        """
        files: list[File] = []
        for entry in entries:
            if self._added >= self.size:
                break
            if entry.index != self._added:
                raise ValueError(f"entry {entry.index} came where {self._added} was due")
            self._added += 1
            self._bundle.append(entry)
            tiles = self._builder.append(leaf_hash(entry.leaf))
            files += [(span.path, data) for span, data in tiles]
            if len(self._bundle) == TILE_WIDTH:
                files += self._take_bundle()
        return files

    def finish(self) -> list[File]:
        """Return the remaining files. Raises ValueError when entries are missing."""
        if self._added != self.size:
            raise ValueError(f"the checkpoint covers {self.size} entries, {self._added} came")
        files = [(span.path, data) for span, data in self._builder.rest()]
        if self._bundle:
            files += self._take_bundle()
        for checkpoint in self._checkpoints:
            body = parse_checkpoint(split_note(checkpoint.note)[0])
            files.append((checkpoint_path(body.size), checkpoint.note.encode()))
        files.append((CHECKPOINT_PATH, self._checkpoints[-1].note.encode()))
        files.append((KEY_PATH, f"{self._verifier_key}\n".encode()))
        return files

    def _take_bundle(self) -> list[File]:
        entries, self._bundle = self._bundle, []
        number = entries[0].index // TILE_WIDTH
        payloads = [(item.index, item.payload) for item in entries if item.payload is not None]
        return [
            (bundle_path(number, len(entries)), encode_bundle([item.leaf for item in entries])),
            (payloads_path(number), encode_payloads(payloads)),
        ]


def export_files(
    entries: Iterable[StoredEntry], checkpoints: Sequence[Checkpoint], verifier_key: str
) -> Iterator[File]:
    """Yield (path, bytes) of a whole export; see `Export` for the arguments and what it raises."""
    export = Export(checkpoints, verifier_key)
    for entry in entries:
        yield from export.add((entry,))
    yield from export.finish()
