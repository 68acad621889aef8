"""Further databases of one server: named by a client, offered by the operator or not."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, Shop

OFFERED = ((r'owners = \["dba"\]', 'owners = ["dba"]\ndatabases = ["archive"]'),)
GUARD = """
@id("own-orders") @message("the shop's own orders are closed")
forbid (principal, action == Action::"sql.read", resource == Table::"shop/public.orders");
"""


@pytest.fixture
def offering(shop: Shop, template: World, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose target offers `archive` too, where there is an `orders` as well."""
    shop.query("create database archive owner shop_app")
    created = gateway_world.create_world(tmp_path / "offering", template, change=OFFERED)
    (created.folder / "policies" / "40-own.cedar").write_text(GUARD, encoding="utf-8")
    try:
        with gateway_world.serving(created) as running:
            yield running
    finally:
        shop.query("drop database archive with (force)")


def ask(gateway: Gateway, database: str, statement: str) -> object:
    """Return the first value of the statement's result, or what refused it."""

    async def work() -> object:
        credential = gateway.connect_as("ana")
        try:
            connection = await gateway_world.asyncpg_connect(credential, database=database)
        except asyncpg.PostgresError as refused:
            return refused
        try:
            return await connection.fetchval(statement)
        except asyncpg.PostgresError as refused:
            return refused
        finally:
            await connection.close()

    return asyncio.run(work())


def test_a_database_that_is_not_offered_does_not_open(gateway: Gateway) -> None:
    for name in ("postgres", "template1", "nowhere"):
        refused = ask(gateway, f"shop/{name}", "select 1")
        assert isinstance(refused, asyncpg.InsufficientPrivilegeError)
        assert refused.args[0] == f"target `shop` does not offer the database `{name}`"
        assert refused.hint == "connect to `shop`"
    assert ask(gateway, "shop/shop", "select current_database()") == "shop"


def test_one_that_is_offered_opens_and_its_tables_are_not_the_shops(
    shop: Shop, offering: Gateway
) -> None:
    assert ask(offering, "shop/archive", "select current_database()") == "archive"

    async def furnish() -> None:
        connection = await shop.database.connect("archive", as_superuser=False)
        await connection.execute("create table orders as select 7 as id")
        await connection.close()

    shop.loop.run(furnish())
    assert ask(offering, "shop/archive", "select id from orders") == 7
    refused = ask(offering, "shop", "select id from orders")
    assert isinstance(refused, asyncpg.InsufficientPrivilegeError)
    assert "own orders are closed" in refused.args[0]
