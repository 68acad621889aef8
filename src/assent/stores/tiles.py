"""The log's hashes in the database: full tiles, and the right edge made again out of them.

A full tile is written with the entries that complete it. What is not full is never stored: of
level 0 it is the hashes of the last entries, of a level above the roots of the tiles below.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from assent.audit.edge import Edge
from assent.audit.tiles import TILE_WIDTH, FullTile, TileBuilder
from assent.audit.tree import Frontier, leaf_hash
from assent.stores.audit_tables import tiles
from assent.stores.statements import append
from assent.stores.tables import entries

_CAUGHT_UP = 64
"""How many tiles of level 0 a transaction makes of a log that stands without."""


def add(connection: Connection, full: Sequence[FullTile]) -> None:
    """Write tiles that are full now."""
    append(
        connection,
        tiles,
        [
            {
                "level": tile.level,
                "tile_index": tile.index,
                "hashes": tile.hashes,
                "root": tile.root,
            }
            for tile in full
        ],
    )


def read_edge(connection: Connection, frontier: Frontier) -> Edge:
    """Return the right edge of a log whose full tiles are all there.

    Raises ValueError when entries or tiles are missing.
    """
    return Edge(frontier, read_builder(connection, frontier.size))


def read_builder(connection: Connection, size: int) -> TileBuilder:
    """Return a builder that stands at `size`. Raises ValueError when something is missing."""
    levels = []
    level = 0
    while size >> (8 * level):
        hashes = size >> (8 * level)
        index, width = divmod(hashes, TILE_WIDTH)
        levels.append((index, right_edge(connection, level, index, width) if width else []))
        level += 1
    return TileBuilder(levels)


def right_edge(connection: Connection, level: int, index: int, width: int) -> list[bytes]:
    """Return the first `width` hashes of a tile that is not full, out of what is below it.

    Raises ValueError when they are not all there.
    """
    start = index * TILE_WIDTH
    if level == 0:
        leaves = entries.c.leaf_index
        below = select(entries.c.leaf).where(leaves >= start, leaves < start + width)
        found = connection.scalars(below.order_by(leaves)).all()
        hashes = [leaf_hash(leaf) for leaf in found]
    else:
        columns = tiles.c
        roots = select(columns.root).where(
            columns.level == level - 1,
            columns.tile_index >= start,
            columns.tile_index < start + width,
        )
        hashes = list(connection.scalars(roots.order_by(columns.tile_index)))
    if len(hashes) != width:
        raise ValueError(f"tile {index} of level {level} has {len(hashes)} hashes, not {width}")
    return hashes


def stored(connection: Connection, level: int, index: int) -> bytes | None:
    """Return the hashes of a full tile, None where it is not full."""
    columns = tiles.c
    place = (columns.level == level, columns.tile_index == index)
    found: bytes | None = connection.scalar(select(columns.hashes).where(*place))
    return found


def catch_up(connection: Connection, size: int) -> bool:
    """Make tiles of a log of `size` that stands without; return whether all are there now.

    At most 16,384 entries at a time. Raises ValueError when entries are missing.
    """
    done = select(func.max(tiles.c.tile_index)).where(tiles.c.level == 0)
    last = connection.scalar(done)
    begun = 0 if last is None else last + 1
    whole = size // TILE_WIDTH
    if begun >= whole:
        return True
    start, end = begun * TILE_WIDTH, min(begun + _CAUGHT_UP, whole) * TILE_WIDTH
    index = entries.c.leaf_index
    wanted = select(entries.c.leaf).where(index >= start, index < end).order_by(index)
    leaves = [leaf_hash(leaf) for leaf in connection.scalars(wanted)]
    if len(leaves) != end - start:
        raise ValueError(f"entries from {start} to {end} are not all there")
    add(connection, read_builder(connection, start).extend(leaves))
    return end == whole * TILE_WIDTH
