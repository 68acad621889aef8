"""Names are looked up as the server does."""

import pytest

from assent.protocols.postgres.statements import Classifier
from assent.protocols.postgres.statements.names import Names, split_full
from catalogue_builder import a_catalogue, a_function, told

CATALOGUE = a_catalogue(
    {"b.orders": "id", "c.orders": "id", "b.pg_class": "oid", "a.other": "id"},
    functions=[a_function("c.f()", "SELECT id FROM b.orders")],
)


@pytest.mark.parametrize(
    ("path", "name", "full"),
    [
        (("a", "b", "c"), "orders", "b.orders"),
        (("c", "b"), "orders", "c.orders"),
        (("a",), "orders", "a.orders"),
        (("nowhere", "a"), "orders", "a.orders"),
        (("b",), "pg_class", "pg_catalog.pg_class"),
        (("b", "pg_catalog"), "pg_class", "b.pg_class"),
        (("pg_catalog", "b"), "pg_class", "pg_catalog.pg_class"),
    ],
)
def test_a_relation_is_found_along_the_path(path: tuple[str, ...], name: str, full: str) -> None:
    assert Names(path, CATALOGUE).relation("", name) == full


def test_what_is_made_is_made_in_the_first_schema_whatever_others_have() -> None:
    reading = Classifier(("nowhere", "a", "b"), CATALOGUE).classify("CREATE TABLE orders (id int)")
    assert told(reading) == {"sql.create a.orders"}


def test_what_a_schema_is_created_with_is_in_it() -> None:
    text = "CREATE SCHEMA d CREATE TABLE orders (id int)"
    reading = Classifier(("b",), CATALOGUE).classify(text)
    assert told(reading) == {"sql.create d", "sql.create d.orders"}


def test_routines_of_every_schema_of_the_path_may_be_meant() -> None:
    assert [one.name for one in Names(("a", "c"), CATALOGUE).find_routines(["f"], 0)] == ["f"]
    assert not Names(("a",), CATALOGUE).find_routines(["f"], 0)
    assert not Names(("c",), CATALOGUE).find_routines(["f"], 1)


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("public.orders", ("public", "orders")),
        ('public."a.b"', ("public", "a.b")),
        ('"x""y.z".t', ('x"y.z', "t")),
        ("orders", None),
        ("a.b.c", None),
    ],
)
def test_a_full_name_is_taken_apart_as_it_was_put_together(
    full: str, parts: tuple[str, str] | None
) -> None:
    assert split_full(full) == parts


@pytest.mark.parametrize(
    "text",
    [
        "SET search_path = c; SELECT id FROM orders",
        "SELECT set_config('search_path', 'c', false); SELECT id FROM orders",
        "DO $$ BEGIN SET search_path = c; END $$; SELECT id FROM orders",
    ],
)
def test_a_text_that_moves_the_path_is_read_under_both(text: str) -> None:
    found = told(Classifier(("b",), CATALOGUE).classify(text))
    assert {"sql.read b.orders(id)", "sql.read c.orders(id)"} <= found


def test_a_path_that_cannot_be_seen_makes_what_follows_unknown() -> None:
    text = "SELECT set_config('search_path', $1, false); SELECT id FROM orders"
    assert not Classifier(("b",), CATALOGUE).classify(text).complete
