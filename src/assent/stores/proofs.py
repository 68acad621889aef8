"""Hashes of the log and the proofs that are made of them, each answered from one snapshot.

A proof over ten million entries needs hashes of a handful of tiles. Full tiles never change, so
those that were read are kept; a few hundred cover all levels but the lowest.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection, select

from assent.audit.tiles import TILE_WIDTH, split_tile
from assent.audit.tree import (
    HASH_BYTES,
    SubtreeReader,
    consistency_proof,
    inclusion_proof,
    node_hash,
)
from assent.core.faults import MissingFault, OutsideFault
from assent.stores import tiles
from assent.stores.database import Database
from assent.stores.fetching import Fetching
from assent.stores.tables import frontier

_KEPT_TILES = 512
_LEVEL_BITS = 8
_MOST_LEVELS = 8
"""A log has at most 2^63 entries, whose hashes lie on eight levels of tiles."""

Rows = list[list[bytes]]
"""A tile's hashes, then what each pair of them has for a parent, and so on."""


class TileCache:
    """Tiles that were read, the longest unused dropped first. May be asked on any thread."""

    def __init__(self, most: int = _KEPT_TILES) -> None:
        self._most = most
        self._tiles: OrderedDict[tuple[int, int], Rows] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, level: int, index: int) -> Rows | None:
        """Return the rows of a tile, None where they are not known."""
        with self._lock:
            found = self._tiles.get((level, index))
            if found is not None:
                self._tiles.move_to_end((level, index))
            return found

    def keep(self, level: int, index: int, rows: Rows) -> None:
        """Remember the rows of a tile. Of one that is not full a later look knows more."""
        with self._lock:
            self._tiles[level, index] = rows
            self._tiles.move_to_end((level, index))
            if len(self._tiles) > self._most:
                self._tiles.popitem(last=False)


class Proofs(Fetching):
    """The part of the Store port that proves."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._tiles = TileCache()

    async def hashes(self, level: int, index: int, width: int) -> bytes:
        if not (0 <= level < _MOST_LEVELS and index >= 0 and 0 < width <= TILE_WIDTH):
            raise MissingFault("no-tile", "there is no such tile")
        return await self._ask(partial(self._hashes, level=level, index=index, width=width))

    async def inclusion(self, index: int, size: int) -> Sequence[bytes]:
        """Return the audit path of an entry in the tree of `size`, from the leaf up.

        Raises MissingFault where the entry is not in a tree of that size, or the log is smaller.
        """
        if not 0 <= index < size:
            raise MissingFault("no-entry", f"there is no entry {index} in a log of {size}")
        return await self._proved(size, partial(inclusion_proof, index, size))

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """Return the proof that the tree of size `new` continues that of size `old`.

        Empty where `old` is 0 or `new`, as then there is nothing to prove. Raises MissingFault
        where `old` is larger than `new`, or the log is smaller than that.
        """
        if not 0 <= old <= new:
            raise MissingFault("no-proof", f"a log of {new} does not continue one of {old}")
        if old in (0, new):
            return await self._proved(new, lambda _: [])
        return await self._proved(new, partial(consistency_proof, old, new))

    async def _proved(
        self, size: int, proof: Callable[[SubtreeReader], list[bytes]]
    ) -> Sequence[bytes]:
        def question(connection: Connection) -> list[bytes]:
            _check_size(connection, size)
            return proof(partial(self._subtree, connection))

        return await self._ask(question)

    def _hashes(self, connection: Connection, *, level: int, index: int, width: int) -> bytes:
        _check_size(connection, (index * TILE_WIDTH + width) << (_LEVEL_BITS * level))
        data = tiles.stored(connection, level, index)
        if data is None:
            data = b"".join(_right_edge(connection, level, index, width))
        return data[: width * HASH_BYTES]

    def _subtree(self, connection: Connection, height: int, index: int) -> bytes:
        """Return the root over the 2^height leaves from index·2^height on."""
        level, row = divmod(height, _LEVEL_BITS)
        tile, place = divmod(index << row, TILE_WIDTH)
        place >>= row
        rows = self._tiles.get(level, tile)
        if rows is None or len(rows[row]) <= place:
            rows = _rows(connection, level, tile, (place + 1) << row)
            self._tiles.keep(level, tile, rows)
        return rows[row][place]


def _rows(connection: Connection, level: int, index: int, width: int) -> Rows:
    data = tiles.stored(connection, level, index)
    if data is None:
        row = _right_edge(connection, level, index, width)
    else:
        row = split_tile(data, TILE_WIDTH)
    rows = [row]
    while len(rows) < _LEVEL_BITS:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
        rows.append(row)
    return rows


def _right_edge(connection: Connection, level: int, index: int, width: int) -> list[bytes]:
    try:
        return tiles.right_edge(connection, level, index, width)
    except ValueError as cause:
        raise OutsideFault("log-unreadable", "hashes of the log are missing") from cause


def _check_size(connection: Connection, size: int) -> None:
    has = connection.scalar(select(frontier.c.size)) or 0
    if size > has:
        raise MissingFault("log-smaller", f"the log has {has} entries, not {size}")
