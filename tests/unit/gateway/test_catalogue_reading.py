"""Reading in a transaction that sees one moment, changes nothing, and ends in time."""

import asyncio

import pytest

from assent.core.faults import OutsideFault
from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.gateway import catalogue_reading
from assent.gateway.catalogue_reading import reading, snapshot, stamp
from gateway_world import Shop


@pytest.fixture
def target(shop: Shop) -> Target:
    server = shop.database
    return Target(
        TargetId("tgt_shop"), "shop", "postgres", server.host, server.port, server.name,
        server.user, "", tls="disable",
    )  # fmt: skip


async def test_it_finds_what_there_is(shop: Shop, target: Target) -> None:
    password = shop.database.password
    async with reading(target, target.database, target.user, password) as connection:
        read = await snapshot(connection, None)
        assert await stamp(connection) == read.stamp
    assert ("public", "orders") in read.catalogue.relations


async def test_what_is_read_is_of_one_moment_and_nothing_is_written(
    shop: Shop, target: Target
) -> None:
    password = shop.database.password
    settings = ("transaction_isolation", "transaction_read_only", "search_path", "lock_timeout")
    async with reading(target, target.database, target.user, password) as connection:
        shown = [await connection.fetchval(f"show {name}") for name in settings]
    assert shown == ["repeatable read", "on", '""', "1s"]


@pytest.mark.parametrize(
    ("statement", "state"), [("create table refused ()", "25006"), ("select 1 / 0", "22012")]
)
async def test_what_the_server_says_is_named_by_its_state_alone(
    shop: Shop, target: Target, statement: str, state: str
) -> None:
    password = shop.database.password
    with pytest.raises(OutsideFault, match=f"SQLSTATE {state}") as caught:
        async with reading(target, target.database, target.user, password) as connection:
            await connection.execute(statement)
    assert caught.value.code == "catalogue-unreadable"
    assert "zero" not in caught.value.detail


async def test_a_server_that_does_not_answer_is_not_waited_for(
    shop: Shop, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_reading, "READ_WITHIN_S", 0.2)
    password = shop.database.password
    with pytest.raises(OutsideFault, match="could not be read within"):
        async with reading(target, target.database, target.user, password):
            await asyncio.Event().wait()


async def test_a_connection_that_ends_is_a_fault_of_the_outside(shop: Shop, target: Target) -> None:
    server = shop.database

    async def read_and_lose_it() -> None:
        async with reading(target, server.name, server.user, server.password) as connection:
            other = await server.connect()
            pid = connection.get_server_pid()
            await other.execute(f"select pg_terminate_backend({pid}, 5000)")
            await other.close()
            await stamp(connection)

    with pytest.raises(OutsideFault) as caught:
        await read_and_lose_it()
    assert caught.value.code == "catalogue-unreadable"
