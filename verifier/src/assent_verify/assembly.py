"""The tree of an export, put together from its ranges: once from the stored entries and once
from the stored hashes (check 2). Where the two part, an entry or its hash was changed.
"""

from collections.abc import Iterable

from assent_verify.ranges import BUNDLES, ENTRIES, Range, Roots
from assent_verify.report import Findings, NamedEntry
from assent_verify.source import Source
from assent_verify.tiles import TILE_WIDTH, Span, split_tile
from assent_verify.tree import EMPTY_ROOT, Frontier, root_of

_MOST_DIFFERENT = 1000


class Assembly:
    """Takes ranges in order. sizes: those of which the roots are kept.

    complete: whether everything is covered by an entry or at least by a hash; without that
    there is no root to compare. of_entries, of_tiles: size → root.
    """

    def __init__(self, source: Source, size: int, sizes: Iterable[int], findings: Findings) -> None:
        self._source = source
        self._size = size
        self._sizes = frozenset((*sizes, size))
        self._findings = findings
        self._trees = (Frontier(), Frontier())
        self._levels: list[tuple[int, list[bytes], list[bytes]]] = []
        self._different: list[NamedEntry] = []
        self.complete = True
        self.of_entries: dict[int, bytes] = {0: EMPTY_ROOT}
        self.of_tiles: dict[int, bytes] = {0: EMPTY_ROOT}

    def add(self, found: Range) -> None:
        """Take the next range."""
        self._different += found.different[: _MOST_DIFFERENT - len(self._different)]
        for number, piece in enumerate(found.pieces, found.number * BUNDLES):
            start = number * TILE_WIDTH
            for size, roots in found.inner.get(number, ()):
                if self.complete:
                    self._keep(size, roots)
            if start + TILE_WIDTH <= self._size:
                self._append(number, piece or self._stored_piece(number))
            elif piece is None:
                self.complete = False

    def finish(self, root: bytes) -> None:
        """Say what was changed, given the root that the newest checkpoint has."""
        for level in range(1, len(self._levels) + 1):
            if self._levels[level - 1][1]:
                self._check_tile(level)
        if not self.complete:
            text = "entries and their hashes are missing; the root cannot be built"
            self._findings.miss(ENTRIES, text)
            return
        entries_fit = self.of_entries.get(self._size) == root
        tiles_fit = self.of_tiles.get(self._size) == root
        for entry in self._different:
            if entries_fit and not tiles_fit:
                text = f"the hash stored for {entry} was changed; the entry itself is as signed"
            elif tiles_fit:
                text = f"{entry} was changed: its bytes do not have the hash that the log holds"
            else:
                text = f"{entry} or its stored hash was changed: they do not fit each other"
            self._findings.fail(ENTRIES, text, entry)
        if not entries_fit and not self._different:
            self._findings.fail(
                ENTRIES,
                f"the {self._size} entries do not have the root of the checkpoint: some were"
                " changed together with their hashes",
            )

    def roots(self, root: bytes) -> dict[int, bytes]:
        """Return size → root, of the side that has the root of the newest checkpoint.

        A damaged entry is found by check 2; the hashes then speak, if they are the signed ones.
        """
        return self.of_entries if self.of_entries.get(self._size) == root else self.of_tiles

    def _append(self, number: int, piece: Roots | None) -> None:
        if piece is None or not self.complete:
            self.complete = False
            return
        for tree, root in zip(self._trees, piece, strict=True):
            tree.append(root)
        self._raise(1, piece)
        if (number + 1) * TILE_WIDTH in self._sizes:
            self._keep((number + 1) * TILE_WIDTH, None)

    def _keep(self, size: int, rest: Roots | None) -> None:
        entries, tiles = rest or (None, None)
        self.of_entries[size] = self._trees[0].root(entries)
        self.of_tiles[size] = self._trees[1].root(tiles)

    def _stored_piece(self, number: int) -> Roots | None:
        hashes = self._size >> 8
        index = number // TILE_WIDTH
        span = Span(1, index, min(TILE_WIDTH, hashes - index * TILE_WIDTH))
        data = self._source.read(span.path)
        try:
            stored = split_tile(data or b"", span.width)
        except ValueError:
            return None
        return stored[number % TILE_WIDTH], stored[number % TILE_WIDTH]

    def _raise(self, level: int, piece: Roots) -> None:
        if len(self._levels) < level:
            self._levels.append((0, [], []))
        _, entries, tiles = self._levels[level - 1]
        entries.append(piece[0])
        tiles.append(piece[1])
        if len(entries) == TILE_WIDTH:
            self._check_tile(level)

    def _check_tile(self, level: int) -> None:
        index, entries, tiles = self._levels[level - 1]
        span = Span(level, index, len(entries))
        data = self._source.read(span.path)
        if data is None:
            self._findings.miss(ENTRIES, f"`{span.path}` is missing")
        elif data not in (b"".join(entries), b"".join(tiles)):
            self._findings.fail(ENTRIES, f"`{span.path}` does not fit the tiles under it")
        self._levels[level - 1] = (index + 1, [], [])
        if len(entries) == TILE_WIDTH:
            self._raise(level + 1, (root_of(entries), root_of(tiles)))
