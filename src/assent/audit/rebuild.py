"""The tree of an export, built twice: from the stored entries and from the stored hashes.

Where the two part, an entry or its hash was changed, and its index is known.
"""

from collections.abc import Callable, Iterable

from assent.audit.report import Findings, NamedEntry, name_entry
from assent.audit.tiles import (
    TILE_WIDTH,
    Span,
    TileBuilder,
    all_spans,
    bundle_path,
    salvage_bundle,
    split_tile,
)
from assent.audit.tree import EMPTY_ROOT, Frontier, leaf_hash

ReadFile = Callable[[str], bytes | None]

_KEPT = 1000


class Rebuild:
    """Both trees of an export, and what differs between them.

    sizes: those for which the roots are kept. complete: whether every leaf is covered by an
    entry or at least by its hash; without that there is no root to compare.
    """

    def __init__(self, read: ReadFile, size: int, sizes: Iterable[int], findings: Findings) -> None:
        self._read = read
        self._size = size
        self._sizes = frozenset((*sizes, size))
        self._findings = findings
        self._entries_tree = Frontier()
        self._tiles_tree = Frontier()
        self._builders = (TileBuilder(), TileBuilder())
        self._tiles: dict[Span, set[bytes]] = {}
        self._different: list[NamedEntry] = []
        self.complete = True
        self.entries = 0
        self.roots_of_entries: dict[int, bytes] = {0: EMPTY_ROOT}
        self.roots_of_tiles: dict[int, bytes] = {0: EMPTY_ROOT}

    def bundle(self, span: Span) -> list[bytes]:
        """Read one bundle and the tile over it; return the leaves that can be read."""
        hashes = self._read_hashes(span)
        leaves = self._read_leaves(span, hashes)
        start = span.index * TILE_WIDTH
        for offset in range(span.width):
            found = leaf_hash(leaves[offset]) if offset < len(leaves) else None
            stored = hashes[offset] if offset < len(hashes) else None
            if found and stored and found != stored and len(self._different) < _KEPT:
                self._different.append(name_entry(start + offset, leaves[offset]))
            # What is missing on one side is taken from the other: the roots then still say
            # whether the rest was changed.
            self._append(found or stored, stored or found)
        self.entries += len(leaves)
        return leaves

    def finish(self, root: bytes) -> None:
        """Say what was changed, given the root that the newest checkpoint has."""
        self._check_upper_tiles()
        if not self.complete:
            self._findings.miss("entries and their hashes are missing; the root cannot be built")
            return
        entries_fit = self.roots_of_entries.get(self._size) == root
        tiles_fit = self.roots_of_tiles.get(self._size) == root
        for entry in self._different:
            if entries_fit and not tiles_fit:
                text = f"the hash stored for {entry} was changed; the entry itself is as signed"
            elif tiles_fit:
                text = f"{entry} was changed: its bytes do not have the hash that the log holds"
            else:
                text = f"{entry} or its stored hash was changed: they do not fit each other"
            self._findings.fail(text, entry)
        if not entries_fit and not self._different:
            self._findings.fail(
                f"the {self._size} entries do not have the root of the checkpoint: some were"
                " changed together with their hashes"
            )

    def _append(self, found: bytes | None, stored: bytes | None) -> None:
        if found is None or stored is None or not self.complete:
            self.complete = False
            return
        self._entries_tree.append(found)
        self._tiles_tree.append(stored)
        for builder, item in zip(self._builders, (found, stored), strict=True):
            for span, data in builder.append(item):
                self._keep_tile(span, data)
        size = self._entries_tree.size
        if size in self._sizes:
            self.roots_of_entries[size] = self._entries_tree.root()
            self.roots_of_tiles[size] = self._tiles_tree.root()

    def _read_leaves(self, span: Span, hashes: list[bytes]) -> list[bytes]:
        path = bundle_path(span.index, span.width)
        data = self._read(path)
        if data is None:
            self._findings.miss(f"`{path}` is missing: its {span.width} entries cannot be read")
            return []
        leaves, rest = salvage_bundle(data, span.width)
        if len(leaves) == span.width and not rest:
            return leaves
        # A wrong length shifts all that follows: only the first wrong entry can be named.
        whole = 0
        while whole < min(len(leaves), len(hashes)) and leaf_hash(leaves[whole]) == hashes[whole]:
            whole += 1
        last = min(whole, span.width - 1)
        broken = leaves[last] if last < len(leaves) else b""
        entry = name_entry(span.index * TILE_WIDTH + last, broken)
        self._findings.fail(f"`{path}` cannot be read at {entry} or after it", entry)
        return leaves[:whole]

    def _read_hashes(self, span: Span) -> list[bytes]:
        data = self._read(span.path)
        if data is None:
            self._findings.miss(f"`{span.path}` is missing")
            return []
        try:
            return split_tile(data, span.width)
        except ValueError as error:
            self._findings.fail(f"`{span.path}`: {error}")
            return []

    def _keep_tile(self, span: Span, data: bytes) -> None:
        if span.level:
            self._tiles.setdefault(span, set()).add(data)

    def _check_upper_tiles(self) -> None:
        for builder in self._builders:
            for span, built in builder.rest():
                self._keep_tile(span, built)
        for span in all_spans(self._size):
            if span.level == 0:
                continue
            data = self._read(span.path)
            if data is None:
                self._findings.miss(f"`{span.path}` is missing")
            elif self.complete and data not in self._tiles.get(span, ()):
                self._findings.fail(f"`{span.path}` does not fit the tiles under it")
