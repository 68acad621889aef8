"""Looking things up in a snapshot, as the server would."""

from assent.protocols.postgres.catalogue.model import Catalogue, Relation, Routine

ORDERS = Relation(1, "sales", "orders", "r", ("id", "total"), (1, 3), (20, 23))
OTHERS = Relation(2, "public", "orders", "r")
CODES = tuple(
    Routine(oid, schema, "code", "f", (count, count), "sql", "i")
    for oid, schema, count in ((11, "sales", 0), (12, "sales", 1), (13, "public", 0))
)
CATALOGUE = Catalogue("1", (ORDERS, OTHERS), CODES, schemas=("empty",))


def test_a_name_is_of_the_first_schema_that_has_it() -> None:
    assert CATALOGUE.find("", "orders", ("empty", "public", "sales")) is OTHERS
    assert CATALOGUE.find("", "orders", ("sales", "public")) is ORDERS
    assert CATALOGUE.find("", "orders", ("empty",)) is None


def test_a_qualified_name_is_of_its_schema_alone() -> None:
    assert CATALOGUE.find("sales", "orders", ("public",)) is ORDERS
    assert CATALOGUE.find("empty", "orders", ("public",)) is None


def test_a_call_may_mean_any_function_of_that_name_on_the_path() -> None:
    found = CATALOGUE.find_routines("", "code", ("public", "sales"))
    assert [one.oid for one in found] == [13, 11, 12]
    assert [one.oid for one in CATALOGUE.find_routines("sales", "code", ())] == [11, 12]


def test_a_column_is_found_by_its_number_and_not_by_its_place() -> None:
    assert CATALOGUE.column(1, 3) == (ORDERS, "total")
    assert CATALOGUE.column(1, 2) is None
    assert CATALOGUE.column(9, 1) is None


def test_schemas_with_and_without_relations_are_known() -> None:
    assert CATALOGUE.schemas == {"sales", "public", "empty"}
    assert CATALOGUE.routine(12) is CODES[1]
    assert list(CATALOGUE) == [ORDERS, OTHERS]
