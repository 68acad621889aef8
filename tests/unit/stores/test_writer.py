"""One batch fails as one, and the writer lives on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from assent.audit.edge import Edge
from assent.audit.tree import leaf_hash, root_of
from assent.core.changes import PutGrant
from assent.core.faults import ConflictFault, OutsideFault
from assent.stores import SqlStore, log, open_store, writer
from assent.stores.log import Unit
from conformance.store_builders import (
    GRANT,
    MASTER,
    PUT_GRANT,
    SIGNER,
    CountedIds,
    StoppedClock,
    entry,
    grant,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    yield opened
    await opened.close()


def _leave_room(pages: int) -> Callable[[Connection], None]:
    def limit(connection: Connection) -> None:
        used = connection.exec_driver_sql("pragma page_count").scalar_one()
        connection.exec_driver_sql(f"pragma max_page_count = {used + pages}")

    return limit


async def test_a_full_disk_fails_the_batch_and_the_next_one_is_tried_again(
    store: SqlStore,
) -> None:
    await store.commit([], [entry("ent_0", text="the first, which makes a key")])
    await store._database.write(_leave_room(2))
    outcomes = await asyncio.gather(
        store.commit([PUT_GRANT], [entry("ent_big", text="x" * 100_000)]),
        store.commit([], [entry("ent_small")]),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [OutsideFault, OutsideFault]
    assert "store-unavailable" in str(outcomes[0])
    assert await store.grant(GRANT) is None
    await store._database.write(_leave_room(1_000))
    await store.commit([PUT_GRANT], [entry("ent_big", text="x" * 100_000)])
    stored = await store.entries()
    published = await store.publish()
    assert [each.index for each in stored] == [0, 1]
    assert published.root == root_of([leaf_hash(each.leaf) for each in stored])


async def test_what_waits_at_one_moment_shares_a_transaction(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    write = log.write

    def counting(
        connection: Connection, units: Sequence[Unit], edge: Edge
    ) -> tuple[list[ConflictFault | None], Edge]:
        batches.append(len(units))
        return write(connection, units, edge)

    monkeypatch.setattr(log, "write", counting)
    await asyncio.gather(*(store.commit([], [entry(f"ent_{n}")]) for n in range(200)))
    assert sum(batches) == 200
    assert len(batches) <= 2


async def test_a_caller_that_is_cancelled_does_not_disturb_the_others(store: SqlStore) -> None:
    tasks = [asyncio.create_task(store.commit([], [entry(f"ent_{n}")])) for n in range(10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [n for n, outcome in enumerate(outcomes) if outcome is not None] == [4]
    await store.commit([], [entry("ent_last")])
    assert [each.index for each in await store.entries()] == list(range(11))


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    waiting = [asyncio.create_task(store.commit([], [entry(f"ent_{n}")])) for n in range(10)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == [None] * 10
    again = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    assert len(await again.entries()) == 10
    await again.close()


async def test_a_writer_that_was_stopped_refuses_instead_of_hanging(store: SqlStore) -> None:
    waiting = asyncio.create_task(store.commit([], [entry("ent_0")]))
    await asyncio.sleep(0)
    store._writer._task.cancel()
    with pytest.raises(OutsideFault):
        await waiting
    with pytest.raises(OutsideFault):
        await store.commit([], [entry("ent_1")])


async def test_more_callers_than_the_queue_takes_are_all_served(store: SqlStore) -> None:
    await asyncio.gather(*(store.commit([], [entry(f"ent_{n}")]) for n in range(1_500)))
    assert len(await store.entries(limit=2_000)) == 1_500


async def test_a_log_that_went_back_takes_nothing_more(store: SqlStore) -> None:
    await store.commit([], [entry(f"ent_{n}") for n in range(3)])
    await store._database.write(
        lambda connection: connection.exec_driver_sql("update frontier set size = 0, hashes = x''")
    )
    with pytest.raises(OutsideFault):
        await store.commit([PutGrant(grant())], [entry("ent_more")])
    assert await store.grant(GRANT) is None


async def test_a_surrogate_in_a_text_fails_its_own_unit_only(store: SqlStore) -> None:
    odd = PutGrant(grant("grt_\ud800"))
    refused, taken, twice = await asyncio.gather(
        store.commit([odd], []),
        store.commit([PUT_GRANT], [entry("ent_0")]),
        store.commit([PUT_GRANT], []),
        return_exceptions=True,
    )
    assert isinstance(refused, OutsideFault)
    assert taken is None
    assert isinstance(twice, ConflictFault)


async def test_a_disk_that_hangs_refuses_whoever_waits_and_writes_on_once_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "WITHIN_S", 0.02)
    free = threading.Event()
    write = log.write

    def hanging(
        connection: Connection, units: Sequence[Unit], edge: Edge
    ) -> tuple[list[ConflictFault | None], Edge]:
        free.wait(30)
        return write(connection, units, edge)

    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    monkeypatch.setattr(log, "write", hanging)
    first = asyncio.create_task(store.commit([], [entry("ent_hangs")]))
    await asyncio.sleep(0)
    behind = asyncio.create_task(store.commit([], [entry("ent_behind")]))
    for waiting in (first, behind):
        with pytest.raises(OutsideFault, match=r"did not take it within 0\.02 s"):
            await waiting
    monkeypatch.setattr(writer, "WITHIN_S", 30.0)
    store._writer._expect(())
    free.set()
    await store.commit([], [entry("ent_later")])
    # Of what hung nobody can know; what was behind it was refused and is not written.
    assert [b"ent_behind" in leaf for leaf in await store.leaves(0, 9)] == [False, False]
    await store.close()
