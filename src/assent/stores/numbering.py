"""What waits in the outbox made ready for its tables: checked, indexed and hashed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.audit.edge import Edge
from assent.audit.tree import leaf_hash
from assent.stores.outbox import Stamp, Waiting

Records = tuple[tuple[str, ...], list[tuple[Any, ...]]]
"""Names of columns, and rows of them."""

_ENTRIES = ("leaf_index", "id", "request_id", "session_id", "leaf")
_PAYLOADS = ("leaf_index", "body")
_TILES = ("level", "tile_index", "hashes", "root")


class Refused(Exception):
    """The outbox, or the log, is not as one of us would have left it."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """One turn's work. edge: where the log ends after it. tables: in the order of writing.

    positions: of the rows that are done with then.
    """

    edge: Edge
    tables: Mapping[str, Records]
    positions: Sequence[int]


def numbered(rows: Sequence[Waiting], edge: Edge, stamp: Stamp) -> Numbered:
    """Return what to write so that `rows` stand in the log behind `edge`, in their order.

    Raises Refused for the first row that nobody with a key of the log wrote.
    """
    stamp.renew()
    for row in rows:
        if not stamp.fits(row):
            raise Refused(f"entry `{row.id[:80]}` was not written, or was changed, by a gateway")
    after, full = edge.grown([leaf_hash(row.leaf) for row in rows])
    placed = list(enumerate(rows, edge.size))
    entries = [(index, row.id, row.request, row.session, row.leaf) for index, row in placed]
    payloads = [(index, row.payload) for index, row in placed if row.payload is not None]
    tiles = [(tile.level, tile.index, tile.hashes, tile.root) for tile in full]
    tables: dict[str, Records] = {
        "entries": (_ENTRIES, entries),
        "payloads": (_PAYLOADS, payloads),
        "tiles": (_TILES, tiles),
    }
    return Numbered(after, tables, [row.position for row in rows])
