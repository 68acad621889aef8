"""What a catalogue says, beside a real server that was given one of everything."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from postgast import PgQueryError, parse

import tls_database
from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway import catalogue_reading
from assent.gateway.catalogue_reading import Snapshot
from assent.gateway.catalogues import Catalogues
from assent.protocols.postgres.catalogue.model import (
    NOT_READ,
    UNLIMITED,
    Catalogue,
    Relation,
    Routine,
)
from assent.protocols.postgres.statements import Classifier
from builders import FixedClock
from certificate_authority import Authority
from gateway_world import Shop
from tls_database import TlsDatabase

Result = TypeVar("Result")

SCHEMA = (Path(__file__).parent / "one_of_everything.sql").read_text(encoding="utf-8")
BEHIND = (Path(__file__).parent / "what_expressions_call.sql").read_text(encoding="utf-8")
# Each changes what a catalogue says, and leaves it for the next.
DDL = [
    "create schema another",
    "create table t (a integer, b text)",
    "alter table t rename to u",
    "alter table u rename column a to c",
    "alter table u add column d integer default 1",
    "alter table u drop column b",
    "alter table u alter column c type bigint",
    "alter table u alter column d type oid using d::oid",
    "create index made on u (c)",
    "drop index made",
    "create view v as select c from u",
    "create or replace view v as select c + 1 as c from u",
    "alter view v rename to w",
    "create function f() returns integer language sql as 'select 1'",
    "create or replace function f() returns integer language sql as 'select 2'",
    "alter function f() security definer",
    "alter function f() set search_path = another",
    "alter function f() rename to g",
    "create function fired() returns trigger language plpgsql as 'begin return new; end'",
    "create trigger tr before insert on u for each row execute function fired()",
    "alter table u disable trigger tr",
    "alter table u enable always trigger tr",
    "create rule ru as on delete to u do instead nothing",
    "alter table u disable rule ru",
    "alter table u alter column c set default of_default()",
    "alter table u add constraint ch check (of_check() > 0)",
    "alter table u drop constraint ch",
    "alter table u enable row level security",
    "create policy po on u using (of_policy() > 0)",
    "drop policy po on u",
    "alter table u add primary key (c)",
    "create table z (c bigint)",
    "alter table z add constraint fk foreign key (c) references u (c)",
    "alter table z drop constraint fk",
    "create table y () inherits (z)",
    "alter table y no inherit z",
    "create domain dom as bigint",
    "alter table y alter column c type dom",
    "alter domain dom add constraint posi check (of_domain() < value)",
    "alter domain dom set default of_domain_default()",
    "create function same(bigint, bigint) returns boolean language sql return $1 = $2",
    "create operator ==== (leftarg = bigint, rightarg = bigint, function = same)",
    "drop operator ==== (bigint, bigint)",
    "create aggregate agg(text) (sfunc = textcat, stype = text)",
    "create type rainbow as enum ('red')",
    "create function coloured(bigint) returns rainbow language sql return 'red'::rainbow",
    "create cast (bigint as rainbow) with function coloured(bigint)",
    "drop cast (bigint as rainbow)",
    "alter table u set schema another",
    "alter schema another rename to yet_another",
    "create function told() returns event_trigger language plpgsql as 'begin end'",
    "create event trigger ev on ddl_command_end execute function told()",
    "alter event trigger ev rename to ew",
    "drop event trigger ew",
    "create sequence sq",
    "drop table yet_another.u cascade",
]
# None of these changes what it says.
HARMLESS = [
    "insert into public.plain values (1)",
    "analyze public.plain",
    "vacuum public.plain",
    "truncate public.plain",
    "grant select on public.plain to catalogue_reader",
    "comment on table public.plain is 'plain'",
    "create temporary table plain (b integer)",
    "create index concurrently if not exists there on public.plain (a)",
]
_databases = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """A database of this module's own."""

    shop: Shop
    name: str

    @property
    def target(self) -> Target:
        server = self.shop.database
        return Target(
            TargetId("tgt_place"), "place", "postgres", server.host, server.port, self.name,
            server.superuser, "", tls="disable",
        )  # fmt: skip

    def connected(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """Return what work does with a connection of the superuser."""

        async def run() -> Result:
            connection = await self.shop.database.connect(self.name)
            try:
                return await work(connection)
            finally:
                await connection.close()

        return asyncio.run(run())

    def run(self, *scripts: str) -> None:
        async def execute(connection: asyncpg.Connection) -> None:
            for script in scripts:
                await connection.execute(script)

        self.connected(execute)

    def read(self, before: Catalogue | None = None) -> Snapshot:
        return asyncio.run(self.reading(before))

    def stamp(self) -> str:
        return asyncio.run(self._with(catalogue_reading.stamp))

    async def reading(self, before: Catalogue | None = None) -> Snapshot:
        return await self._with(lambda open_: catalogue_reading.snapshot(open_, before))

    async def _with(
        self, work: Callable[[asyncpg.Connection], Coroutine[Any, Any, Result]]
    ) -> Result:
        server = self.shop.database
        async with catalogue_reading.reading(
            self.target, self.name, server.superuser, server.superuser_password
        ) as connection:
            return await work(connection)


@pytest.fixture(scope="module")
def place(shop: Shop) -> Place:
    return _fresh(shop, SCHEMA)


@pytest.fixture
def empty(shop: Shop) -> Place:
    return _fresh(shop, "create table public.plain (a integer)")


def _fresh(shop: Shop, script: str) -> Place:
    name = f"catalogue_{next(_databases)}"
    # Left where it is: the server goes with the tests.
    shop.query(f"create database {name}")
    made = Place(shop, name)
    made.run(script)
    return made


@pytest.fixture(scope="module")
def catalogue(place: Place) -> Catalogue:
    return place.read().catalogue


def relation(catalogue: Catalogue, name: str) -> Relation:
    schema, _, own = name.rpartition(".")
    return catalogue.relations[schema, own]


def routine(catalogue: Catalogue, name: str) -> Routine:
    (found,) = catalogue.routines["sales", name]
    return found


def names(catalogue: Catalogue, oids: tuple[int, ...]) -> set[str]:
    found = (catalogue.routine(oid) for oid in oids)
    return {one.name for one in found if one is not None}


def test_only_what_people_made_is_in_it(catalogue: Catalogue) -> None:
    assert catalogue.schemas == {"public", "sales", "Odd.Name"}
    assert {one.schema for one in catalogue} == catalogue.schemas
    kinds = {one.kind for one in catalogue}
    assert kinds == {"r", "v", "m", "p", "S"}


def test_names_are_as_the_server_has_them(catalogue: Catalogue) -> None:
    odd = catalogue.relations["Odd.Name", "Tä;ble"]
    assert odd.columns == ("select",)
    assert relation(catalogue, "sales.customers").columns[-1] == 'Naïve "name"'


def test_a_dropped_column_is_left_out_and_the_others_keep_their_numbers(
    place: Place, catalogue: Catalogue
) -> None:
    customers = relation(catalogue, "sales.customers")
    assert customers.columns[:3] == ("id", "code", "codes")
    assert customers.numbers[:3] == (1, 3, 4)
    assert catalogue.column(customers.oid, 3) == (customers, "code")
    assert catalogue.column(customers.oid, 2) is None

    async def described(connection: asyncpg.Connection) -> list[int]:
        prepared = await connection.prepare("select * from sales.customers")
        return [attribute.type.oid for attribute in prepared.get_attributes()]

    # A domain is described as what it is made of, so only the others are compared.
    plain = [one for one in customers.types if one < 16_384]
    assert plain == [20, 25]
    assert place.connected(described)[0] == plain[0]


def test_views_come_with_queries_that_name_schemas_and_can_be_parsed(catalogue: Catalogue) -> None:
    for name, below in (("totals", "sales.orders"), ("nested", "sales.totals")):
        definition = relation(catalogue, f"sales.{name}").definition
        assert below in definition
        assert not definition.endswith(";")
        parse(definition)
    assert "sales.customers" in relation(catalogue, "sales.kept").definition


def test_partitions_and_heirs_are_known_both_ways(catalogue: Catalogue) -> None:
    measured, first = (relation(catalogue, f"sales.{one}") for one in ("measured", "measured_1"))
    assert measured.kind == "p"
    assert measured.children == (first.oid,)
    assert first.parents == (measured.oid,)
    child = relation(catalogue, "sales.child")
    parents = {catalogue.by_oid[oid].name for oid in child.parents}
    assert parents == {"parent", "other_parent"}


def test_triggers_that_fire_are_known_with_their_events(catalogue: Catalogue) -> None:
    orders = relation(catalogue, "sales.orders")
    fired = {one.name: set(one.events) for one in orders.triggers}
    assert fired == {
        "fires_late": {"insert", "update", "delete"},
        "fires_when": {"update"},
        "emptied": {"truncate"},
    }
    assert names(catalogue, tuple(one.function for one in orders.triggers)) == {"fires"}


def test_rules_are_known_but_not_those_that_make_a_view(catalogue: Catalogue) -> None:
    (rule,) = relation(catalogue, "sales.lines").rules
    assert (rule.name, rule.event) == ("as_well", "delete")
    parse(rule.definition)
    assert "sales.orders" in rule.definition
    assert relation(catalogue, "sales.totals").rules == ()


def test_keys_are_known_where_they_point_to(catalogue: Catalogue) -> None:
    (key,) = relation(catalogue, "sales.orders").referenced_by
    assert key.name == "of_order"
    assert catalogue.by_oid[key.table].name == "lines"
    assert (key.columns, key.referenced) == (("order_id",), ("id",))
    assert (key.on_delete, key.on_update) == ("set default", "restrict")
    (other,) = relation(catalogue, "sales.customers").referenced_by
    assert (other.on_delete, other.on_update) == ("cascade", "set null")


def test_functions_that_a_tables_own_expressions_call_are_known(catalogue: Catalogue) -> None:
    orders = relation(catalogue, "sales.orders")
    assert names(catalogue, orders.runs) == {"alike", "indexed", "is_even", "is_worth"}
    assert names(catalogue, orders.policy_runs) == {"may_see"}
    assert names(catalogue, relation(catalogue, "sales.by_group").runs) == {"grouped"}
    assert relation(catalogue, "sales.lines").runs == ()


def test_functions_of_domains_run_through_other_domains_arrays_and_composites(
    place: Place, catalogue: Catalogue
) -> None:
    assert names(catalogue, relation(catalogue, "sales.customers").runs) == {"is_code", "next_code"}
    place.run("create table public.whole (rows sales.customers[])")
    holding = place.read().catalogue
    assert names(holding, relation(holding, "public.whole").runs) == {"is_code", "next_code"}
    place.run("drop table public.whole")


def test_indexes_and_rows_are_counted(catalogue: Catalogue) -> None:
    assert relation(catalogue, "sales.orders").indexes == 2
    assert relation(catalogue, "public.plain").rows == 100
    assert relation(catalogue, "sales.lines").rows == -1


def test_row_security_is_known(catalogue: Catalogue) -> None:
    secured = {one.name for one in catalogue if one.row_security}
    assert secured == {"orders"}


def test_functions_come_with_what_a_call_may_give(catalogue: Catalogue) -> None:
    shown = routine(catalogue, "shown")
    assert (shown.kind, shown.arguments) == ("f", (1, UNLIMITED))
    assert (shown.language, shown.volatility, shown.definer) == ("sql", "s", True)
    assert shown.argument_names == ("id", "rest")
    assert shown.search_path == ("sales", "pg_temp", "Odd.Name")
    assert shown.body == "select id::text"
    both = routine(catalogue, "both")
    assert (both.arguments, both.argument_names) == ((2, 2), ("a", "b"))
    assert both.search_path is None
    tidy = routine(catalogue, "tidy")
    assert (tidy.kind, tidy.arguments, tidy.argument_names) == ("p", (2, 2), ("first", "done"))
    assert routine(catalogue, "may_see").argument_names == ("amount",)
    assert "begin done := first; end" in tidy.body


def test_standard_bodies_are_written_out(catalogue: Catalogue) -> None:
    assert "pg_class" in routine(catalogue, "totals_of").body
    assert routine(catalogue, "is_even").body.startswith("RETURN ")


def test_aggregates_and_operators_say_what_is_behind_them(catalogue: Catalogue) -> None:
    added = routine(catalogue, "added")
    assert (added.kind, added.arguments) == ("a", (1, 1))
    assert names(catalogue, added.support) == {"step"}
    (glue,) = routine(catalogue, "glued").support
    assert catalogue.builtins[glue] == "textcat"
    assert names(catalogue, catalogue.operators["==="]) == {"alike"}
    assert [catalogue.builtins[oid] for oid in catalogue.operators["<~>"]] == ["texteq"]
    assert names(catalogue, catalogue.casts["sales", "mood"]) == {"mood_of"}
    assert names(catalogue, catalogue.casts["sales", "_mood"]) == {"mood_of"}
    assert names(catalogue, catalogue.casts["sales", "pair"]) == {"is_code", "next_code"}
    assert not any(schema == "pg_catalog" for schema, _ in catalogue.casts)


def test_what_no_dependency_tells_is_read_from_the_expressions(place: Place) -> None:
    try:
        place.run(BEHIND)
        read = place.read().catalogue
    finally:
        place.run("drop schema if exists behind cascade")

    def called(oids: Iterable[int]) -> set[str]:
        return {read.builtins.get(oid) or names(read, (oid,)).pop() for oid in oids}

    numbered = relation(read, "behind.numbered")
    assert called(numbered.runs) == {"pg_read_file", "nextval"}
    assert [read.by_oid[oid].name for oid in numbered.sequences] == ["shared"]
    assert relation(read, "behind.computed").generated == (("c", ("a", "b")),)
    quiet = relation(read, "behind.quiet")
    assert (quiet.runs, quiet.sequences, quiet.generated) == ((), (), ())
    secured = relation(read, "behind.secured")
    ((secret, columns),) = secured.policy_reads
    assert (read.by_oid[secret].name, columns) == ("secrets", ("owner",))
    assert called(secured.policy_runs) == {"pg_sleep"}
    assert secured.runs == ()
    (left_out,), (one_row,) = (read.routines["behind", name] for name in ("left_out", "one_row"))
    assert called(left_out.defaults) == {"step", "query_to_xml"}
    assert (left_out.returns_set, one_row.returns_set) == (True, False)
    assert called(relation(read, "behind.of_loud").runs) == {"lo_get"}
    assert names(read, read.casts["pg_catalog", "text"]) == {"as_text"}
    assert relation(read, "behind.of_text").runs == ()


def test_a_builtin_function_that_a_trigger_calls_has_a_name(catalogue: Catalogue) -> None:
    (trigger,) = relation(catalogue, "sales.lines").triggers
    assert catalogue.routine(trigger.function) is None
    assert catalogue.builtins[trigger.function] == "suppress_redundant_updates_trigger"


def test_event_triggers_are_known_while_they_are_enabled(empty: Place) -> None:
    empty.run(
        "create function told() returns event_trigger language plpgsql as 'begin end'",
        "create event trigger ev on ddl_command_end execute function told()",
    )
    (found,) = empty.read().catalogue.event_triggers
    assert (found.name, found.event) == ("ev", "ddl_command_end")
    empty.run("alter event trigger ev disable")
    assert empty.read().catalogue.event_triggers == ()


def test_a_foreign_table_names_its_server(empty: Place) -> None:
    empty.run(
        # Without a handler it can be named, and not read.
        "create foreign data wrapper nothing",
        "create server elsewhere foreign data wrapper nothing",
        "create foreign table far (a integer) server elsewhere",
    )
    far = relation(empty.read().catalogue, "public.far")
    assert (far.kind, far.server) == ("f", "elsewhere")


def test_somebody_without_rights_reads_the_same(place: Place) -> None:
    async def as_reader() -> Snapshot:
        async with catalogue_reading.reading(
            place.target, place.name, "catalogue_reader", Secret("only reads")
        ) as connection:
            return await catalogue_reading.snapshot(connection, None)

    # Read now: other tests make things in this database.
    assert asyncio.run(as_reader()).catalogue.version == place.read().catalogue.version


def test_nothing_in_the_target_can_stand_in_for_the_servers_own(place: Place) -> None:
    server = place.shop.database
    place.run(
        "create schema evil",
        "create view evil.pg_class as select null::oid as oid, 'x'::name as relname",
        "create function evil.count(anyelement) returns bigint language sql as 'select 1 / 0'",
        "create function evil.ne(text, text) returns boolean language sql as 'select 1 / 0 = 1'",
        "create operator evil.<> (leftarg = text, rightarg = text, function = evil.ne)",
        f"alter role {server.superuser} in database {place.name} "
        "set search_path = evil, pg_catalog, public",
    )
    try:
        assert relation(place.read().catalogue, "evil.pg_class").kind == "v"
        assert place.stamp()
    finally:
        place.run(
            f"alter role {server.superuser} in database {place.name} reset search_path",
            "drop schema evil cascade",
        )


def test_nothing_changed_gives_the_same_version_and_the_same_stamp(place: Place) -> None:
    first, second = place.read(), place.read()
    assert first.catalogue.version == second.catalogue.version
    assert first.stamp == second.stamp == place.stamp()


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_changes_no_name_gives_the_same_version(place: Place, statement: str) -> None:
    # The last of them makes an index, which is counted once and then there.
    if "index" in statement:
        place.run(statement)
    before = place.read().catalogue.version
    place.run(statement)
    assert place.read().catalogue.version == before


def test_every_kind_of_ddl_gives_another_version_and_another_stamp(empty: Place) -> None:
    for name in ("default", "check", "policy", "domain", "domain_default"):
        empty.run(f"create function of_{name}() returns integer language sql as 'select 1'")
    versions, stamps = [], []
    for statement in DDL:
        before = empty.read()
        empty.run(statement)
        after = empty.read()
        if after.catalogue.version == before.catalogue.version:
            versions.append(statement)
        if after.stamp == before.stamp:
            stamps.append(statement)
    assert sorted(versions) == [
        # Nothing that a catalogue says: types that no column has and that run nothing.
        "create domain dom as bigint",
        "create type rainbow as enum ('red')",
    ]
    assert stamps == ["create type rainbow as enum ('red')"]


def test_a_table_that_is_being_changed_does_not_hold_it_up(empty: Place) -> None:
    empty.run(
        "create table base (a integer)",
        "create view over_base as select a from base",
        "create function of_base() returns bigint language sql "
        "begin atomic select count(*) from base; end",
        "create rule nothing as on delete to base do instead nothing",
    )
    before = empty.read().catalogue

    async def meanwhile(connection: asyncpg.Connection) -> tuple[Snapshot, Snapshot]:
        async with connection.transaction():
            await connection.execute("alter table base add column b integer")
            return await empty.reading(before), await empty.reading(None)

    known, unknown = empty.connected(meanwhile)
    assert known.catalogue.version == before.version
    assert known.stamp == ""
    over = relation(unknown.catalogue, "public.over_base")
    assert over.definition == NOT_READ
    assert unknown.catalogue.routines["public", "of_base"][0].body == NOT_READ
    assert relation(unknown.catalogue, "public.base").rules[0].definition == NOT_READ


def test_what_was_not_read_is_nothing_that_can_be_parsed() -> None:
    with pytest.raises(PgQueryError):
        parse(NOT_READ)


def test_a_table_of_another_sessions_temporary_schema_is_not_in_it(empty: Place) -> None:
    async def meanwhile(connection: asyncpg.Connection) -> Snapshot:
        await connection.execute("create temporary table hidden (a integer)")
        await connection.execute("create temporary view seen as select a from hidden")
        return await empty.reading()

    catalogue = empty.connected(meanwhile).catalogue
    assert [one.name for one in catalogue] == ["plain"]


def test_what_was_let_through_is_seen_once_it_is_asked_for(empty: Place) -> None:
    told: list[TargetId] = []
    server = empty.shop.database

    async def password_of(_: Target) -> tuple[str, Secret[str]]:
        return server.superuser, server.superuser_password

    async def ask() -> None:
        catalogues = Catalogues(password_of, lambda *_: Classifier(), FixedClock(), told.append)
        knowledge = await catalogues.ensure(empty.target, empty.name)
        assert knowledge.catalogue is not None
        assert ("public", "fresh") not in knowledge.catalogue.relations
        connection = await server.connect(empty.name)
        try:
            await connection.execute("create table fresh (a integer)")
        finally:
            await connection.close()
        # Nobody said so yet: what is known may be used, and a look on the clock finds it.
        assert await catalogues.ensure(empty.target, empty.name) is knowledge
        assert ("public", "fresh") not in knowledge.catalogue.relations
        await catalogues.refresh_all()
        assert ("public", "fresh") in knowledge.catalogue.relations
        knowledge.outdated()
        assert knowledge.stale
        await catalogues.ensure(empty.target, empty.name)
        assert not knowledge.stale

    asyncio.run(ask())
    assert told == [empty.target.id, empty.target.id]


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsDatabase]:
    programs = tls_database.folder_of_programs()
    if programs is None:
        pytest.skip("a PostgreSQL of the system is needed: apt-get install postgresql")
    authority = Authority(tmp_path_factory.mktemp("authority"))
    with tls_database.running(programs, authority.sign("127.0.0.1")) as running:
        yield running


