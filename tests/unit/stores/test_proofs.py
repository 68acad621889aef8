"""Tiles that were read are kept, and only so many."""

import asyncio
from pathlib import Path

import pytest

from assent.audit.tree import inclusion_proof, leaf_hash, subtrees_of
from assent.core.faults import OutsideFault
from assent.stores import open_store, tiles
from assent.stores.database import database_at, locate
from assent.stores.proofs import TileCache
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock, entry


def test_the_tile_that_was_longest_not_asked_for_is_dropped() -> None:
    cache = TileCache(most=2)
    rows = [[b"hash"]]
    cache.keep(0, 0, rows)
    cache.keep(0, 1, rows)
    assert cache.get(0, 0) is rows
    cache.keep(1, 0, rows)
    assert cache.get(0, 1) is None
    assert cache.get(0, 0) is rows


async def test_a_full_tile_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    await store.commit([], [entry(f"ent_{number}") for number in range(512)])
    asked: list[tuple[int, int]] = []
    read = tiles.stored

    def counting(connection: object, level: int, index: int) -> bytes | None:
        asked.append((level, index))
        return read(connection, level, index)  # type: ignore[arg-type]

    monkeypatch.setattr(tiles, "stored", counting)
    leaves = [leaf_hash(leaf) for leaf in await store.leaves(0, 512)]
    for index in (1, 2, 200):
        assert await store.inclusion(index, 512) == inclusion_proof(index, 512, subtrees_of(leaves))
    assert asked.count((0, 0)) == 1
    await store.close()


async def test_a_tile_that_is_gone_is_a_fault_and_not_a_wrong_proof(tmp_path: Path) -> None:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    await store.commit([], [entry(f"ent_{number}") for number in range(600)])
    database = database_at(locate(tmp_path))
    for sql in ("drop trigger tiles_refuse_delete", "delete from tiles where tile_index = 0"):
        await database.write(lambda connection, sql=sql: connection.exec_driver_sql(sql))  # type: ignore[misc]
    await database.close()
    with pytest.raises(OutsideFault, match="hashes of the log are missing"):
        await store.inclusion(300, 600)
    await store.close()


async def test_proofs_asked_for_at_one_moment_do_not_disturb_each_other(tmp_path: Path) -> None:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    await store.commit([], [entry(f"ent_{number}") for number in range(300)])
    leaves = [leaf_hash(leaf) for leaf in await store.leaves(0, 300)]
    found = await asyncio.gather(*(store.inclusion(index, 300) for index in range(0, 300, 7)))
    read = subtrees_of(leaves)
    assert list(found) == [inclusion_proof(index, 300, read) for index in range(0, 300, 7)]
    await store.close()
