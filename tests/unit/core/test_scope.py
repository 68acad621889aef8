"""What a scope covers, and what budgets have left."""

import pytest

from assent.core.action import Operation, Touch
from assent.core.resource import Resource
from assent.core.scope import Budget, Scope, Spent, is_housekeeping, schema_of

ORDERS = Scope(resources=frozenset({"public.orders"}))
READS = Scope(verbs=frozenset({"sql.read"}))


def touch(
    verb: str = "sql.read", name: str = "public.orders", kind: str = "Table", through: str = ""
) -> Touch:
    operation = Operation.READ if verb in ("sql.read", "sql.session") else Operation.WRITE
    return Touch(verb, operation, Resource(kind, name), through=through)


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("public.orders", "public"),
        ('public."a.b"', "public"),
        ('"a.b".c', '"a.b"'),
        ("archive.public.orders", "archive.public"),
        ("sales.*", "sales"),
        ("orders", ""),
    ],
)
def test_the_schema_of_a_name_is_all_but_its_last_part(name: str, schema: str) -> None:
    assert schema_of(name) == schema


@pytest.mark.parametrize("scope", [ORDERS, READS, Scope(read_only=True), Scope()])
@pytest.mark.parametrize(
    "always",
    [
        touch("sql.session", "search_path", "Setting"),
        touch("session.open", "shop", "Target"),
        touch(name="pg_catalog.pg_class"),
        touch(name="information_schema.tables"),
        touch(name="archive.pg_catalog.pg_class"),
    ],
)
def test_what_every_client_does_is_always_covered(scope: Scope, always: Touch) -> None:
    assert scope.covers(always)


@pytest.mark.parametrize(
    "name",
    [
        "pg_catalog.pg_statistic",
        "pg_catalog.pg_authid",
        'public."x.pg_catalog.y"',
        '"x.pg_catalog".y',
    ],
)
def test_the_catalogues_values_and_secrets_are_no_housekeeping(name: str) -> None:
    assert not is_housekeeping(touch(name=name))
    assert not ORDERS.covers(touch(name=name))


def test_only_the_catalogue_is_read_freely_and_nothing_in_it_is_changed() -> None:
    assert not ORDERS.covers(touch("sql.delete", "pg_catalog.pg_class"))
    assert not Scope(read_only=True).covers(touch("sql.delete", "pg_catalog.pg_class"))


def test_a_schema_covers_all_tables_in_it_and_in_no_other() -> None:
    sales = Scope(resources=frozenset({"sales.*"}))
    assert sales.covers(touch(name="sales.items"))
    assert sales.covers(touch(name='sales."odd.name"'))
    assert not sales.covers(touch(name="sales2.items"))
    assert not sales.covers(touch(name='public."sales.items"'))


def test_a_view_covers_what_is_behind_it_and_a_function_does_not() -> None:
    totals = Scope(resources=frozenset({"public.totals", "public.f"}))
    assert totals.covers(touch(through="view public.totals"))
    assert not totals.covers(touch(through="view public.others"))
    assert not totals.covers(touch(through="function public.f"))


def test_what_a_tables_owner_made_happen_needs_its_verb_alone() -> None:
    both = Scope(frozenset({"sql.update"}), frozenset({"public.orders"}))
    assert both.covers(touch("sql.update", "public.stock", through="trigger t on public.orders"))
    assert not both.covers(touch("sql.insert", "public.log", through="trigger t on public.orders"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("x", "Role"), ("/etc/passwd", "File"), ("work_mem", "Setting"), ("DO", "Object")],
)
def test_what_is_no_table_is_outside_of_a_scope_of_tables(name: str, kind: str) -> None:
    assert not ORDERS.covers(touch("sql.alter", name, kind))


def test_the_servers_own_functions_and_temporary_tables_are_nobodys() -> None:
    assert ORDERS.covers(touch("sql.execute", "pg_sleep", "Function"))
    assert ORDERS.covers(touch("sql.create", "pg_temp.scratch"))
    assert not ORDERS.covers(touch("sql.execute", "public.wipe", "Function"))


def test_of_two_budgets_the_smaller_amount_counts() -> None:
    assert Budget(actions=5, rows=9).least(Budget(rows=3, bytes=7)) == Budget(
        actions=5, rows=3, bytes=7
    )


def test_what_is_left_never_falls_below_nothing() -> None:
    assert Budget(rows=10, writes=2).left(Spent(rows=25, writes=1)) == {"rows": 0, "writes": 1}
