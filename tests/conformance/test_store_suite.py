"""Every store keeps the same promises, each on its own real database."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from assent.core.faults import OperatorFault
from assent.stores import SqlStore, open_store, schema
from assent.stores.database import database_at, locate
from assent.stores.tables import metadata
from conformance.postgres_cluster import PostgresCluster
from conformance.store_builders import SIGNER, CountedIds, StoppedClock, entry
from conformance.store_suite import EXPECTATIONS, Expectation


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path
    cluster = request.getfixturevalue("postgres")
    assert isinstance(cluster, PostgresCluster)
    return cluster.fresh_database()


@pytest.fixture
async def store(where: Path | str) -> AsyncIterator[SqlStore]:
    opened = await open_store(where, SIGNER, CountedIds(), StoppedClock())
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
    for slip in (
        "update entries set id = 'x'",
        "delete from entries",
        "update payloads set leaf_index = 9",
        "delete from payloads",
        "update checkpoints set note = ''",
        "delete from checkpoints",
    ):
        with pytest.raises(DBAPIError, match="only ever appended"):
            await database.write(_running(slip))
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
        await open_store(where, SIGNER, CountedIds(), StoppedClock())


async def test_two_processes_on_one_log_do_not_fork_it(where: Path | str, store: SqlStore) -> None:
    other = await open_store(where, SIGNER, CountedIds(), StoppedClock())
    for number in range(3):
        await store.commit([], [entry(f"ent_a{number}")])
        await other.commit([], [entry(f"ent_b{number}")])
    published = await other.publish()
    assert published == await store.publish()
    assert [each.index for each in await store.entries()] == list(range(6))
    await other.close()


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def _go_down(connection: Connection) -> None:
    schema.migrate(connection, "base")


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _running(sql: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(text(sql))
