"""One range of the log, read from its files alone: what a process of the verifier does.

A range is a number of whole bundles. What only shows when all ranges are read (the root, the
order in time, ids that are there twice, what entries say together) is handed back, small.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

from assent_verify import unique
from assent_verify.absent import ERASED, REDACTED, Lack, Lacks, Redactions, left_over
from assent_verify.clocks import Clock
from assent_verify.leaves import read_leaf
from assent_verify.payloads import Unknown, content_of, key_id, payload_digest, read_payloads
from assent_verify.report import Findings, NamedEntry, name_entry
from assent_verify.source import Source
from assent_verify.tiles import (
    TILE_WIDTH,
    Span,
    bundle_path,
    payloads_path,
    split_bundle,
    split_tile,
)
from assent_verify.tree import root_of

BUNDLES = 64
"""How many bundles a range has: 16,384 entries."""

ENTRIES, FORM, PAYLOADS = 2, 4, 6
"""The numbers of the checks that a range makes."""

KEY_ROTATED = "key.rotated"
LOG_PRUNED = "log.pruned"

_MOST_DIFFERENT = 100


class Reader(Protocol):
    """Follows what entries say together, within one range."""

    def read(self, index: int, leaf: dict[str, Any], content: dict[str, Any] | None) -> None:
        """Read one entry. content: of its payload, None where that is not known."""
        ...

    def skip(self, index: int, count: int) -> None:
        """Note that entries cannot be read from `index` on."""
        ...

    def residue(self) -> object:
        """Return what must be known of this range to go on."""
        ...


class Unread:
    """Follows nothing."""

    def read(self, index: int, leaf: dict[str, Any], content: dict[str, Any] | None) -> None:
        """Read nothing."""

    def skip(self, index: int, count: int) -> None:
        """Skip nothing."""

    def residue(self) -> object:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Job:
    """What all ranges of a verification have in common.

    cuts: the sizes of checkpoints, ascending. minimum: entries below it were pruned. keys:
    data keys by id; None where the export has none. folder: for temporary files. reader: makes
    what follows the story of one range.
    """

    source: Source
    size: int
    minimum: int
    cuts: tuple[int, ...]
    keys: Mapping[str, bytes] | None
    folder: str
    reader: Callable[[], Reader] = Unread

    def cuts_in(self, first: int, last: int) -> tuple[int, ...]:
        """Return the sizes of checkpoints from `first` to `last`."""
        return self.cuts[bisect_left(self.cuts, first) : bisect_right(self.cuts, last)]


@dataclass(frozen=True, slots=True)
class Rotation:
    """An entry that puts another key in the place of the log's. index: of the entry."""

    entry: NamedEntry
    old: str
    new: str


Roots = tuple[bytes, bytes]
"""Of the stored entries, and of the stored hashes."""


@dataclass(slots=True)
class Range:
    """What was found in one range.

    pieces: for each bundle its two roots, None where neither entries nor hashes are there.
    inner: by bundle, for sizes of checkpoints that end inside of it: the two roots of that part.
    """

    number: int
    entries: int = 0
    pruned: int = 0
    pieces: list[Roots | None] = field(default_factory=list)
    inner: dict[int, list[tuple[int, Roots]]] = field(default_factory=dict)
    different: list[NamedEntry] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    clock: Clock = field(default_factory=Clock)
    redactions: Redactions = field(default_factory=Redactions)
    lacks: Lacks = field(default_factory=Lacks)
    rotations: list[Rotation] = field(default_factory=list)
    minimum: int = 0
    payloads: int = 0
    opened: int = 0
    run: unique.Run | None = None
    residue: object = None


