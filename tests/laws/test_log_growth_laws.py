"""However a log grew, and however often it was opened anew, it is one tree with all its proofs."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.audit.edge import Edge
from assent.audit.tiles import TILE_WIDTH, TileBuilder, place_of, spans
from assent.audit.tree import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    subtrees_of,
)
from assent.stores import SqlStore, open_store
from assent.stores.database import database_at, locate
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock, entry

HASHES = [leaf_hash(b"%d" % number) for number in range(3 * TILE_WIDTH)]
COMMITS = st.lists(st.integers(1, 300), min_size=1, max_size=6)


@given(st.lists(st.integers(0, 200), max_size=8))
def test_an_edge_that_grew_in_steps_is_the_one_that_grew_at_once(steps: Sequence[int]) -> None:
    edge, tiles, start = Edge(Frontier(), TileBuilder()), [], 0
    for step in steps:
        end = min(start + step, len(HASHES))
        edge, full = edge.grown(HASHES[start:end])
        tiles += full
        start = end
    at_once, all_full = Edge(Frontier(), TileBuilder()).grown(HASHES[:start])
    assert (edge.size, edge.hashes, edge.root()) == (start, at_once.hashes, root_of(HASHES[:start]))
    assert sorted(tiles, key=lambda one: (one.level, one.index)) == sorted(
        all_full, key=lambda one: (one.level, one.index)
    )
    for tile in tiles:
        if tile.level == 0:
            below = HASHES[tile.index * TILE_WIDTH : (tile.index + 1) * TILE_WIDTH]
            assert (tile.hashes, tile.root) == (b"".join(below), root_of(below))


@given(st.integers(1, 2**40), st.integers(0, 6))
def test_the_path_of_a_tile_names_it_again(size: int, level: int) -> None:
    for span in list(spans(min(size, 2**20), 0))[-2:]:
        place = place_of(span.path)
        assert place is not None
        assert (place.level, place.index, place.width) == (0, span.index, span.width)
        assert place.reaches <= size
    assert place_of(f"tile/{level}/x001/x234/067.p/9") is not None


@settings(deadline=None, max_examples=15)
@given(COMMITS, st.data())
def test_proofs_from_the_store_are_those_from_memory(
    commits: list[int], data: st.DataObject
) -> None:
    async def prove() -> None:
        with TemporaryDirectory() as folder:
            leaves = await _grown(Path(folder), commits)
            store = await _open(Path(folder))
            new = data.draw(st.integers(1, len(leaves)))
            index, old = data.draw(st.integers(0, new - 1)), data.draw(st.integers(1, new))
            read = subtrees_of(leaves)
            assert await store.inclusion(index, new) == inclusion_proof(index, new, read)
            expected = consistency_proof(old, new, read) if old < new else []
            assert await store.consistency(old, new) == expected
            assert (await store.publish()).root == root_of(leaves)
            await store.close()

    asyncio.run(prove())


@settings(deadline=None, max_examples=8)
@given(st.integers(TILE_WIDTH - 2, 2 * TILE_WIDTH + 2), st.integers(0, 300))
def test_a_log_that_stands_without_tiles_gets_them_when_it_is_opened(size: int, more: int) -> None:
    async def reopen() -> None:
        with TemporaryDirectory() as folder:
            where = Path(folder)
            leaves = await _grown(where, [size])
            await _forget_tiles(where)
            if more:
                leaves = await _grown(where, [more], start=size)
            store = await _open(where)
            whole = len(leaves) // TILE_WIDTH
            for index in range(whole):
                part = leaves[index * TILE_WIDTH : (index + 1) * TILE_WIDTH]
                assert await store.hashes(0, index, TILE_WIDTH) == b"".join(part)
            proof = await store.inclusion(0, len(leaves))
            assert proof == inclusion_proof(0, len(leaves), subtrees_of(leaves))
            await store.close()

    asyncio.run(reopen())


async def _open(folder: Path) -> SqlStore:
    return await open_store(folder, SIGNER, CountedIds(), StoppedClock(), MASTER)


async def _grown(folder: Path, commits: Sequence[int], start: int = 0) -> list[bytes]:
    """Append so many entries a commit, the log opened anew for each; return all leaf hashes."""
    for size in commits:
        store = await _open(folder)
        await store.commit([], [entry(f"ent_{start + number}") for number in range(size)])
        start += size
        stored = await store.leaves(0, 10_000)
        await store.close()
    return [leaf_hash(leaf) for leaf in stored]


async def _forget_tiles(folder: Path) -> None:
    database = database_at(locate(folder))
    await database.write(
        lambda connection: connection.exec_driver_sql("drop trigger tiles_refuse_delete")
    )
    await database.write(lambda connection: connection.exec_driver_sql("delete from tiles"))
    await database.close()
