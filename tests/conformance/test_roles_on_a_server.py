"""Roles for sessions, made and taken away on real servers by an account that is no superuser."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import GrantId, SessionId, SubjectId, TargetId
from assent.core.lease import Lease, Privileges
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session, SessionState
from assent.credentials.postgres_role import PostgresRoleBroker
from assent.credentials.references import References
from assent.system.clock import SystemClock
from assent.system.ids import SystemIds
from conformance.postgres_cluster import PostgresCluster

DEBIANS = Path("/usr/lib/postgresql/15/bin")
ADMIN_PASSWORD = "only for these tests"
CLOCK = SystemClock()
IDS = SystemIds(CLOCK)
OPEN: list[asyncpg.Connection] = []
READ = {"sql.read": frozenset("*")}

SETUP = f"""
create role manager login createrole password '{ADMIN_PASSWORD}';
create database roles owner manager;
"""
TABLES = """
create table orders (id serial primary key, item text, cents integer);
create table customers (id integer primary key, name text, email text);
create table secrets (id integer, word text);
create view totals as select item, sum(cents) as cents from orders group by item;
insert into orders (item, cents) values ('lamp', 900), ('desk', 4500);
insert into customers values (1, 'Ada', 'ada@example.org');
insert into secrets values (1, 'xyzzy');
create schema "odd "" schema";
create table "odd "" schema"."it's a; drop table orders --" ("co""l'umn" integer, other integer);
insert into "odd "" schema"."it's a; drop table orders --" values (1, 2);
create schema hidden;
create table hidden.things (id integer);
"""


class Debian(PostgresCluster):
    def __init__(self) -> None:
        super().__init__()
        self._programs = DEBIANS


class Server:
    """A cluster with a database that a role without power owns, who makes the roles."""

    def __init__(self, cluster: PostgresCluster, url: str, folder: Path) -> None:
        self.url = url
        (folder / "password").write_text(ADMIN_PASSWORD)
        self.target = Target(
            TargetId("tgt_1"), "shop", "postgres", "127.0.0.1", cluster.port, "roles", "manager",
            "file:password", tls="disable",
        )  # fmt: skip
        self.broker = self.another("one", folder)
        self.folder = folder

    def another(self, installation: str, folder: Path | None = None) -> PostgresRoleBroker:
        references = References(folder or self.folder)
        return PostgresRoleBroker(references, connect, CLOCK, IDS, installation)

    async def ask(self, statement: str, *arguments: object, database: str = "roles") -> Any:
        """Return the first value that the superuser is answered."""
        connection = await asyncpg.connect(self.url.rpartition("/")[0] + "/" + database)
        try:
            return await connection.fetchval(statement, *arguments)
        finally:
            await connection.close()

    async def roles(self, prefix: str = "assent_s_") -> list[str]:
        of_these = "from pg_roles where starts_with(rolname, $1)"
        found = f"select array_agg(rolname order by rolname) {of_these}"
        return await self.ask(found, prefix) or []


@asynccontextmanager
async def connect(
    target: Target, database: str, user: str, password: Secret[str]
) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(
        host=target.host, port=target.port, user=user, database=database,
        password=password.reveal(), statement_cache_size=0, timeout=5,
    )  # fmt: skip
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(scope="module", params=["18", "15"])
def server(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Server]:
    if request.param == "15" and not DEBIANS.is_dir():
        pytest.skip("there is no PostgreSQL 15 here")
    kind = Debian if request.param == "15" else PostgresCluster
    with kind() as cluster:
        url = cluster.fresh_database()
        asyncio.run(furnish(url))
        yield Server(cluster, url, tmp_path_factory.mktemp("roles"))


async def furnish(url: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in SETUP.split(";\n"):
        if statement.strip():
            await connection.execute(statement)
    await connection.close()
    owner = url.replace("//assent:", "//manager:")
    manager = await asyncpg.connect(
        owner.rpartition("/")[0] + "/roles", user="manager", password=ADMIN_PASSWORD
    )
    await manager.execute(TABLES)
    await manager.close()


def a_session(minutes: float = 30) -> Session:
    now = datetime.now(UTC)
    return Session(
        SessionId(IDS.mint("session")), SubjectId("sub_1"), TargetId("tgt_1"), GrantId("grt_1"),
        "postgres", "roles", "", "", SessionState.OPEN, now, now + timedelta(minutes=minutes),
    )  # fmt: skip


def privileges(
    tables: Mapping[str, Mapping[str, frozenset[str]]],
    *,
    read_only: bool = False,
    timeout: timedelta | None = None,
    minutes: float = 30,
) -> Privileges:
    until = datetime.now(UTC) + timedelta(minutes=minutes)
    return Privileges(tables, read_only, timeout, until)


async def leased(server: Server, named: Privileges) -> tuple[Lease, asyncpg.Connection]:
    lease = await server.broker.lease(server.target, a_session(), named)
    return lease, await log_in(server, lease)


async def log_in(server: Server, lease: Lease) -> asyncpg.Connection:
    connection = await asyncpg.connect(
        host="127.0.0.1", port=server.target.port, database="roles", user=lease.user,
        password=lease.password.reveal(), timeout=5,
    )  # fmt: skip
    OPEN.append(connection)
    return connection


@pytest_asyncio.fixture(autouse=True)
async def closed(server: Server) -> AsyncIterator[None]:
    """Close what a test opened and take away its roles, whether it ended well or not."""
    yield
    for name in await server.roles():
        await server.broker.release(server.target, Lease("", Secret(""), handle=f"{name} roles"))
    for connection in OPEN:
        if not connection.is_closed():
            await connection.close(timeout=2)
    OPEN.clear()


async def test_what_is_named_passes_and_nothing_else(server: Server) -> None:
    named = {
        "public.orders": {"sql.read": frozenset("*"), "sql.insert": frozenset({"item", "cents"})},
        "public.customers": {"sql.read": frozenset({"id", "name"})},
    }
    lease, session = await leased(server, privileges(named))
    assert await session.fetchval("select count(*) from orders") >= 2
    await session.execute("insert into orders (item, cents) values ('chair', 2500)")
    assert await session.fetchval("select name from customers") == "Ada"
    for refused in (
        "select email from customers",
        "select * from customers",
        "select * from secrets",
        "select * from totals",
        "update orders set cents = 0",
        "delete from orders",
        "truncate orders",
        "insert into customers values (2, 'Bob', 'bob@example.org')",
        "select * from hidden.things",
        "create table public.mine (id integer)",
        "create schema mine",
        "create role another",
        "copy orders to '/tmp/stolen'",
        "copy orders from program 'id'",
        "select pg_read_file('/etc/passwd')",
        "set role manager",
        "set session authorization manager",
        "alter role current_user createrole",
        "alter role current_user valid until 'infinity'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await session.execute(refused)
    # The server warns that nothing was granted, and goes on.
    await session.execute("grant select on orders to public")
    assert not await server.ask("select has_table_privilege('pg_monitor', 'orders', 'select')")
    await session.close()
    await server.broker.release(server.target, lease)


async def test_nasty_names_are_only_names(server: Server) -> None:
    name = '"odd "" schema".it\'s a; drop table orders --'
    columns = frozenset({"co\"l'umn"})
    lease, session = await leased(server, privileges({name: {"sql.read": columns}}))
    table = '"odd "" schema"."it\'s a; drop table orders --"'
    assert await session.fetchval(f'select "co""l\'umn" from {table}') == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute(f"select other from {table}")
    await session.close()
    await server.broker.release(server.target, lease)
    assert await server.ask("select count(*) from orders") >= 2


async def test_a_read_only_session_gets_no_rights_to_write(server: Server) -> None:
    everything = {verb: frozenset("*") for verb in ("sql.read", "sql.insert", "sql.delete")}
    named = privileges({"public.orders": everything}, read_only=True, timeout=timedelta(seconds=7))
    lease, session = await leased(server, named)
    assert await session.fetchval("show default_transaction_read_only") == "on"
    assert await session.fetchval("show statement_timeout") == "7s"
    assert await session.fetchval("show search_path") in ("public", '"public"')
    await session.execute("set default_transaction_read_only to off")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute("delete from orders")
    await session.close()
    await server.broker.release(server.target, lease)


async def test_the_role_is_gone_after_the_session_and_releasing_again_is_no_fault(
    server: Server,
) -> None:
    lease, session = await leased(server, privileges({"public.orders": READ}))
    assert await server.roles() == [lease.user]
    await server.broker.release(server.target, lease)
    assert await server.roles() == []
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await session.execute("select 1")
    await server.broker.release(server.target, lease)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await log_in(server, lease)


async def test_what_a_session_left_goes_to_a_role_that_may_do_nothing(server: Server) -> None:
    lease, session = await leased(server, privileges({"public.orders": READ}))
    left = await session.fetchval("select lo_create(0)")
    await session.execute("alter default privileges grant select on tables to public")
    await session.close()
    await server.broker.release(server.target, lease)
    assert await server.roles() == []
    owner = "select lomowner::regrole::text from pg_largeobject_metadata where oid = $1"
    assert await server.ask(owner, left) == "assent_kept"


async def test_equal_privileges_share_a_set_and_a_table_made_anew_is_another(
    server: Server,
) -> None:
    named = privileges({"public.secrets": READ})
    first, one = await leased(server, named)
    before = await server.roles("assent_set_")
    second, two = await leased(server, named)
    assert await server.roles("assent_set_") == before
    await one.close()
    await two.close()
    await server.ask(
        "do $$ begin drop table secrets; create table secrets (id integer);"
        "alter table secrets owner to manager; end $$"
    )
    third, three = await leased(server, named)
    assert len(await server.roles("assent_set_")) == len(before) + 1
    assert await three.fetch("select * from secrets") == []
    await three.close()
    for lease in (first, second, third):
        await server.broker.release(server.target, lease)


async def test_a_table_that_is_not_there_or_not_ours_is_left_out(server: Server) -> None:
    await server.ask("create table if not exists foreigners (id integer)")
    await server.ask("create table if not exists lent (id integer)")
    await server.ask("grant select on lent to manager with grant option")
    await server.ask("create schema if not exists closed")
    await server.ask("create table if not exists closed.lent (id integer)")
    await server.ask("grant select on closed.lent to manager with grant option")
    names = ("public.gone", "public.foreigners", "public.orders", "public.lent", "closed.lent", "x")
    named = dict.fromkeys(names, READ)
    lease, session = await leased(server, privileges(named))
    assert await session.fetchval("select count(*) from orders") >= 2
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute("select * from foreigners")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute("select * from closed.lent")
    assert await session.fetch("select * from lent") == []
    await session.close()
    await server.broker.release(server.target, lease)


async def test_a_time_that_is_over_does_not_log_in(server: Server) -> None:
    lease = await server.broker.lease(
        server.target, a_session(), privileges({"public.orders": READ}, minutes=-1)
    )
    with pytest.raises(asyncpg.InvalidPasswordError):
        await log_in(server, lease)
    await server.broker.release(server.target, lease)


async def test_one_connection_is_all_and_a_minute_to_make_it(server: Server) -> None:
    lease, session = await leased(server, privileges({"public.orders": READ}))
    with pytest.raises(asyncpg.TooManyConnectionsError):
        await log_in(server, lease)
    left = "select extract(epoch from rolvaliduntil - now())::int from pg_roles where rolname = $1"
    assert 0 < await server.ask(left, lease.user) <= 60
    await session.close()
    await server.broker.release(server.target, lease)


async def test_many_at_once_make_one_set_and_every_role(server: Server) -> None:
    await server.ask("create table if not exists public.crowded (id integer)")
    await server.ask("alter table public.crowded owner to manager")
    before = await server.roles("assent_set_")
    named = privileges({"public.crowded": READ})
    leases = await asyncio.gather(
        *(server.broker.lease(server.target, a_session(), named) for _ in range(8))
    )
    assert len(await server.roles()) == 8
    assert len(await server.roles("assent_set_")) == len(before) + 1
    await asyncio.gather(*(server.broker.release(server.target, lease) for lease in leases))
    assert await server.roles() == []


async def test_a_sweep_takes_what_a_crash_left_and_nothing_else(server: Server) -> None:
    named = privileges({"public.orders": READ})
    lost, session = await leased(server, named)
    again = server.another("one")
    kept = await again.lease(server.target, a_session(), named)
    told = await server.another("one").lease(server.target, a_session(), named)
    foreign = await server.another("two").lease(server.target, a_session(), named)
    await server.ask("create role assent_s_of_somebody_else")
    assert await again.sweep(server.target, {told.handle}) == [lost.user]
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await session.execute("select 1")
    expected = sorted([kept.user, told.user, foreign.user, "assent_s_of_somebody_else"])
    assert await server.roles() == expected
    for lease in (kept, told, foreign):
        await again.release(server.target, lease)
    await server.ask("drop role assent_s_of_somebody_else")


async def test_a_sweep_takes_another_installations_role_when_its_time_is_long_over(
    server: Server,
) -> None:
    foreign = await server.another("two").lease(
        server.target, a_session(), privileges({"public.orders": READ}, minutes=-20)
    )
    assert await server.another("one").sweep(server.target, ()) == [foreign.user]


async def test_a_sweep_takes_sets_that_are_old_and_have_no_member(server: Server) -> None:
    lease, session = await leased(server, privileges({"public.totals": READ}))
    await session.close()
    name = await server.ask(
        "select m.roleid::regrole::text from pg_auth_members m where m.member = $1::text::regrole",
        lease.user,
    )
    comment = await server.ask("select shobj_description($1::text::regrole, 'pg_authid')", name)
    old = comment.replace('"made_at_s": ', '"made_at_s": -')
    await server.ask(f"do $$ begin comment on role {name} is '{old}'; end $$")
    assert await server.broker.sweep(server.target, ()) == []
    await server.broker.release(server.target, lease)
    assert await server.broker.sweep(server.target, ()) == [name]
    assert name not in await server.roles("assent_set_")


async def test_the_password_is_never_sent_to_the_server(server: Server) -> None:
    lease = await server.broker.lease(
        server.target, a_session(), privileges({"public.orders": READ})
    )
    kept = await server.ask("select rolpassword from pg_authid where rolname = $1", lease.user)
    assert kept.startswith("SCRAM-SHA-256$4096:")
    assert lease.password.reveal() not in kept
    await server.broker.release(server.target, lease)


async def test_without_known_privileges_no_role_is_made(server: Server) -> None:
    with pytest.raises(OperatorFault, match="is not known"):
        await server.broker.lease(server.target, a_session(), None)
    assert await server.roles() == []


async def test_an_account_that_may_not_make_roles_is_told_what_it_needs(server: Server) -> None:
    await server.ask("alter role manager nocreaterole")
    try:
        with pytest.raises(OperatorFault, match="CREATEROLE"):
            await server.broker.lease(
                server.target, a_session(), privileges({"public.hidden": READ})
            )
    finally:
        await server.ask("alter role manager createrole")
    assert await server.roles() == []


async def test_a_target_that_is_away_is_a_fault_for_a_lease_and_none_for_a_release(
    server: Server,
) -> None:
    away = replace(server.target, port=1)
    with pytest.raises(OutsideFault):
        await server.broker.lease(away, a_session(), privileges({"public.orders": READ}))
    await server.broker.release(away, Lease("x", Secret("y"), handle="assent_s_x roles"))
