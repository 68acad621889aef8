"""What a plan and the catalogue say together."""

from assent.core.action import Operation, Statement, Touch
from assent.core.impact import TableImpact
from assent.core.resource import Resource
from assent.protocols.postgres.catalogue.model import Catalogue, Relation, Trigger
from assent.protocols.postgres.impact.plan import Plan, Planned
from assent.protocols.postgres.impact.summary import summary

TRIGGER = Trigger("audit", frozenset({"delete"}), 900)
CATALOGUE = Catalogue(
    "v",
    [
        Relation(1, "public", "customers", "r", rows=1_000, indexes=2, triggers=(TRIGGER,)),
        Relation(2, "public", "or.ders", "r", rows=10_000, indexes=3),
    ],
)


def touch(verb: str, table: str, through: str = "") -> Touch:
    """Return a touch on a table."""
    return Touch(verb, Operation.WRITE, Resource("Table", table), through=through)


STATEMENT = Statement(
    "sql.delete",
    (
        touch("sql.read", "public.customers"),
        touch("sql.delete", "public.customers"),
        touch("sql.delete", 'public."or.ders"', "foreign key orders_customer"),
    ),
    complete=True,
)
PLAN = Plan(100, 55, (Planned("sql.delete", ("public", "customers"), 100),))


def test_a_delete_names_its_rows_indexes_triggers_and_what_goes_with_it() -> None:
    impact = summary(STATEMENT, CATALOGUE, PLAN, 98, "")
    assert (impact.rows, impact.exact_rows, impact.cost) == (100, 98, 55)
    assert impact.tables == (
        TableImpact("sql.delete", "public.customers", 100, 1_000, 2),
        TableImpact(
            "sql.delete", 'public."or.ders"', 1_000, 10_000, 3, "foreign key orders_customer"
        ),
    )
    assert impact.triggers == ("audit on public.customers",)
    assert impact.same_snapshot


def test_without_a_plan_the_catalogue_alone_is_told_and_why() -> None:
    impact = summary(STATEMENT, CATALOGUE, None, None, "the target was busy")
    assert impact.rows is None
    assert impact.tables[0] == TableImpact("sql.delete", "public.customers", None, 1_000, 2)
    assert impact.tables[1].rows is None
    assert impact.unavailable == "the target was busy"
    assert not impact.same_snapshot


def test_without_a_catalogue_tables_are_told_by_name() -> None:
    impact = summary(STATEMENT, None, PLAN, None, "")
    assert [one.total_rows for one in impact.tables] == [None, None]
    assert impact.triggers == ()
