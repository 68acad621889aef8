"""Proofs over ten million entries out of tiles in SQLite, and how fast tiles are built."""

import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, update

from assent.audit.note import Signer
from assent.audit.tiles import TILE_WIDTH, TileBuilder
from assent.audit.tree import Frontier, root_of, verify_inclusion
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.stores import SqlStore, open_store, tables, tiles
from assent.stores.database import database_at, locate
from assent.system.clock import SystemClock
from assent.system.ids import SystemIds

SIZE = 10_000_000
ASKED = 400
_STEP = 163_840
_BITS = 8


def build_rate(leaves: int = 1_000_000) -> float:
    """Return for how many leaf hashes a second the tiles of all levels are built.

    They come as a commit of 64 brings them; hashing the leaves is not in it.
    """
    hashes = [_leaf_hash(number) for number in range(leaves)]
    builder = TileBuilder()
    began = time.perf_counter()
    for start in range(0, leaves, 64):
        builder.extend(hashes[start : start + 64])
    return leaves / (time.perf_counter() - began)


@asynccontextmanager
async def large_log(folder: Path, size: int = SIZE) -> AsyncIterator[tuple[SqlStore, bytes]]:
    """Give a store whose log has `size` entries, and its root. Only the last leaves are there.

    The hashes are of leaves that nobody wrote; they take the place of what appends leave.
    """
    clock = SystemClock()
    ids = SystemIds(clock)
    signer = Signer("bench.example/log", Secret(b"b" * 32))
    master = FileMasterKey(Secret(b"m" * 32), ids)
    store = await open_store(folder, signer, ids, clock, master)
    database = database_at(locate(folder))
    builder = TileBuilder()
    for start in range(0, size, _STEP):
        end = min(start + _STEP, size)
        full = builder.extend([_leaf_hash(number) for number in range(start, end)])
        await database.write(partial(tiles.add, full=full))
        _say(f"{end:,} of {size:,} leaves")
    frontier = Frontier(size, _frontier_hashes(builder))
    await database.write(partial(_finish, frontier=frontier))
    await database.close()
    _say("")
    try:
        yield store, frontier.root()
    finally:
        await store.close()


async def inclusion_p50_ms(store: SqlStore, root: bytes, seed: int, size: int = SIZE) -> float:
    """Return the median time for the proof of an entry drawn at random, each of them verified."""
    luck = random.Random(seed)
    took_s = []
    for _ in range(ASKED):
        index = luck.randrange(size)
        began = time.perf_counter()
        proof = await store.inclusion(index, size)
        took_s.append(time.perf_counter() - began)
        verify_inclusion(index, size, _leaf_hash(index), proof, root)
    return statistics.median(took_s) * 1e3


async def consistency_p50_ms(store: SqlStore, root: bytes, seed: int, size: int = SIZE) -> float:
    """Return the median time for the proof from a size drawn at random."""
    luck = random.Random(seed)
    took_s = []
    for _ in range(ASKED):
        old = luck.randrange(1, size)
        began = time.perf_counter()
        proof = await store.consistency(old, size)
        took_s.append(time.perf_counter() - began)
        if not 0 < len(proof) <= 2 * size.bit_length():
            raise AssertionError("that is no proof")
    return statistics.median(took_s) * 1e3


def _leaf_hash(number: int) -> bytes:
    return sha256(b"\x00bench%d" % number).digest()


def _frontier_hashes(builder: TileBuilder) -> list[bytes]:
    found = []
    for _, hashes in reversed(builder.levels):
        start = 0
        for bit in reversed(range(_BITS)):
            if len(hashes) >> bit & 1:
                found.append(root_of(hashes[start : start + (1 << bit)]))
                start += 1 << bit
    return found


def _finish(connection: Connection, frontier: Frontier) -> None:
    size = frontier.size
    last = range(size - size % TILE_WIDTH, size)
    rows: Sequence[dict[str, object]] = [
        {"leaf_index": number, "id": f"ent_{number}", "leaf": b"bench%d" % number}
        for number in last
    ]
    if rows:
        connection.execute(tables.entries.insert(), rows)
    connection.execute(update(tables.frontier).values(size=size, hashes=b"".join(frontier.hashes)))


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