def count_of(size: int) -> int:
    """Return how many ranges a log of this size has."""
    return -(-size // (BUNDLES * TILE_WIDTH))


def read_range(job: Job, number: int) -> Range:
    """Read one range. Raises SourceAway where a file cannot be read at all."""
    return _Reading(job, number).run()


def lacking_in(job: Job, work: tuple[int, Redactions]) -> Lacks:
    """Return what is lacking in a range (its number) and that no later entry excuses."""
    number, said = work
    reading = _Reading(job, number)
    reading.run()
    return left_over(reading.lacking, said)


class _Reading:
    def __init__(self, job: Job, number: int) -> None:
        self._job = job
        self._found = Range(number)
        self._findings = self._found.findings
        self._story = job.reader()
        self._digests: list[bytes] = []
        self.lacking: list[Lack] = []

    def run(self) -> Range:
        found, job = self._found, self._job
        first = found.number * BUNDLES
        last = min(first + BUNDLES, -(-job.size // TILE_WIDTH))
        for index in range(first, last):
            self._read_bundle(Span(0, index, min(TILE_WIDTH, job.size - index * TILE_WIDTH)))
        found.lacks = left_over(self.lacking, found.redactions)
        found.residue = self._story.residue()
        found.run = unique.write_run(f"{job.folder}/{found.number}", self._digests)
        return found

    def _read_bundle(self, span: Span) -> None:
        start = span.index * TILE_WIDTH
        stored = self._read_hashes(span)
        leaves = self._read_leaves(span, stored)
        found = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        self._keep_roots(start, span.width, found, stored, leaves)
        if leaves:
            self._read_entries(start, span, leaves)
        if len(leaves) < span.width:
            self._story.skip(start + len(leaves), span.width - len(leaves))

    # 2: entries and tree

    def _keep_roots(
        self, start: int, width: int, found: list[bytes], stored: list[bytes], leaves: list[bytes]
    ) -> None:
        if found == stored and len(found) == width:
            root = root_of(found)
            self._found.pieces.append((root, root))
            self._cut(start, width, found, found)
            return
        for offset, (one, other) in enumerate(zip(found, stored, strict=False)):
            if one != other and len(self._found.different) < _MOST_DIFFERENT:
                self._found.different.append(name_entry(start + offset, leaves[offset]))
        # What is missing on one side is taken from the other: the roots then still say
        # whether the rest was changed.
        entries, tiles = found + stored[len(found) :], stored + found[len(stored) :]
        if len(entries) < width or len(tiles) < width:
            self._found.pieces.append(None)
            return
        self._found.pieces.append((root_of(entries), root_of(tiles)))
        self._cut(start, width, entries, tiles)

    def _cut(self, start: int, width: int, entries: list[bytes], tiles: list[bytes]) -> None:
        for size in self._job.cuts_in(start + 1, start + min(width, TILE_WIDTH - 1)):
            root = root_of(entries[: size - start])
            other = root if entries is tiles else root_of(tiles[: size - start])
            self._found.inner.setdefault(start // TILE_WIDTH, []).append((size, (root, other)))

    def _read_leaves(self, span: Span, stored: list[bytes]) -> list[bytes]:
        path, start = bundle_path(span.index, span.width), span.index * TILE_WIDTH
        data = self._job.source.read(path)
        if data is None:
            if start + span.width <= self._job.minimum:
                self._found.pruned += span.width
            else:
                said = f"`{path}` is missing: its {span.width} entries cannot be read"
                self._findings.miss(ENTRIES, said)
            return []
        leaves, rest = split_bundle(data, span.width)
        if len(leaves) == span.width and not rest:
            return leaves
        # A wrong length shifts all that follows: only the first wrong entry can be named.
        whole = 0
        for leaf, known in zip(leaves, stored, strict=False):
            if sha256(b"\x00" + leaf).digest() != known:
                break
            whole += 1
        last = min(whole, span.width - 1)
        entry = name_entry(start + last, leaves[last] if last < len(leaves) else b"")
        self._findings.fail(ENTRIES, f"`{path}` cannot be read at {entry} or after it", entry)
        return leaves[:whole]

    def _read_hashes(self, span: Span) -> list[bytes]:
        data = self._job.source.read(span.path)
        if data is None:
            self._findings.miss(ENTRIES, f"`{span.path}` is missing")
            return []
        try:
            return split_tile(data, span.width)
        except ValueError as error:
            self._findings.fail(ENTRIES, f"`{span.path}`: {error}")
            return []

    # 4, 5 and what the others need

    def _read_entries(self, start: int, span: Span, leaves: list[bytes]) -> None:
        payloads, damaged = self._read_payloads(span)
        found, read, digests = self._found, self._story.read, self._digests
        for index, leaf in enumerate(leaves, start):
            try:
                value = read_leaf(leaf)
            except ValueError as error:
                entry = name_entry(index, leaf)
                self._findings.fail(FORM, f"{entry}: {error}", entry)
                self._story.skip(index, 1)
                continue
            found.entries += 1
            entry_id = value["id"]
            digests.append(unique.digest_of(entry_id))
            found.clock.read(value["at"], index, entry_id, self._findings)
            if value["kind"] in _NOTED:
                self._note(index, value)
            content = None
            if value["payload"] is not None or index in payloads:
                content = self._check_payload(index, value, payloads.get(index), damaged)
            read(index, value, content)

    def _note(self, index: int, leaf: dict[str, Any]) -> None:
        facts, kind = leaf["facts"], leaf["kind"]
        if kind == KEY_ROTATED:
            old, new = facts.get("from"), facts.get("to")
            if isinstance(old, str) and isinstance(new, str):
                entry = NamedEntry(index, leaf["id"])
                self._found.rotations.append(Rotation(entry, old, new))
        elif kind == LOG_PRUNED:
            minimum = facts.get("minimum")
            if type(minimum) is int and minimum <= index:
                self._found.minimum = max(self._found.minimum, minimum)
        else:
            self._found.redactions.read(index, leaf)

    # 6: payloads

    def _read_payloads(self, span: Span) -> tuple[dict[int, bytes], bool]:
        path, start = payloads_path(span.index), span.index * TILE_WIDTH
        data = self._job.source.read(path)
        if data is None:
            if start + span.width > self._job.minimum:
                self._findings.miss(PAYLOADS, f"`{path}` is missing")
            return {}, False
        read = read_payloads(data, start, start + span.width)
        for problem in read.problems:
            self._findings.fail(PAYLOADS, f"`{path}`: {problem}")
        return read.payloads, bool(read.problems)

    def _check_payload(
        self, index: int, leaf: dict[str, Any], payload: bytes | None, damaged: bool
    ) -> dict[str, Any] | None:
        entry = NamedEntry(index, leaf["id"])
        if payload is None:
            if damaged:
                self._findings.fail(PAYLOADS, f"the payload of {entry} cannot be read", entry)
            elif index >= self._job.minimum:
                self.lacking.append(Lack(entry, leaf["subject"]))
            return None
        self._found.payloads += 1
        if payload_digest(payload) != leaf["payload"]:
            words = f"the payload of {entry} is not the one that the entry names"
            self._findings.fail(PAYLOADS, words, entry)
            return None
        try:
            content = content_of(entry.id, payload, self._job.keys or {})
        except Unknown:
            if self._job.keys is not None:
                self.lacking.append(Lack(entry, leaf["subject"], key_id(payload) or ""))
            return None
        except ValueError as error:
            self._findings.fail(PAYLOADS, f"the payload of {entry}: {error}", entry)
            return None
        self._found.opened += 1
        return content


_NOTED = frozenset({KEY_ROTATED, LOG_PRUNED, REDACTED, ERASED})
