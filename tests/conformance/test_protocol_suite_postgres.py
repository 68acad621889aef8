"""PostgreSQL keeps what the spine promises, with asyncpg and a real server."""

from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from assent.demo.world import World
from conformance.protocol_suite import (
    BRIEF,
    HELD,
    LAWS,
    LONG,
    PERMITTED,
    REFUSED,
    UNKEPT,
    UNREAD,
    Law,
    Outcome,
    Stage,
    basic_policies,
    held_policies,
    staged,
    stops_with_words_and_goes_on_after_a_restart,
)
from gateway_world import Gateway, Loop, Shop, asyncpg_connect

TABLES = {
    PERMITTED: "suite_free",
    REFUSED: "suite_closed",
    HELD: "suite_held",
    BRIEF: "suite_brief",
}
OWN = """
@id("suite.read") @mask("pii.email: redact")
permit (principal in Group::"engineers", action in [Action::"sql.read", Action::"sql.session",
  Action::"sql.execute"], resource in Target::"shop");

@id("suite.insert")
permit (principal in Group::"engineers", action == Action::"sql.insert",
  resource in Target::"shop") unless { resource == Table::"shop/public.suite_closed" };
"""


@dataclass
class PostgresClient:
    """A connection of asyncpg's."""

    connection: asyncpg.Connection
    loop: Loop

    def do(self, kind: str, mark: str) -> Outcome:
        try:
            self.loop.begin(self.connection.execute(statement(kind, mark))).result(30)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, CancelledError) as fault:
            return Outcome(False, str(fault))
        return Outcome(True)

    def hang_up(self) -> None:
        async def terminate() -> None:
            self.connection.terminate()

        self.loop.run(terminate())


def statement(kind: str, mark: str) -> str:
    if kind == LONG:
        return "select pg_sleep(600)"
    if kind == UNREAD:
        return f"do $$ begin execute 'insert into ' || 'suite_free values (''{mark}'')'; end $$"
    if kind == UNKEPT:
        return f"insert into suite_free select '{mark}' || email from customers limit 1"
    return f"insert into {TABLES[kind]} values ('{mark}')"


class PostgresDriver:
    """asyncpg, before the shop."""

    name, target, more, withdraws, takes_up = "postgres", "shop", "", True, True
    policies = (
        basic_policies("shop")
        + OWN
        + held_policies(
            "sql.insert", 'Table::"shop/public.suite_held"', 'Table::"shop/public.suite_brief"'
        )
    )

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def client(self, gateway: Gateway, kind: str) -> PostgresClient:
        credential = gateway.connect_as("ana")
        return PostgresClient(self.shop.loop.run(asyncpg_connect(credential)), self.shop.loop)

    def text(self, kind: str, mark: str) -> str:
        return mark

    def reached(self, mark: str) -> int:
        seen = " union all ".join(f"select mark from {table}" for table in TABLES.values())
        where = "where mark like $1 || '%'"
        return int(self.shop.value(f"select count(*) from ({seen}) seen {where}", mark))

    def running(self) -> int:
        query = "select count(*) from pg_stat_activity where state = 'active' and query = $1"
        return int(self.shop.value(query, statement(LONG, "")))


@pytest.fixture(scope="module")
def driver(shop: Shop) -> PostgresDriver:
    for table in TABLES.values():
        shop.run(f"create table if not exists {table} (mark text)")
    return PostgresDriver(shop)


@pytest.fixture(scope="module")
def stage(
    driver: PostgresDriver, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("suite") / "world", template, driver) as running:
        yield running


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_laws_of_the_spine_hold(law: Law, stage: Stage) -> None:
    law(stage)


def test_it_stops_with_words_and_goes_on_after_a_restart(
    driver: PostgresDriver, template: World, tmp_path: Path
) -> None:
    stops_with_words_and_goes_on_after_a_restart(tmp_path / "world", template, driver)
