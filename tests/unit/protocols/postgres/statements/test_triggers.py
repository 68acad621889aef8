"""Triggers, rules, defaults and event triggers: what runs because a table is touched."""

import pytest

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements import Classifier
from catalogue_builder import a_catalogue, a_function, told

TABLES = {"public.orders": "id email", "public.log": "what", "public.keys": "id key"}
AUDIT = a_function(
    "public.audit()",
    "BEGIN INSERT INTO log SELECT old.email; NEW.id := 3; RETURN NEW; END",
    "plpgsql",
)
READS = a_function("public.reads()", "SELECT key FROM keys")


def read(text: str, catalogue: Catalogue) -> Statement:
    return Classifier(("public",), catalogue).classify(text)


def with_trigger(events: str, body: str, language: str = "plpgsql") -> Catalogue:
    fired = a_function("public.fired()", body, language)
    return a_catalogue(
        TABLES, functions=[fired], triggers={"public.orders": [("t", events, "public.fired")]}
    )


@pytest.mark.parametrize(
    ("events", "text", "fires"),
    [
        ("insert", "INSERT INTO orders VALUES (1)", True),
        ("insert", "COPY orders FROM STDIN", True),
        ("insert", "UPDATE orders SET id = 1", False),
        ("update", "UPDATE orders SET id = 1", True),
        ("update", "INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", True),
        ("delete", "DELETE FROM orders", True),
        ("delete", "WITH gone AS (DELETE FROM orders RETURNING id) SELECT 1", True),
        ("truncate", "TRUNCATE orders", True),
        ("delete", "TRUNCATE orders", False),
        ("insert update delete", "SELECT id FROM orders", False),
        ("delete", "MERGE INTO orders o USING log ON true WHEN MATCHED THEN DELETE", True),
        ("delete", "EXPLAIN DELETE FROM orders", False),
        ("delete", "EXPLAIN ANALYZE DELETE FROM orders", True),
        ("delete", "DELETE FROM ONLY orders", True),
    ],
)
def test_a_trigger_runs_on_its_events(events: str, text: str, fires: bool) -> None:
    catalogue = with_trigger(events, "BEGIN UPDATE keys SET key = 'x'; RETURN NULL; END")
    found = told(read(text, catalogue), "sql.update public.keys")
    line = "sql.update public.keys(key) by trigger t on public.orders"
    assert (line in told(read(text, catalogue))) is fires, found


def test_old_and_new_are_rows_of_the_table() -> None:
    catalogue = a_catalogue(
        TABLES, functions=[AUDIT], triggers={"public.orders": [("a", "update", "public.audit")]}
    )
    found = told(read("UPDATE orders SET id = 1", catalogue))
    assert "sql.read public.orders(email) by trigger a on public.orders" in found
    assert "sql.insert public.log(*) by trigger a on public.orders" in found


def test_what_is_inserted_was_in_no_table_before() -> None:
    catalogue = with_trigger("insert", "BEGIN INSERT INTO log VALUES (new.email); RETURN NEW; END")
    assert not told(read("INSERT INTO orders VALUES (1)", catalogue), "sql.read")


def test_a_trigger_that_cannot_be_read_is_unknown() -> None:
    assert not read("DELETE FROM orders", with_trigger("delete", "library", "c")).complete
    dynamic = with_trigger("delete", "BEGIN EXECUTE tg_argv[0]; RETURN NULL; END")
    assert not read("DELETE FROM orders", dynamic).complete


def test_a_trigger_that_fires_itself_comes_to_an_end() -> None:
    catalogue = with_trigger("update", "BEGIN UPDATE orders SET id = 2; RETURN NULL; END")
    assert read("UPDATE orders SET id = 1", catalogue).complete


def test_a_trigger_of_another_trigger_runs_too() -> None:
    functions = [
        a_function("public.one()", "BEGIN INSERT INTO log VALUES (1); RETURN NULL; END", "plpgsql"),
        a_function("public.two()", "BEGIN DELETE FROM keys; RETURN NULL; END", "plpgsql"),
    ]
    triggers = {
        "public.orders": [("one", "insert", "public.one")],
        "public.log": [("two", "insert", "public.two")],
    }
    catalogue = a_catalogue(TABLES, functions=functions, triggers=triggers)
    found = told(read("INSERT INTO orders VALUES (1)", catalogue), "sql.delete")
    assert found == {"sql.delete public.keys by trigger two on public.log"}


