"""Every store keeps the same promises, each on its own real database."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from assent.audit.edge import Edge
from assent.audit.tiles import TileBuilder
from assent.audit.tree import Frontier
from assent.core.changes import (
    BeginGrant,
    Change,
    PutApproval,
    PutCredential,
    PutGrant,
    PutRequest,
    PutSecurityEvent,
)
from assent.core.faults import OperatorFault
from assent.core.grant import GrantKind
from assent.core.ids import RequestId, SessionId
from assent.core.request import RejectedAs
from assent.core.scope import Budget, Scope, Spent
from assent.stores import SqlStore, log, open_store, schema
from assent.stores.append_only import deleting
from assent.stores.audit_tables import tiles
from assent.stores.database import database_at, locate
from assent.stores.effect_tables import TEXTS
from assent.stores.tables import metadata
from conformance import spine_rows as spine
from conformance import store_builders as make
from conformance import workflow_builders as flow
from conformance.people_suite import EXPECTATIONS
from conformance.postgres_cluster import PostgresCluster
from conformance.store_builders import (
    ANA,
    GRANT,
    HOUR,
    MASTER,
    NOON,
    SHOP,
    SIGNER,
    CountedIds,
    StoppedClock,
    entry,
)
from conformance.store_suite import Expectation


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path
    cluster = request.getfixturevalue("postgres")
    assert isinstance(cluster, PostgresCluster)
    return cluster.fresh_database()


@pytest.fixture
async def store(where: Path | str) -> AsyncIterator[SqlStore]:
    opened = await open_store(where, SIGNER, CountedIds(), StoppedClock(), MASTER)
    yield opened
    await opened.close()


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=lambda each: each.__name__)
async def test_a_store_keeps_what_is_expected(expectation: Expectation, store: SqlStore) -> None:
    await expectation(store)


async def test_the_migrations_and_the_tables_say_the_same(where: Path | str) -> None:
    database = database_at(locate(where))
    await database.write(schema.upgrade)
    assert await database.read(_differences) == []
    await database.write(_go_down)
    assert await database.read(_tables) == {"alembic_version"}
    await database.write(schema.upgrade)
    assert await database.read(_differences) == []
    await database.close()


async def test_the_log_cannot_be_changed_by_a_slip(where: Path | str, store: SqlStore) -> None:
    await store.commit([], [entry("ent_0", text="said")])
    await store.publish()
    database = database_at(locate(where))
    await database.write(_put_a_tile)
    for slip in (
        "update entries set id = 'x'",
        "delete from entries",
        "update payloads set leaf_index = 9",
        "delete from payloads",
        "update checkpoints set note = ''",
        "delete from checkpoints",
        "update tiles set level = 7",
        "delete from tiles",
    ):
        with pytest.raises(DBAPIError, match="only ever appended"):
            await database.write(_running(slip))
    await database.close()


async def test_a_transaction_that_prunes_deletes_of_the_log_and_changes_nothing(
    where: Path | str, store: SqlStore
) -> None:
    await store.commit([], [entry("ent_0", text="said")])
    await store.entries()
    database = database_at(locate(where))
    with pytest.raises(DBAPIError, match="only ever appended"):
        await database.write(_pruning("update entries set id = 'x'"))
    await database.write(_pruning("delete from payloads"))
    await database.write(_pruning("delete from entries"))
    await store.commit([], [entry("ent_1")])
    assert [each.index for each in await store.entries()] == [1]
    with pytest.raises(DBAPIError, match="only ever appended"):
        await database.write(_running("delete from entries"))
    await database.close()


async def test_a_reader_cannot_write(where: Path | str, store: SqlStore) -> None:
    database = database_at(locate(where))
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await database.read(_running("delete from tokens"))
    await database.close()


async def test_a_schema_of_a_newer_version_is_left_alone(where: Path | str) -> None:
    database = database_at(locate(where))
    await database.write(schema.upgrade)
    await database.write(_running("update alembic_version set version_num = '9999'"))
    await database.close()
    with pytest.raises(OperatorFault, match="9999"):
        await open_store(where, SIGNER, CountedIds(), StoppedClock(), MASTER)


async def test_a_store_of_the_first_schema_is_opened_and_keeps_its_data(where: Path | str) -> None:
    database = database_at(locate(where))
    await database.write(_make_a_spine)
    await database.close()
    store = await open_store(where, SIGNER, CountedIds(), StoppedClock(), MASTER)
    try:
        await _expect_the_spine(store)
        await _expect_that_it_learns(store)
        await _expect_that_it_grants(store)
    finally:
        await store.close()


async def test_a_schema_that_goes_back_gives_nobody_more_than_they_had(where: Path | str) -> None:
    store = await open_store(where, SIGNER, CountedIds(), StoppedClock(), MASTER)
    limited = replace(make.grant("grt_limited"), budget=Budget(rows=5))
    scoped = replace(make.grant("grt_scoped"), scope=Scope(read_only=True))
    special = replace(make.grant("grt_special"), kind=GrantKind.BREAK_GLASS)
    every = (make.grant(), limited, scoped, special, flow.delegation("grt_delegation"))
    await store.commit([PutGrant(each) for each in every], [])
    of_nothing = replace(make.credential("crd_2"), grant=None)
    withdrawn = replace(make.approval("apr_2", ANA), withdrawn_at=NOON)
    answers = (make.approval("apr_1"), replace(make.approval("apr_3"), action_digest="later"))
    await store.commit(
        [
            *(PutCredential(each) for each in (make.credential(), of_nothing)),
            PutRequest(make.request()),
            *(PutApproval(each) for each in (*answers, withdrawn)),
        ],
        [entry("ent_0")],
    )
    await store.close()
    database = database_at(locate(where))
    await database.write(lambda connection: schema.migrate(connection, "0003"))
    assert await database.read(schema.current) == "0003"
    await database.close()
    store = await open_store(where, SIGNER, CountedIds(), StoppedClock(), MASTER)
    try:
        assert await store.grants(valid_at=NOON) == [make.grant()]
        assert len(await store.grants()) == len(every)
        assert await store.credentials(ANA, SHOP, NOON) == [make.credential()]
        found = await store.request(RequestId("req_1"))
        assert found == replace(make.request(), approvals=(answers[1],))
        assert [each.index for each in await store.entries()] == [0]
    finally:
        await store.close()


async def test_a_credential_that_is_overdrawn_is_refused_by_the_table_itself(
    where: Path | str, store: SqlStore
) -> None:
    await store.commit([PutGrant(make.grant()), PutCredential(make.credential())], [])
    database = database_at(locate(where))
    with pytest.raises(DBAPIError, match="no_more_connections_than_left"):
        await database.write(_running("update credentials set connections_left = -1"))
    await database.close()


def _make_a_spine(connection: Connection) -> None:
    schema.migrate(connection, "0001")
    assert not _tables(connection) & {"lessons", "profiles", "security_events", "notices", "timers"}
    for table, row in spine.ROWS:
        connection.execute(metadata.tables[table].insert().values(row))
    entries = log.encode_entries([entry("ent_0", text="said")], make.unsealed)
    log.write(connection, [log.Unit(entries=entries)], Edge(Frontier(), TileBuilder()))


async def _expect_the_spine(store: SqlStore) -> None:
    assert await store.request(RequestId("req_1")) == spine.REQUEST
    assert await store.grant(GRANT) == make.grant()
    assert await store.credentials(ANA, SHOP, NOON) == [make.credential()]
    assert await store.session(SessionId("ses_1")) == make.session()
    assert [subject.name for subject in await store.subjects()] == ["ana"]
    counted = await store.habits(ANA, SHOP, [("sql.read", "public.orders")])
    assert counted == {"sql.read public.orders": 7}
    assert [each.index for each in await store.entries()] == [0]
    assert (await store.publish()).size == 1


async def _expect_that_it_learns(store: SqlStore) -> None:
    rejection = make.rejection("apr_2", RejectedAs.SUSPICIOUS, ANA)
    minted = replace(make.credential("crd_2"), minted_from="192.0.2.7", minted_at=NOON)
    learned: list[Change] = [make.put_lesson("les_1"), make.put_profile()]
    event = PutSecurityEvent(make.security_event())
    await store.commit([PutApproval(rejection), PutCredential(minted), *learned, event], [])
    found = await store.request(RequestId("req_1"))
    assert found == replace(spine.REQUEST, approvals=(make.approval("apr_1"), rejection))
    assert await store.credentials(ANA, SHOP, NOON) == [minted, make.credential()]
    assert await store.lessons(ANA) == [make.lesson("les_1")]
    assert await store.profile(ANA) == b"profile"
    assert await store.security_events(ANA, NOON) == [make.security_event()]


async def _expect_that_it_grants(store: SqlStore) -> None:
    begin = BeginGrant(GRANT, NOON, NOON + 2 * HOUR)
    notice = flow.put_notice("ntc_1", "mail")
    await store.commit([flow.spend(Spent(rows=7)), begin, notice], [])
    begun = replace(make.grant(), spent=Spent(rows=7), began_at=NOON, ends_at=NOON + 2 * HOUR)
    assert await store.grant(GRANT) == begun
    assert [told for told, _ in await store.due_deliveries(NOON)] == [notice.notice]


async def test_two_processes_on_one_log_do_not_fork_it(where: Path | str, store: SqlStore) -> None:
    other = await open_store(where, SIGNER, CountedIds(), StoppedClock(), MASTER)
    for number in range(3):
        await store.commit([], [entry(f"ent_a{number}")])
        await other.commit([], [entry(f"ent_b{number}")])
    published = await other.publish()
    assert published == await store.publish()
    assert [each.index for each in await store.entries()] == list(range(6))
    await other.close()


def _differences(connection: Connection) -> list[object]:
    # The words of statements lie in a table of the database's own kind (stores/effect_tables.py).
    opts = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith(TEXTS)}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, metadata))


def _go_down(connection: Connection) -> None:
    schema.migrate(connection, "base")


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _put_a_tile(connection: Connection) -> None:
    row = {"level": 5, "tile_index": 0, "hashes": b"", "root": b""}
    connection.execute(tiles.insert().values(row))


def _pruning(sql: str) -> Callable[[Connection], object]:
    def prune(connection: Connection) -> None:
        with deleting(connection):
            connection.execute(text(sql))

    return prune


def _running(sql: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(text(sql))
