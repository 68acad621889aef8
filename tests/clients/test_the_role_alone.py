"""Defence in depth: with the reading of statements switched off, the session's role alone holds.

A real client, the gateway's own relay and control plane, a real server; only the reader is
replaced by one that takes every statement for `SELECT 1`, so that policies permit whatever comes.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

import gateway_world
from assent.core.action import Statement
from assent.demo.world import World
from assent.gateway import assemble
from assent.protocols.postgres.statements import Classifier
from gateway_world import Gateway, Shop, eventually

BY_ROLE = ((r'owners = \["dba"\]', 'owners = ["dba"]\nbroker = "postgres_role"'),)
ROLES = "select rolname from pg_roles where starts_with(rolname, 'assent_s_') order by 1"
POLICIES = {
    "role.cedar": """
@id("request") @max_duration("30m")
permit (principal, action == Action::"access.request", resource);
@id("open") @max_duration("30m")
permit (principal, action == Action::"session.open", resource) when { context.grant.active };
@id("session") permit (principal, action == Action::"sql.session", resource);
@id("read") permit (principal, action == Action::"sql.read", resource)
when { resource.name == "public.orders" || resource.name == "public.customers" };
@id("insert") permit (principal, action == Action::"sql.insert",
  resource == Table::"shop/public.carts");
@id("pii") @message("not this column")
forbid (principal, action == Action::"sql.read", resource)
when { context.touch.labels.contains("pii") };
""",
}


class Blind:
    """Takes everything for a statement that does nothing."""

    def __init__(self, path: tuple[str, ...], catalogue: object) -> None:
        self._harmless = Classifier(path).classify("select 1")

    def classify(self, text: str) -> Statement:
        return self._harmless


@pytest.fixture
def able(shop: Shop) -> Iterator[Shop]:
    """The shop, whose owner may make roles meanwhile."""
    shop.query(f"alter role {shop.database.user} createrole")
    yield shop
    for (name,) in shop.query(ROLES):
        shop.query(f"drop role {name}")
    shop.query(f"alter role {shop.database.user} nocreaterole")


@pytest.fixture
def blind(
    able: Shop, template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gateway]:
    """A gateway in this process that understands nothing."""
    monkeypatch.setattr(assemble, "Classifier", Blind)
    folder = tmp_path / "blind"
    created = gateway_world.create_world(folder, template, policies=POLICIES, change=BY_ROLE)
    with gateway_world.serving_inside(created, able.loop) as running:
        yield running


@pytest.fixture
def seeing(able: Shop, template: World, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway in a process of its own, whole."""
    folder = tmp_path / "seeing"
    created = gateway_world.create_world(folder, template, policies=POLICIES, change=BY_ROLE)
    with gateway_world.serving(created) as running:
        yield running


def ask(gateway: Gateway, *statements: str) -> list[object]:
    """Return for each statement the first value of its result, or the SQLSTATE of its error."""

    async def work() -> list[object]:
        connection = await gateway_world.asyncpg_connect(gateway.connect_as("ana"))
        answers: list[object] = []
        try:
            for statement in statements:
                try:
                    answers.append(await connection.fetchval(statement))
                except asyncpg.PostgresError as refused:
                    answers.append(refused.sqlstate)
        finally:
            await connection.close()
        return answers

    return asyncio.run(work())


REFUSED = (
    "select * from payments",
    "select email from customers",
    "select * from customers",
    "select customers from customers",
    "select count(*) from customers where email like 'a%'",
    "with gone as (delete from orders returning 1) select * from gone",
    "update orders set customer_id = 1",
    "delete from carts",
    "truncate carts",
    "insert into orders select * from orders",
    "drop table orders",
    "alter table orders disable trigger all",
    "create table public.mine (id integer)",
    "create function public.mine() returns integer language sql return 1",
    "create role mine",
    "copy orders to '/tmp/stolen'",
    "copy payments to stdout",
    "copy (select 1) to program 'id'",
    "select pg_read_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "set role shop_app",
    "set session authorization postgres",
    "alter role current_user superuser",
    "alter role current_user valid until 'infinity'",
    "alter system set ssl = off",
    "do $$ begin execute 'select * from ' || 'payments'; end $$",
    "select pg_reload_conf()",
    "explain analyze select * from payments",
    "declare c cursor with hold for select * from payments",
    "select 1 from orders for update",
    "select * from pg_authid",
)


def test_the_role_alone_stops_what_the_permits_do_not_name(blind: Gateway) -> None:
    answers = ask(blind, *REFUSED)
    denied = asyncpg.InsufficientPrivilegeError.sqlstate
    answered = zip(answers, REFUSED, strict=True)
    passed = [f"{said}: {what}" for said, what in answered if said != denied]
    assert passed == []


def test_the_role_alone_lets_pass_what_the_permits_name(blind: Gateway, able: Shop) -> None:
    answers = ask(
        blind,
        "select count(*) from orders",
        "select name from customers order by id limit 1",
        "select current_user",
        "select count(*) from orders join customers on customers.id = orders.customer_id",
    )
    orders = able.count("orders")
    assert answers[0] == orders
    assert isinstance(answers[1], str)
    assert str(answers[2]).startswith("assent_s_")
    assert answers[3] == orders


def test_the_role_is_gone_when_its_session_is(seeing: Gateway, able: Shop) -> None:
    assert ask(seeing, "select count(*) from orders") == [able.count("orders")]
    eventually(lambda: not able.query(ROLES), "the role is gone")


def test_what_a_killed_gateway_left_is_swept_when_it_starts_again(
    seeing: Gateway, able: Shop
) -> None:
    async def hold() -> None:
        connection = await gateway_world.asyncpg_connect(seeing.connect_as("ana"))
        assert await connection.fetchval("select 1") == 1
        seeing.kill()
        connection.terminate()

    asyncio.run(hold())
    left = able.query(ROLES)
    assert len(left) == 1
    with gateway_world.serving(seeing.world) as again:
        eventually(lambda: not able.query(ROLES), "the sweep has taken the role")
        assert ask(again, "select count(*) from orders") == [able.count("orders")]
    eventually(lambda: not able.query(ROLES), "the role is gone")
