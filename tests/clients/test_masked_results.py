"""Obligations on results, kept before a real PostgreSQL: what real clients read through them."""

import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import psycopg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, asyncpg_connect

POLICY = """
@id("ask") @max_duration("30m")
permit (principal, action == Action::"access.request", resource == Target::"shop");
@id("open") @max_duration("30m") @record
permit (principal, action == Action::"session.open", resource == Target::"shop");
@id("statements")
@mask("pii.email: partial, pci.card: hash") @mask_inference("allow")
permit (
  principal in Group::"engineers",
  action in [Action::"sql.read", Action::"sql.session", Action::"sql.unknown",
             Action::"sql.configure"],
  resource in Target::"shop"
);
"""
EMAIL = re.compile(r"[^@*]{2,}@[^@*]{2,}")
CARD = re.compile(r"400000\d{10}")


@pytest.fixture(scope="module")
def masking(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose permits mask."""
    folder = tmp_path_factory.mktemp("masking")
    created = gateway_world.create_world(folder, template, policies={"all.cedar": POLICY})
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
async def connection(masking: Gateway) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg_connect(masking.connect_as("ana"))
    yield opened
    await opened.close(timeout=5)


@pytest.fixture
def libpq(masking: Gateway) -> Iterator[psycopg.Connection[Any]]:
    credential = masking.connect_as("ana")
    with psycopg.connect(
        host=credential.host,
        port=credential.port,
        user=credential.user,
        password=credential.password,
        dbname=credential.database,
        sslmode="disable",
    ) as opened:
        yield opened


QUERIES = [
    "select * from customers order by id limit 50",
    "select id, email, card_number from customers limit 50",
    "select upper(email) from customers limit 50",
    "select c.email as id from customers c limit 50",
    "select email || card_number from customers limit 50",
    "select (select email from customers c where c.id = 1)",
    "with found as (select email as e from customers limit 50) select e, length(e) from found",
    "select email from customers union select card_number from customers limit 50",
    "select customers from customers limit 5",
    "select row_to_json(c) from customers c limit 5",
    "select array_agg(email) from customers",
    "select string_agg(card_number, ',') from customers",
    "select x.e from (select email as e from customers limit 50) x",
    "select max(email), min(card_number) from customers",
    "select coalesce(null, email) from customers limit 50",
    "select case when true then email end from customers limit 50",
    "select o.id, c.email from orders o join customers c on c.id = o.customer_id limit 50",
    "select * from customers natural join (select id from customers) x limit 5",
    "select email from customers where id = 1",
    "select jsonb_agg(c) from (select email from customers limit 5) c",
    "select m[1] from customers, regexp_matches(email, '(.*)') m limit 5",
    "select histogram_bounds::text, most_common_vals::text from pg_stats",
]


def shown(rows: Any) -> str:
    """Return all that was shown."""
    return " ".join(repr(tuple(row)) for row in rows)


@pytest.mark.parametrize("query", QUERIES)
async def test_asyncpg_sees_no_masked_value(connection: asyncpg.Connection, query: str) -> None:
    try:
        rows = await connection.fetch(query)
    except asyncpg.InsufficientPrivilegeError:
        return
    text = shown(rows)
    assert rows
    assert not EMAIL.search(text), text[:200]
    assert not CARD.search(text), text[:200]


@pytest.mark.parametrize("query", QUERIES)
def test_libpq_sees_no_masked_value(libpq: psycopg.Connection[Any], query: str) -> None:
    for binary in (False, True):
        cursor = libpq.cursor(binary=binary)
        try:
            rows = cursor.execute(query.replace("%", "%%")).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            libpq.rollback()
            continue
        text = shown(rows)
        assert not EMAIL.search(text), text[:200]
        assert not CARD.search(text), text[:200]
    libpq.rollback()


async def test_what_is_not_masked_is_as_in_the_database(
    connection: asyncpg.Connection, shop: gateway_world.Shop
) -> None:
    rows = await connection.fetch("select id, name, email, city from customers order by id")
    assert len(rows) == shop.value("select count(*) from customers")
    assert rows[0]["name"] == shop.value("select name from customers order by id limit 1")
    assert re.fullmatch(r".?\*\*\*@.?\*\*\*\..+", rows[0]["email"])


async def test_a_hash_joins_as_the_value_does(connection: asyncpg.Connection) -> None:
    query = "select card_number from customers where id = 1"
    first, second = await connection.fetchval(query), await connection.fetchval(query)
    assert first == second
    assert re.fullmatch("[0-9a-f]{16}", first)


async def test_cursors_mask_what_they_fetch(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        emails = [
            row["email"]
            async for row in connection.cursor("select email from customers", prefetch=100)
        ]
    assert len(emails) > 100
    assert not any(EMAIL.search(email) for email in emails)


def test_named_cursors_mask_what_they_fetch(libpq: psycopg.Connection[Any]) -> None:
    with libpq.cursor("mine") as cursor:
        cursor.execute("select id, email, upper(email) from customers order by id")
        rows = cursor.fetchmany(20)
    assert rows[0][0] == 1
    assert rows[0][2] == "***"
    assert not EMAIL.search(shown(rows))


@pytest.mark.parametrize(
    "copy",
    [
        "copy customers to stdout",
        "copy customers (id, email) to stdout with (format csv, header)",
        "copy customers (email, card_number) to stdout with (format binary)",
        "copy (select id, email from customers) to stdout",
        "copy (select upper(email) from customers) to stdout csv force quote *",
    ],
)
def test_copies_are_masked(libpq: psycopg.Connection[Any], copy: str) -> None:
    with libpq.cursor().copy(copy) as reading:
        data = b"".join(bytes(piece) for piece in reading)
    libpq.rollback()
    assert len(data) >= 1000
    assert not EMAIL.search(data.decode("latin-1"))
    assert not CARD.search(data.decode("latin-1"))


async def test_asyncpg_copies_out_masked(connection: asyncpg.Connection) -> None:
    output = io.BytesIO()
    await connection.copy_from_query("select email from customers", output=output)
    assert not EMAIL.search(output.getvalue().decode())


async def test_an_error_does_not_say_what_a_mask_hides(connection: asyncpg.Connection) -> None:
    for query in (
        "select email::int from customers",
        "select email::regclass from customers",
        "select email::uuid from customers",
    ):
        with pytest.raises(asyncpg.PostgresError) as raised:
            await connection.fetch(query)
        assert not EMAIL.search(str(raised.value)), query
    assert await connection.fetchval("select 1") == 1
