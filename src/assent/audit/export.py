"""The files of an export: what an outsider needs to prove the log, and nothing of ours to run.

Layout: docs/specs/log-format.md. Its tiles are C2SP tlog-tiles, so other programs read them.
"""

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
from assent.core.entry import Checkpoint
from assent.core.ports import StoredEntry

CHECKPOINT_PATH = "checkpoint"
KEY_PATH = "key"

File = tuple[str, bytes]


def checkpoint_path(size: int) -> str:
    """Return where the note of the checkpoint of `size` lies."""
    return f"checkpoints/{size}"


def export_names(sizes: Iterable[int]) -> list[str]:
    """Return the names of all files of an export, in the order in which they are written.

    sizes: of the checkpoints in it; the export covers the largest. Raises ValueError if none.
    """
    known = sorted(set(sizes))
    if not known:
        raise ValueError("there is no checkpoint to export")
    size = known[-1]
    names = [span.path for span in all_spans(size)]
    for span in spans(size):
        names += [bundle_path(span.index, span.width), payloads_path(span.index)]
    names += [checkpoint_path(item) for item in known]
    return [*names, CHECKPOINT_PATH, KEY_PATH]


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
