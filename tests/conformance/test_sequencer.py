"""Whatever becomes of the process that numbers: nothing is lost, doubled, or out of order."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from itertools import count, pairwise
from pathlib import Path

import asyncpg
import pytest

from assent.audit.entry import decode
from assent.audit.tree import leaf_hash, root_of
from assent.core.changes import PutGrant
from assent.core.faults import OutsideFault
from assent.core.ids import EntryId
from assent.stores import SqlStore, open_store
from conformance.postgres_cluster import PostgresCluster
from conformance.store_builders import (
    GRANT,
    MASTER,
    PUT_GRANT,
    SIGNER,
    CountedIds,
    StoppedClock,
    entry,
)

TESTS = Path(__file__).resolve().parents[1]
LEADERS = "select pid from pg_stat_activity where application_name = 'assent sequencer' and {}"
LEADS = (
    "pid in (select pid from pg_locks where locktype = 'advisory' and granted) "
    "and datname = current_database()"
)


@pytest.fixture
def url(postgres: PostgresCluster) -> str:
    return postgres.fresh_database()


@pytest.fixture
async def operator(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    opened = await opened_at(url)
    yield opened
    await opened.close()


@pytest.fixture
async def other(url: str, store: SqlStore) -> AsyncIterator[SqlStore]:
    """Another store on the same database, as another process has it."""
    opened = await opened_at(url)
    yield opened
    await opened.close()


async def opened_at(url: str) -> SqlStore:
    return await open_store(url, SIGNER, CountedIds(), StoppedClock(), MASTER)


async def names(store: SqlStore) -> list[str]:
    """Return the ids of all entries, once it is proved that they are one sound log."""
    found = await store.entries(limit=10_000)
    assert [each.index for each in found] == list(range(len(found)))
    published = await store.publish()
    assert published.size == len(found)
    assert published.root == root_of([leaf_hash(each.leaf) for each in found])
    full = await store.hashes(0, 0, min(256, len(found)))
    assert full == b"".join(leaf_hash(each.leaf) for each in found[:256])
    return [str(decode(each.leaf)["id"]) for each in found]


async def test_an_entry_stands_behind_all_that_were_durable_before_it_was_committed(
    store: SqlStore, other: SqlStore
) -> None:
    moments = count()
    began: dict[str, int] = {}
    ended: dict[str, int] = {}

    async def produce(name: str, where: Sequence[SqlStore]) -> None:
        for number in range(30):
            one = f"ent_{name}_{number}"
            began[one] = next(moments)
            await where[number % len(where)].commit([], [entry(one)])
            ended[one] = next(moments)

    ways = ((store,), (other,), (store, other), (other, store))
    await asyncio.gather(*(produce(str(at), way) for at, way in enumerate(ways)))
    await other.entries()
    order = await names(store)
    assert sorted(order) == sorted(began)
    latest_begin = -1
    for one in order:
        # Nothing that stands before it may have begun after it had ended.
        assert ended[one] > latest_begin
        latest_begin = max(latest_begin, began[one])


async def test_a_sequencer_that_is_cut_off_is_followed_and_nothing_is_lost_or_doubled(
    store: SqlStore, other: SqlStore, operator: asyncpg.Connection
) -> None:
    acknowledged: list[str] = []
    producing = True

    async def produce(name: str, where: SqlStore) -> None:
        for number in count():
            if not producing:
                return
            await where.commit([], [entry(f"ent_{name}_{number}")])
            acknowledged.append(f"ent_{name}_{number}")

    producers = [
        asyncio.create_task(produce(f"{at}_{way}", where))
        for at in range(3)
        for way, where in enumerate((store, other))
    ]
    for _ in range(6):
        size = await operator.fetchval("select size from frontier")
        while not (leaders := await operator.fetch(LEADERS.format(LEADS))) or (
            await operator.fetchval("select size from frontier") <= size
        ):
            await asyncio.sleep(0)
        for leader in leaders:
            await operator.execute("select pg_terminate_backend($1)", leader["pid"])
    producing = False
    await asyncio.gather(*producers)
    await other.entries()
    assert sorted(await names(store)) == sorted(acknowledged)
    assert await operator.fetchval("select count(*) from unsequenced") == 0


async def test_a_process_that_is_killed_loses_nothing_that_it_acknowledged(url: str) -> None:
    # The one that numbers is killed; a second one, which waited for that, goes on.
    first = await started(url, "ent_first")
    heard = [await line(first) for _ in range(50)]
    second = await started(url, "ent_second")
    heard += [await line(second) for _ in range(50)]
    first.kill()
    heard += [one async for one in rest(first)]
    heard += [await line(second) for _ in range(50)]
    second.kill()
    heard += [one async for one in rest(second)]
    store = await opened_at(url)
    found = await names(store)
    await store.close()
    assert len(found) == len(set(found))
    assert set(heard) <= set(found)
    for prefix in ("ent_first_0", "ent_second_3"):
        order = [int(one.rsplit("_", 1)[1]) for one in found if one.startswith(f"{prefix}_")]
        assert all(after == before + 1 for before, after in pairwise(order))


async def test_a_leader_that_stands_still_is_followed(
    url: str, operator: asyncpg.Connection
) -> None:
    first = await started(url, "ent_first")
    heard = [await line(first) for _ in range(10)]
    try:
        await stopped(first, operator)
        store = await opened_at(url)
        await store.commit([], [entry("ent_more")])
        # The server ends a session of the sequencer's that said nothing for three seconds.
        assert await store.entry(EntryId("ent_more")) is not None
        assert {*heard, "ent_more"} <= set(await names(store))
        await store.close()
    finally:
        first.kill()
        await first.wait()


async def stopped(process: asyncio.subprocess.Process, operator: asyncpg.Connection) -> None:
    """Stop a process that leads, but not while the server waits for rows of a COPY of its."""
    state = "select state from pg_stat_activity where application_name = 'assent sequencer' and "
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        if (await operator.fetchval(state + LEADS)) != "active":
            return
        os.kill(process.pid, signal.SIGCONT)


async def started(url: str, prefix: str) -> asyncio.subprocess.Process:
    script = str(TESTS / "conformance" / "appending_process.py")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        script,
        url,
        prefix,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    while True:
        said = (await process.stdout.readline()).decode()
        assert said.endswith("\n"), "the process ended"
        if said.startswith("ent_"):
            return said.strip()


async def rest(process: asyncio.subprocess.Process) -> AsyncIterator[str]:
    """Yield the whole lines that a process that was killed said before."""
    assert process.stdout is not None
    said = (await process.stdout.read()).decode()
    await process.wait()
    for one in said.splitlines(keepends=True):
        if one.startswith("ent_") and one.endswith("\n"):
            yield one.strip()


FORGE = (
    "insert into unsequenced (id, leaf, payload, mac) "
    "values ('ent_forged', '{}', null, decode(repeat('00', 32), 'hex'))"
)


async def halted(operator: asyncpg.Connection) -> str:
    while (because := await operator.fetchval("select because from halts")) is None:
        await asyncio.sleep(0)
    return str(because)


async def refused(store: SqlStore) -> OutsideFault:
    with pytest.raises(OutsideFault) as found:
        await store.commit([PUT_GRANT], [entry("ent_after")])
    return found.value


async def test_a_row_that_no_gateway_wrote_stops_the_log_until_somebody_has_looked(
    store: SqlStore, other: SqlStore, operator: asyncpg.Connection
) -> None:
    await store.commit([], [entry("ent_0")])
    assert store.trouble() == ""
    await store.entries()
    await operator.execute(FORGE)
    assert "`ent_forged` was not written" in await halted(operator)
    for each in (store, other):
        await refused(each)
    assert await store.grant(GRANT) is None
    while not (store.trouble() and other.trouble()):
        await asyncio.sleep(0)
    assert "ent_forged" in store.trouble()
    assert (await refused(other)).code == "log-broken"
    assert [each.index for each in await store.entries()] == [0]

    await operator.execute("delete from unsequenced where id = 'ent_forged'")
    await operator.execute("delete from halts")
    while store.trouble() or other.trouble():
        await asyncio.sleep(0)
    await store.commit([PutGrant(PUT_GRANT.grant)], [entry("ent_after")])
    assert await names(store) == ["ent_0", "ent_after"]


async def test_a_store_that_was_stopped_by_a_forged_row_is_opened_and_takes_nothing(
    url: str, store: SqlStore, operator: asyncpg.Connection
) -> None:
    await operator.execute(FORGE)
    await halted(operator)
    await store.close()
    again = await opened_at(url)
    await refused(again)
    await again.close()


async def test_a_row_that_is_played_again_stops_the_log(
    store: SqlStore, operator: asyncpg.Connection
) -> None:
    await operator.execute("begin")
    # Rows can be read until they are numbered; the lock holds the sequencer back meanwhile.
    await operator.execute("lock table frontier in exclusive mode")
    await store.commit([], [entry("ent_0", text="said")])
    await operator.execute("create table kept as select * from unsequenced")
    await operator.execute("commit")
    assert await names(store) == ["ent_0"]
    await operator.execute(
        "insert into unsequenced (id, request_id, session_id, leaf, payload, mac) "
        "select id, request_id, session_id, leaf, payload, mac from kept"
    )
    assert "stands in the log already" in await halted(operator)
    await refused(store)


async def test_a_log_that_was_set_back_under_a_running_gateway_takes_nothing_more(
    store: SqlStore, other: SqlStore, operator: asyncpg.Connection
) -> None:
    await store.commit([], [entry(f"ent_{number}") for number in range(3)])
    await other.wait_beyond(2)
    await store.entries()
    await operator.execute("update frontier set size = 0, hashes = ''")
    # Durable as it is, and never numbered: two entries would have one index.
    await store.commit([], [entry("ent_more")])
    assert "does not end at 3" in await halted(operator)
    await refused(store)
    with pytest.raises(OutsideFault):
        await store.entries()


async def test_a_role_that_cannot_rewrite_the_log_is_enough_to_write_it(
    url: str, operator: asyncpg.Connection
) -> None:
    page = (TESTS.parent / "docs" / "how-to" / "store-in-postgresql.md").read_text("utf-8")
    grants = page.split("```sql\n")[1].split("```")[0]
    role = f"writer_{url.rsplit('_', 1)[1]}"
    await (await opened_at(url)).close()
    await operator.execute(f"create role {role} login password 'only-for-this-test'")
    await operator.execute(grants.replace("assent;", f"{role};"))
    store = await opened_at(url.replace("//assent:", f"//{role}:"))
    await store.commit([PUT_GRANT], [entry(f"ent_{number}", text="said") for number in range(300)])
    assert len(await names(store)) == 300
    await store.thin_checkpoints()
    await store.close()
    writer = await asyncpg.connect(url.replace("//assent:", f"//{role}:"))
    for slip in (
        "update entries set id = 'x'",
        "delete from entries",
        "delete from payloads",
        "update tiles set level = 1",
        "update checkpoints set note = ''",
        "truncate entries cascade",
        "alter table entries disable trigger all",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await writer.execute(slip)
    await writer.close()
