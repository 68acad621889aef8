"""Two processes on one PostgreSQL: what one of them erases, the other neither reads nor uses."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from assent.core.changes import DestroyDataKeys
from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.stores import SqlStore, open_store
from assent.system.ids import SystemIds
from conformance.postgres_cluster import PostgresCluster
from conformance.store_builders import ANA, MASTER, NOON, SIGNER, StoppedClock, entry

IDS = SystemIds(StoppedClock())


@pytest.fixture
def url(postgres: PostgresCluster) -> str:
    return postgres.fresh_database()


async def opened(url: str, master: FileMasterKey = MASTER) -> SqlStore:
    return await open_store(url, SIGNER, IDS, StoppedClock(), master)


@pytest.fixture
async def stores(url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    first = await opened(url)
    second = await opened(url)
    yield first, second
    await second.close()
    await first.close()


async def contents(store: SqlStore, size: int) -> list[bytes | None]:
    """Return what the first entries say, as soon as a process hears of so many."""
    await store.wait_beyond(size - 1)
    return [each.content for each in await store.entries()]


async def test_they_share_the_key_of_a_subject(stores: tuple[SqlStore, SqlStore]) -> None:
    first, second = stores
    await first.commit([], [entry("ent_1", text="one")])
    await second.commit([], [entry("ent_2", text="two")])
    assert len(await first.data_keys(ANA)) == 1
    assert await contents(first, 2) == [b'{"text":"one"}', b'{"text":"two"}']


async def test_what_one_erases_the_other_cannot_read_and_seals_no_more_under(
    stores: tuple[SqlStore, SqlStore],
) -> None:
    first, second = stores
    await first.commit([], [entry("ent_1", text="one")])
    await second.commit([], [entry("ent_2", text="two")])
    assert None not in await contents(second, 2)
    (key,) = await first.data_keys(ANA)
    await first.commit([DestroyDataKeys((key.id,), NOON)], [])
    # It still holds the key, and finds out when it would use it.
    await asyncio.gather(
        second.commit([], [entry("ent_3", text="three")]),
        second.commit([], [entry("ent_4", text="four")]),
    )
    assert await contents(second, 4) == await contents(first, 4)
    assert (await contents(first, 4))[:2] == [None, None]
    assert set((await contents(first, 4))[2:]) == {b'{"text":"three"}', b'{"text":"four"}'}
    assert len(await first.data_keys(ANA, live_only=True)) == 1


async def test_a_key_that_is_held_is_not_read_with_once_it_is_destroyed(
    stores: tuple[SqlStore, SqlStore],
) -> None:
    first, second = stores
    await first.commit([], [entry("ent_1", text="one")])
    assert await contents(second, 1) == [b'{"text":"one"}']
    (key,) = await first.data_keys(ANA)
    await first.commit([DestroyDataKeys((key.id,), NOON)], [])
    assert await contents(second, 1) == [None]


async def test_a_process_with_another_master_key_does_not_start(
    url: str, stores: tuple[SqlStore, SqlStore]
) -> None:
    await stores[0].commit([], [entry("ent_1", text="one")])
    with pytest.raises(OperatorFault, match=MASTER.name):
        await opened(url, FileMasterKey(Secret(b"o" * 32), IDS))