def test_a_rule_does_what_it_says_besides() -> None:
    does = "INSERT INTO public.log SELECT old.email"
    rule = f"CREATE RULE r AS ON DELETE TO public.orders DO ALSO {does}"
    catalogue = a_catalogue(TABLES, rules={"public.orders": [("r", "delete", rule)]})
    found = told(read("DELETE FROM orders WHERE id = 1", catalogue))
    assert "sql.insert public.log(*) by rule r on public.orders" in found
    assert "sql.read public.orders(email) by rule r on public.orders" in found
    assert not told(read("INSERT INTO orders VALUES (1)", catalogue), "sql.read")


def test_a_rule_that_was_locked_is_unknown() -> None:
    catalogue = a_catalogue(TABLES, rules={"public.orders": [("r", "delete", "not read: locked")]})
    assert not read("DELETE FROM orders", catalogue).complete


@pytest.mark.parametrize("text", ["INSERT INTO orders VALUES (1)", "UPDATE orders SET id = 1"])
def test_defaults_and_checks_are_computed_when_rows_change(text: str) -> None:
    catalogue = a_catalogue(TABLES, functions=[READS], runs={"public.orders": ["public.reads"]})
    line = "sql.read public.keys(key) by default or check of public.orders"
    assert line in told(read(text, catalogue))
    assert line not in told(read("SELECT id FROM orders", catalogue))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM orders",
        "INSERT INTO orders VALUES (1)",
        "UPDATE orders SET id = 1",
        "DELETE FROM orders",
        "COPY orders TO STDOUT",
    ],
)
def test_what_row_security_looks_at_is_read_by_everybody(text: str) -> None:
    line = "sql.read public.keys(key) by row security of public.orders"
    calls = a_catalogue(TABLES, functions=[READS], row_security={"public.orders": ["public.reads"]})
    assert line in told(read(text, calls))
    reads = a_catalogue(TABLES, policy_reads={"public.orders": [("public.keys", "key")]})
    assert line in told(read(text, reads))


def test_what_the_tables_of_a_policy_have_behind_them_is_read_too() -> None:
    catalogue = a_catalogue(
        TABLES,
        views={"public.allowed": "select key from public.keys"},
        policy_reads={"public.orders": [("public.allowed", "key")]},
    )
    found = told(read("SELECT id FROM orders", catalogue))
    assert "sql.read public.allowed(key) by row security of public.orders" in found
    assert "sql.read public.keys(key) by view public.allowed" in found


def test_a_function_of_the_server_in_a_default_is_told_as_if_it_was_called() -> None:
    catalogue = a_catalogue(
        TABLES, runs={"public.orders": ["pg_read_file", "query_to_xml"]},
        builtins={2624: "pg_read_file", 2923: "query_to_xml"},
    )  # fmt: skip
    reading = read("INSERT INTO orders (id) VALUES (1)", catalogue)
    assert "sql.program * by default or check of public.orders" in told(reading)
    assert not reading.complete


def test_an_insert_takes_numbers_of_the_sequences_that_defaults_name() -> None:
    catalogue = a_catalogue(
        {**TABLES, "public.numbers": ""}, sequences={"public.orders": ["public.numbers"]}
    )
    line = "sql.update public.numbers by default or check of public.orders"
    assert line in told(read("INSERT INTO orders (id) VALUES (1)", catalogue))
    assert line not in told(read("DELETE FROM orders", catalogue))


def test_a_default_of_an_extension_makes_no_insert_unknown() -> None:
    compiled = a_function("public.uuid_generate_v4()", "library", "c")
    catalogue = a_catalogue(
        TABLES, functions=[compiled], runs={"public.orders": ["public.uuid_generate_v4"]}
    )
    assert read("INSERT INTO orders VALUES (1)", catalogue).complete


@pytest.mark.parametrize(
    ("text", "fires"),
    [
        ("CREATE TABLE x (id integer)", True),
        ("DROP TABLE orders", True),
        ("GRANT SELECT ON orders TO ana", True),
        ("CREATE ROLE ben", False),
        ("SELECT id FROM orders", False),
    ],
)
def test_an_event_trigger_runs_when_something_is_defined(text: str, fires: bool) -> None:
    noted = a_function("public.noted()", "BEGIN INSERT INTO log VALUES (tg_tag); END", "plpgsql")
    catalogue = a_catalogue(
        TABLES, functions=[noted], event_triggers=[("e", "ddl_command_end", "public.noted")]
    )
    found = told(read(text, catalogue))
    assert ("sql.insert public.log(*) by event trigger e" in found) is fires
