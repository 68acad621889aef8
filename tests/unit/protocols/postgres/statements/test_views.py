"""Views: what is read through them, and what is changed."""

from dataclasses import replace

import msgspec

from assent.core.action import Statement
from assent.core.flows import Flows
from assent.protocols.postgres.statements import Classifier
from assent.protocols.postgres.statements.views import narrowed
from catalogue_builder import a_catalogue, a_function, told

SHOP = a_catalogue(
    tables={"public.orders": "id total note", "public.customers": "id email", "public.log": "who"},
    views={
        "public.totals": "SELECT id, total AS amount FROM public.orders WHERE note IS NOT NULL",
        "public.nested": "SELECT id FROM public.totals",
        "public.joined": "SELECT o.id FROM public.orders o JOIN public.customers c ON c.id = o.id",
        "public.calling": "SELECT public.cleans() AS done",
    },
    materialized={"public.stored": "SELECT id, public.cleans() AS done FROM public.customers"},
    functions=[a_function("public.cleans()", "DELETE FROM log")],
)


def read(text: str) -> Statement:
    return Classifier(("public",), SHOP).classify(text)


def test_a_view_is_looked_through_to_its_tables() -> None:
    assert told(read("SELECT id FROM totals")) == {
        "sql.read public.totals(id)",
        "sql.read public.orders(id note) by view public.totals",
    }


def test_a_view_of_a_view_is_looked_through_to_the_end() -> None:
    assert told(read("SELECT id FROM nested")) == {
        "sql.read public.nested(id)",
        "sql.read public.totals(id) by view public.nested",
        "sql.read public.orders(id note) by view public.totals",
    }


def test_reading_through_a_view_may_be_reused() -> None:
    assert read("SELECT id FROM nested WHERE id = 1").reusable


def test_what_a_view_calls_is_done_by_whoever_reads_it() -> None:
    reading = read("SELECT * FROM calling")
    assert "sql.delete public.log by function public.cleans" in told(reading)
    assert not reading.reusable


def test_a_materialized_view_was_computed_before_and_runs_nothing() -> None:
    assert told(read("SELECT id FROM stored")) == {
        "sql.read public.stored(id)",
        "sql.read public.customers(id) by view public.stored",
    }


def test_refreshing_a_materialized_view_runs_its_query() -> None:
    found = told(read("REFRESH MATERIALIZED VIEW stored"))
    assert "sql.delete public.log by function public.cleans" in found


def test_what_is_changed_in_a_simple_view_is_changed_in_its_table() -> None:
    found = told(read("UPDATE totals SET amount = 1 WHERE id = 2"))
    assert "sql.update public.orders(total) by view public.totals" in found
    assert "sql.read public.orders(id note) by view public.totals" in found
    assert "sql.insert public.orders(id) by view public.totals" in told(
        read("INSERT INTO totals (id) VALUES (1)")
    )


def test_a_change_goes_down_through_views_of_views() -> None:
    found = told(read("DELETE FROM nested"), "sql.delete")
    assert found == {
        "sql.delete public.nested",
        "sql.delete public.totals by view public.nested",
        "sql.delete public.orders by view public.totals",
    }


def test_a_view_of_two_tables_changes_neither_by_itself() -> None:
    assert told(read("DELETE FROM joined"), "sql.delete") == {"sql.delete public.joined"}


def test_a_lock_on_a_view_is_one_on_its_tables() -> None:
    assert "sql.lock public.orders by view public.totals" in told(read("LOCK TABLE nested"))


def test_a_definition_that_was_locked_is_unknown() -> None:
    catalogue = a_catalogue(views={"public.v": "SELECT 1 AS one"})
    relation = catalogue.relations["public", "v"]
    locked = msgspec.structs.replace(relation, definition="not read: locked")
    catalogue.relations["public", "v"] = catalogue.by_oid[relation.oid] = locked
    reading = Classifier(("public",), catalogue).classify("SELECT one FROM v")
    assert not reading.complete
    assert "view public.v cannot be parsed" in reading.problems[0]


def test_only_columns_that_are_needed_are_read_below_a_view() -> None:
    reading = read("SELECT id FROM totals")
    flows = Flows(read=frozenset({"public.totals.id", "public.orders.id", "public.orders.note"}))
    found = told(narrowed(replace(reading, flows=flows)))
    assert "sql.read public.orders(id note) by view public.totals" in found


def test_nothing_is_left_out_where_a_function_reads_too() -> None:
    reading = replace(read("SELECT * FROM calling, totals"), flows=Flows())
    assert narrowed(reading) == reading