def test_an_older_server_says_the_same(older: TlsDatabase, catalogue: Catalogue) -> None:
    older.run("create database everything")
    target = Target(
        TargetId("tgt_older"), "older", "postgres", "127.0.0.1", older.port, "everything",
        "proved", "", tls="require",
    )  # fmt: skip

    async def fill_and_read() -> Snapshot:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=older.port, user="superuser", database="everything"
        )
        try:
            await connection.execute(SCHEMA)
        finally:
            await connection.close()
        async with catalogue_reading.reading(
            target, "everything", "proved", Secret(tls_database.PASSWORD)
        ) as connection:
            return await catalogue_reading.snapshot(connection, None)

    read = asyncio.run(fill_and_read()).catalogue
    assert set(read.relations) == set(catalogue.relations)
    for name, one in read.relations.items():
        other = catalogue.relations[name]
        assert (one.kind, one.columns, one.numbers) == (other.kind, other.columns, other.numbers)
        assert names(read, one.runs) == names(catalogue, other.runs)
        assert [each.events for each in one.triggers] == [each.events for each in other.triggers]
    sales = {name for name in catalogue.routines if name[0] == "sales"}
    assert sales <= set(read.routines)
    assert all(read.routines[name][0].body == catalogue.routines[name][0].body for name in sales)
