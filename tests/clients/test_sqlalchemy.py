"""SQLAlchemy through a real gateway, over psycopg and over asyncpg."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from gateway_world import Credential, Gateway, Shop


def url(credential: Credential, driver: str) -> str:
    return credential.url.replace("postgresql:", f"postgresql+{driver}:", 1)


def described(table: str) -> Table:
    return Table(
        table,
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("item", String),
        Column("cents", Integer),
    )


@pytest.fixture
def engine(gateway: Gateway) -> Iterator[Engine]:
    made = create_engine(url(gateway.connect_as("ana", connections=4), "psycopg"))
    yield made
    made.dispose()


def test_a_table_is_read_and_written(engine: Engine, shop: Shop, table: str) -> None:
    things = described(table)
    with engine.begin() as connection:
        connection.execute(
            insert(things), [{"id": n, "item": "x", "cents": n} for n in (2001, 2002)]
        )
        connection.execute(update(things).where(things.c.id == 2001).values(cents=5))
        total = connection.scalar(select(func.count()).where(things.c.id > 2000))
    assert total == 2
    assert shop.value(f"select cents from {table} where id = 2001") == 5


def test_a_failed_block_rolls_back(engine: Engine, shop: Shop, table: str) -> None:
    things = described(table)

    def work() -> None:
        with engine.begin() as connection:
            connection.execute(update(things).where(things.c.id == 1).values(cents=5))
            connection.execute(text(f"truncate {table}"))

    with pytest.raises(DBAPIError) as fault:
        work()
    assert getattr(fault.value.orig, "sqlstate", "") == "42501"
    with engine.connect() as connection:
        assert connection.scalar(select(things.c.cents).where(things.c.id == 1)) == 10
    assert shop.count(table) == 1000


def test_create_all_makes_tables_and_reflection_reads_them(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    gateway.step_up("ben")
    engine = create_engine(
        url(gateway.connect_as("ben", connections=16), "psycopg"), poolclass=NullPool
    )
    wanted = MetaData()
    Table(f"{table}_owner", wanted, Column("id", Integer, primary_key=True))
    Table(
        f"{table}_thing",
        wanted,
        Column("id", Integer, primary_key=True),
        Column("name", String(20), unique=True, nullable=False),
        Column("owner", ForeignKey(f"{table}_owner.id"), index=True),
    )
    wanted.create_all(engine)
    found = MetaData()
    found.reflect(engine, only=lambda name, _: name.startswith(f"{table}_"))
    assert sorted(found.tables) == sorted(wanted.tables)
    thing = found.tables[f"{table}_thing"]
    assert not thing.c.name.nullable
    assert [key.column.table.name for key in thing.foreign_keys] == [f"{table}_owner"]
    assert shop.value("select count(*) from pg_class where relname = $1", f"{table}_thing") == 1
    assert inspect(engine).get_indexes(f"{table}_thing")
    engine.dispose()


async def test_the_asyncpg_dialect_works(gateway: Gateway, shop: Shop, table: str) -> None:
    engine = create_async_engine(url(gateway.connect_as("ana", connections=4), "asyncpg"))
    things = described(table)
    async with engine.begin() as connection:
        await connection.execute(
            insert(things), [{"id": n, "item": "x", "cents": n} for n in range(2001, 2051)]
        )
        rows = await connection.execute(select(things).where(things.c.id.in_([1, 2, 2001])))
        assert len(rows.all()) == 3
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert table in names
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(text(f"truncate {table}"))
        await connection.rollback()
        assert await connection.scalar(select(func.count()).select_from(things)) == 1050

    async def hold() -> Any:
        async with engine.begin() as connection:
            return (await connection.execute(delete(things))).rowcount

    held = asyncio.ensure_future(hold())
    await asyncio.to_thread(gateway.approve_next, table)
    assert await held == 1050
    await engine.dispose()
    assert shop.count(table) == 0
