"""Further databases of a target: only those that are offered, and never taken for its own."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assent.control import databases
from assent.control.live import LiveSession
from assent.control.opening import Proof
from assent.core.action import Operation, Statement, Touch
from assent.core.evidence import Connection
from assent.core.plugins import Permitted, RefusalKind, Refused
from assent.core.resource import Resource
from assent.policy.labels import labels_of
from builders import READ, SHOP, Client, World, a_world

GUARDED = """
@id("ours") @message("the shop's own orders are closed")
forbid (principal, action, resource == Table::"shop/public.orders");
"""


async def connected(world: World, database: str) -> Client:
    client = Client()
    await world.opened()
    candidate = await world.candidate()
    client.live = await world.sessions.opening.open(
        candidate,
        Proof(candidate.credentials[0]),
        database,
        Connection("127.0.0.1", "psql"),
        client.handles(),
        client.held.append,
    )
    return client


@pytest.mark.parametrize("name", ["postgres", "template1", "SHOP", "archive ", "x" * 10_000])
async def test_a_database_that_is_not_offered_is_refused_and_the_log_says_so(
    world: World, name: str
) -> None:
    refused = (await connected(world, name)).live
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.DENIED
    assert refused.message == f"target `shop` does not offer the database `{name[:63]}`"
    assert refused.hint == "connect to `shop` or `shop/archive`"
    assert world.journal[-2:] == ["attempt", "decision"]
    assert len(world.live) == 0
    entry = await world.store.entry(refused.entry)
    assert entry is not None
    facts = json.loads(entry.leaf)["facts"]
    assert (facts["outcome"], facts["code"]) == ("deny", "no-such-database")


async def test_what_is_refused_takes_no_connection_from_the_credential(world: World) -> None:
    await connected(world, "postgres")
    candidate = await world.candidate()
    assert candidate.credentials[0].connections_left == 1


@pytest.mark.parametrize("name", ["", "shop", "archive"])
async def test_what_is_offered_opens(world: World, name: str) -> None:
    live = (await connected(world, name)).live
    assert isinstance(live, LiveSession)
    assert live.session.database == (name or "shop")


async def test_the_database_is_part_of_what_is_attempted(world: World) -> None:
    await connected(world, "archive")
    assert '"details":{"database":"archive"}' in await world.log()
    assert '"text":"shop/archive"' in await world.log()


async def test_a_table_of_another_database_is_not_the_one_of_the_targets_own(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path, GUARDED) as world:
        own = await world.ask(await connected(world, "shop"), READ)
        other = await world.ask(await connected(world, "archive"), READ)
        assert isinstance(own, Refused)
        assert isinstance(other, Permitted)
        log = await world.log()
        assert '"resource":{"kind":"Table","name":"public.orders"}' in log
        assert '"resource":{"kind":"Table","name":"archive.public.orders"}' in log
        habits = [("sql.read", "public.orders"), ("sql.read", "archive.public.orders")]
        await world.history.flush()
        found = await world.store.habits(own_subject(world), SHOP.id, habits)
        assert found.get("sql.read public.orders", 0) == 0
        assert found["sql.read archive.public.orders"] == 1


def own_subject(world: World) -> str:
    subject = world.directory.subject_named("ana")
    assert subject is not None
    return subject.id


@pytest.mark.parametrize(
    ("kind", "name", "there"),
    [
        ("Table", "public.orders", "archive.public.orders"),
        ("Table", '"a.b".orders', 'archive."a.b".orders'),
        ("Function", "public.pay", "archive.public.pay"),
        ("Schema", "public", "archive.public"),
        ("Object", "public.orders_id_seq", "archive.public.orders_id_seq"),
        ("Table", "*", "archive.*"),
        # One for all databases, or of the same form in each.
        ("Table", "pg_catalog.pg_authid", "pg_catalog.pg_authid"),
        ("Table", "information_schema.tables", "information_schema.tables"),
        ("Function", "pg_catalog.pg_sleep", "pg_catalog.pg_sleep"),
        ("Role", "assent", "assent"),
        ("Database", "shop", "shop"),
        ("Setting", "search_path", "search_path"),
        ("Object", "session", "session"),
        ("Object", "statement", "statement"),
    ],
)
def test_what_lies_in_another_database_begins_with_its_name(
    kind: str, name: str, there: str
) -> None:
    touch = Touch("sql.read", Operation.READ, Resource(kind, name), frozenset({"id"}))
    statement = Statement("sql.read", (touch,), True)
    assert databases.placed(statement, SHOP, "shop") is statement
    (placed,) = databases.placed(statement, SHOP, "archive").touches
    assert placed == replace(touch, resource=Resource(kind, there))


def test_a_databases_name_cannot_look_like_several_parts() -> None:
    touch = Touch("sql.read", Operation.READ, Resource("Table", "c.d"))
    statement = Statement("sql.read", (touch,), True)
    (placed,) = databases.placed(statement, SHOP, 'a.b"').touches
    assert placed.resource.name == '"a.b""".c.d'


def test_labels_of_another_database_are_keyed_by_its_name() -> None:
    target = replace(SHOP, labels={"archive.public.orders.iban": frozenset({"pci.iban"})})
    assert labels_of(target, "archive.public.orders", frozenset({"*"})) == ["pci", "pci.iban"]
    assert labels_of(target, "public.orders", frozenset({"*"})) == []
