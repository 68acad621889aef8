"""The right edge of the log: what must be known to append to it and to keep its tiles."""

from collections.abc import Sequence

from assent.audit.tiles import FullTile, TileBuilder
from assent.audit.tree import Frontier


class Edge:
    """Where the log ends. It is never changed: `grown` makes the next one.

    tiles: the builder that stands at the frontier's size; it becomes the edge's own.
    """

    __slots__ = ("_frontier", "_tiles")

    def __init__(self, frontier: Frontier, tiles: TileBuilder) -> None:
        self._frontier = frontier
        self._tiles = tiles

    @property
    def size(self) -> int:
        """How many entries the log has."""
        return self._frontier.size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, the largest first."""
        return self._frontier.hashes

    def root(self) -> bytes:
        """Return the root over all of the log."""
        return self._frontier.root()

    def grown(self, leaf_hashes: Sequence[bytes]) -> tuple["Edge", list[FullTile]]:
        """Return the edge after these leaves, and the tiles that they filled."""
        frontier = Frontier(self._frontier.size, self._frontier.hashes)
        for leaf in leaf_hashes:
            frontier.append(leaf)
        tiles = TileBuilder(self._tiles.levels)
        return Edge(frontier, tiles), tiles.extend(leaf_hashes)
