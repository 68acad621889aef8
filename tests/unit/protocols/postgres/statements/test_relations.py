"""Partitions, inheritance, foreign keys, foreign tables, and names that nobody knows."""

import pytest

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements import Classifier
from assent.protocols.postgres.statements.relations import MAX_CHILDREN
from catalogue_builder import a_catalogue, a_function, told

PARTS = a_catalogue(
    tables={
        "public.p": "id v",
        "public.p1": "id v",
        "public.p2": "id v",
        "public.p21": "id v",
        "public.base": "id",
        "public.heir": "id more",
    },
    partitions={"public.p": ["public.p1", "public.p2"], "public.p2": ["public.p21"]},
    heirs={"public.base": ["public.heir"]},
)


def read(text: str, catalogue: Catalogue = PARTS) -> Statement:
    return Classifier(("public",), catalogue).classify(text)


def test_what_is_done_to_a_table_is_done_to_its_partitions() -> None:
    assert told(read("SELECT id FROM p")) == {
        "sql.read public.p(id)",
        "sql.read public.p1(id) by partition of public.p",
        "sql.read public.p2(id) by partition of public.p",
        "sql.read public.p21(id) by partition of public.p2",
    }


@pytest.mark.parametrize(
    "text", ["DELETE FROM p", "TRUNCATE p", "DROP TABLE p", "INSERT INTO p VALUES (1)"]
)
def test_it_is_the_same_for_everything_that_changes_rows(text: str) -> None:
    kinds = {touch.resource.name for touch in read(text).touches}
    assert kinds == {"public.p", "public.p1", "public.p2", "public.p21"}


def test_a_partition_is_judged_as_its_table_too() -> None:
    assert told(read("SELECT id FROM p21")) == {
        "sql.read public.p21(id)",
        "sql.read public.p2(id) by partition public.p21",
        "sql.read public.p(id) by partition public.p21",
    }


def test_only_means_the_table_alone() -> None:
    assert told(read("SELECT id FROM ONLY base")) == {"sql.read public.base(id)"}
    assert "sql.read public.heir(id) by inherits public.base" in told(
        read("SELECT id FROM ONLY base UNION SELECT id FROM base")
    )


def test_rows_put_into_a_parent_stay_there() -> None:
    assert told(read("INSERT INTO base VALUES (1)")) == {"sql.insert public.base(*)"}


def test_a_column_that_a_parent_lacks_is_not_read_there() -> None:
    assert "sql.read public.base by inherited by public.heir" in told(read("SELECT more FROM heir"))


def test_more_partitions_than_anybody_looks_at_are_unknown() -> None:
    names = [f"public.part_{number}" for number in range(MAX_CHILDREN + 1)]
    catalogue = a_catalogue(
        {"public.p": "id", **dict.fromkeys(names, "id")}, partitions={"public.p": names}
    )
    reading = read("SELECT id FROM p", catalogue)
    assert not reading.complete
    assert told(reading) == {"sql.read public.p(id)", "sql.unknown public.p"}


KEYS = a_catalogue(
    tables={
        "public.orders": "id total",
        "public.items": "id order_id",
        "public.parts": "item_id",
        "public.notes": "order_id",
        "public.kept": "order_id",
        "public.log": "what",
    },
    keys=[
        "k1: public.items(order_id) -> public.orders(id) on delete cascade on update cascade",
        "k2: public.parts(item_id) -> public.items(id) on delete cascade",
        "k3: public.notes(order_id) -> public.orders(id) on delete set null",
        "k4: public.kept(order_id) -> public.orders(id) on delete restrict",
    ],
    functions=[a_function("public.fired()", "BEGIN DELETE FROM log; RETURN OLD; END", "plpgsql")],
    triggers={"public.parts": [("t", "delete", "public.fired")]},
)


def test_a_delete_goes_on_through_keys_and_fires_triggers_there() -> None:
    assert told(read("DELETE FROM orders WHERE id = 1", KEYS)) == {
        "sql.delete public.orders",
        "sql.read public.orders(id)",
        "sql.delete public.items by foreign key k1",
        "sql.delete public.parts by foreign key k2",
        "sql.update public.notes(order_id) by foreign key k3",
        "sql.delete public.log by trigger t on public.parts",
    }


def test_an_update_goes_on_only_where_what_is_referred_to_changes() -> None:
    assert "sql.update public.items(order_id) by foreign key k1" in told(
        read("UPDATE orders SET id = 2 WHERE id = 1", KEYS)
    )
    assert told(read("UPDATE orders SET total = 2", KEYS)) == {"sql.update public.orders(total)"}


def test_a_truncate_with_cascade_empties_all_that_refers() -> None:
    assert told(read("TRUNCATE orders CASCADE", KEYS)) == {
        "sql.truncate public.orders",
        "sql.truncate public.items by foreign key k1",
        "sql.truncate public.parts by foreign key k2",
        "sql.truncate public.notes by foreign key k3",
        "sql.truncate public.kept by foreign key k4",
    }
    assert told(read("TRUNCATE orders", KEYS)) == {"sql.truncate public.orders"}


def test_keys_that_go_round_in_a_circle_come_to_an_end() -> None:
    catalogue = a_catalogue(
        {"public.a": "id b", "public.b": "id a"},
        keys=[
            "k1: public.a(b) -> public.b(id) on delete cascade",
            "k2: public.b(a) -> public.a(id) on delete cascade",
        ],
    )
    assert told(read("DELETE FROM a", catalogue)) == {
        "sql.delete public.a",
        "sql.delete public.b by foreign key k2",
        "sql.delete public.a by foreign key k1",
    }


FAR = a_catalogue(
    {"public.near": "id"},
    foreign={"public.far": ("id", "elsewhere")},
    heirs={"public.near": ["public.far"]},
)


def test_a_foreign_table_reaches_its_server() -> None:
    reading = read("SELECT id FROM near", FAR)
    assert "sql.execute elsewhere by foreign table public.far" in told(reading)
    assert reading.complete


@pytest.mark.parametrize(
    "text", ["LOCK TABLE near IN ACCESS SHARE MODE", "COPY near (id) TO STDOUT"]
)
def test_what_pg_dump_does_to_its_parent_reaches_no_other_server(text: str) -> None:
    assert not told(read(text, FAR), "sql.execute")


def test_a_lock_beside_a_query_hides_no_server() -> None:
    text = "LOCK TABLE near IN ACCESS SHARE MODE; SELECT id FROM near"
    assert told(read(text, FAR), "sql.execute")


def test_what_the_catalogue_does_not_have_is_touched_by_name_and_said() -> None:
    reading = read("SELECT id FROM newer")
    assert told(reading) == {"sql.read public.newer(id)"}
    assert (reading.complete, reading.reusable) == (True, False)
    assert reading.unresolved == {"public.newer"}


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE x (id integer)",
        "CREATE TABLE x (id integer); SELECT id FROM x",
        "SELECT relname FROM pg_class, information_schema.tables",
        "SELECT * FROM pg_temp.mine",
        "SELECT id FROM p",
        "WITH x AS (SELECT 1 AS id) SELECT id FROM x",
        "ALTER TABLE p RENAME TO q",
    ],
)
def test_what_is_made_here_or_is_the_servers_own_is_not_unresolved(text: str) -> None:
    assert not read(text).unresolved


def test_without_a_catalogue_names_are_taken_as_they_are_written() -> None:
    reading = Classifier().classify("DELETE FROM p WHERE id IN (SELECT id FROM newer)")
    assert not reading.unresolved
    assert all(not touch.through for touch in reading.touches)
