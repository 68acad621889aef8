"""What a session has done to names is kept in mind, whether the server took it or not."""

import pytest

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.session_names import MOST_PATHS, SessionNames
from assent.protocols.postgres.statements import Classifier
from catalogue_builder import a_catalogue, a_function, told

CATALOGUE = a_catalogue(
    tables={
        "public.orders": "id email",
        "public.items": "order_id",
        "public.log": "what",
        "shop.orders": "id",
        "shop.secret": "id key",
    },
    views={"public.totals": "SELECT id FROM public.orders"},
    functions=[
        a_function("public.cleans()", "BEGIN DELETE FROM log; RETURN NULL; END", "plpgsql"),
        a_function("public.leaks()", "SELECT key FROM shop.secret"),
    ],
    runs={"public.log": ["public.leaks"]},
    keys=["k: public.items(order_id) -> public.orders(id) on delete cascade"],
)
KNOWLEDGE = Knowledge(Classifier)
KNOWLEDGE.replace(CATALOGUE)


def after(*before: str, then: str, user: str = "") -> Statement:
    names = SessionNames(("public",), user)
    for text in before:
        names.ran(names.read(KNOWLEDGE.reader, text))
    return names.read(KNOWLEDGE.reader, then)


def test_a_session_that_did_nothing_reads_as_ever() -> None:
    names = SessionNames(("public",))
    names.ran(names.read(KNOWLEDGE.reader, "SELECT id FROM orders"))
    assert (names.moved, names.version) == (False, 0)
    reading = names.read(KNOWLEDGE.reader, "SELECT id FROM orders")
    assert reading is KNOWLEDGE.reader(("public",)).classify("SELECT id FROM orders")


@pytest.mark.parametrize(
    "text",
    ["SET search_path = shop", "SET LOCAL search_path TO shop, public",
     "SELECT set_config('search_path', 'shop', false)"],
)  # fmt: skip
def test_after_a_path_was_set_a_name_means_both(text: str) -> None:
    reading = after(text, then="SELECT id FROM orders")
    assert told(reading) == {"sql.read public.orders(id)", "sql.read shop.orders(id)"}
    assert (reading.complete, reading.reusable) == (True, False)


@pytest.mark.parametrize(
    "text",
    ["SELECT set_config('search_path', $1, false)", 'SET search_path = "$user", shop'],
)
def test_a_path_that_nobody_knows_makes_everything_unknown(text: str) -> None:
    assert not after(text, then="SELECT id FROM orders").complete


def test_whoever_is_meant_by_user_may_be_told() -> None:
    reading = after('SET search_path = "$user"', then="SELECT id FROM orders", user="shop")
    assert "sql.read shop.orders(id)" in told(reading)
    assert reading.complete


def test_too_many_paths_are_unknown() -> None:
    texts = [f"SET search_path = s{number}" for number in range(MOST_PATHS)]
    assert not after(*texts, then="SELECT id FROM orders").complete


def test_what_the_target_reports_is_added() -> None:
    names = SessionNames(("public",))
    names.reported("public")
    assert not names.moved
    names.reported('"shop", public')
    assert names.moved
    assert "sql.read shop.orders(id)" in told(names.read(KNOWLEDGE.reader, "SELECT id FROM orders"))


def test_a_temporary_table_may_hide_another_one() -> None:
    reading = after("CREATE TEMP TABLE orders (id integer)", then="SELECT id FROM orders")
    assert told(reading) == {"sql.read public.orders(id)", "sql.read pg_temp.orders(id)"}


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TEMP TABLE mine AS SELECT key FROM shop.secret",
        "SELECT key INTO TEMP mine FROM shop.secret",
        "CREATE TEMP VIEW mine AS SELECT key FROM shop.secret",
        "CREATE VIEW mine AS SELECT key FROM shop.secret",
    ],
)
def test_what_was_made_of_a_table_is_read_as_that_table(text: str) -> None:
    reading = after(text, then="SELECT * FROM mine")
    assert any(
        line.startswith("sql.read shop.secret(key) by definition of") for line in told(reading)
    )


def test_a_view_of_a_view_made_here_is_read_to_the_end() -> None:
    first = "CREATE TEMP VIEW first AS SELECT key FROM shop.secret"
    second = "CREATE TEMP VIEW second AS SELECT * FROM first"
    assert any("shop.secret" in line for line in told(after(first, second, then="TABLE second")))


def test_a_copy_is_changed_alone_and_a_view_with_its_table() -> None:
    copy = after("CREATE TEMP TABLE mine AS SELECT key FROM shop.secret", then="DELETE FROM mine")
    assert not any("shop.secret" in line for line in told(copy, "sql.delete"))
    view = after("CREATE VIEW mine AS SELECT key FROM shop.secret", then="DELETE FROM mine")
    assert any("shop.secret" in line for line in told(view, "sql.delete"))


def test_a_function_replaced_here_does_what_it_says_now() -> None:
    text = (
        "CREATE OR REPLACE FUNCTION cleans() RETURNS text LANGUAGE sql"
        " AS 'SELECT key FROM shop.secret'"
    )
    found = told(after(text, then="SELECT cleans()"))
    assert "sql.read shop.secret(key) by definition of public.cleans" in found
    assert "sql.delete public.log by function public.cleans" in found


def test_a_trigger_made_here_runs() -> None:
    text = "CREATE TRIGGER t BEFORE INSERT ON items EXECUTE FUNCTION cleans()"
    found = told(after(text, then="INSERT INTO items VALUES (1)"))
    assert "sql.delete public.log by definition of public.items" in found


def test_a_renamed_table_is_judged_as_what_it_was() -> None:
    reading = after(
        "ALTER TABLE orders RENAME TO harmless", then="DELETE FROM harmless WHERE id = 1"
    )
    assert {
        "sql.delete public.orders",
        "sql.read public.orders(id)",
        "sql.delete public.items by foreign key k",
    } <= told(reading)
    assert reading.has_where


def test_a_table_renamed_twice_is_still_what_it_was_at_first() -> None:
    reading = after(
        "ALTER TABLE orders RENAME TO a", "ALTER TABLE a RENAME TO b", then="SELECT id FROM b"
    )
    assert "sql.read public.orders(id)" in told(reading)


@pytest.mark.parametrize(
    ("text", "then", "line"),
    [
        ("ALTER TABLE shop.secret SET SCHEMA public", "SELECT key FROM secret", "shop.secret(key)"),
        ("ALTER SCHEMA shop RENAME TO s", "SELECT key FROM s.secret", "shop.secret(key)"),
        ("ALTER TABLE orders RENAME email TO e", "SELECT e FROM orders", "public.orders(e email)"),
        ("ALTER VIEW totals RENAME TO t", "SELECT id FROM t", "public.totals(id)"),
    ],
)
def test_whatever_is_renamed_is_judged_as_what_it_was(text: str, then: str, line: str) -> None:
    assert f"sql.read {line}" in told(after(text, then=then))


def test_a_renamed_function_is_unknown_until_it_is_found() -> None:
    assert not after("ALTER FUNCTION cleans() RENAME TO f", then="SELECT f()").complete


def test_what_is_prepared_means_all_of_it_too() -> None:
    reading = after(
        "CREATE TEMP VIEW orders AS SELECT key FROM shop.secret",
        then="PREPARE q AS SELECT * FROM orders",
    )
    assert any("shop.secret" in line for line in told(reading.prepares["q"]))


def test_a_newer_catalogue_has_what_was_made_but_not_what_is_temporary() -> None:
    names = SessionNames(("public",))
    for text in ("CREATE VIEW v AS TABLE shop.secret", "CREATE TEMP VIEW t AS TABLE shop.secret"):
        names.ran(names.read(KNOWLEDGE.reader, text))
    names.refreshed()
    assert not any("secret" in line for line in told(names.read(KNOWLEDGE.reader, "TABLE v")))
    assert any("secret" in line for line in told(names.read(KNOWLEDGE.reader, "TABLE t")))


def test_what_is_temporary_is_not_asked_for_again() -> None:
    assert not after("CREATE TEMP TABLE t (id int)", then="SELECT id FROM t").unresolved


@pytest.mark.parametrize(
    ("before", "then", "line"),
    [
        ("ALTER TABLE items ALTER order_id SET DEFAULT leaks()", "INSERT INTO items DEFAULT VALUES",
         "sql.read shop.secret(key)"),
        ("ALTER TABLE items ADD CHECK (leaks() = 1)", "INSERT INTO items VALUES (1)",
         "sql.read shop.secret(key)"),
        ("CREATE INDEX ON items (leaks())", "INSERT INTO items VALUES (1)",
         "sql.read shop.secret(key)"),
        ("CREATE POLICY p ON items USING (leaks() = 1)", "SELECT order_id FROM items",
         "sql.read shop.secret(key)"),
        ("CREATE TABLE new (k integer DEFAULT leaks())", "INSERT INTO new DEFAULT VALUES",
         "sql.read shop.secret(key)"),
        ("CREATE TABLE new (LIKE log INCLUDING ALL)", "INSERT INTO new VALUES (1)",
         "sql.read shop.secret(key)"),
        ("CREATE TABLE new () INHERITS (orders)", "SELECT id FROM orders",
         "sql.read public.new(id)"),
        ("CREATE TABLE new () INHERITS (orders)", "SELECT id FROM new",
         "sql.read public.orders(id)"),
        ("ALTER TABLE shop.secret INHERIT orders", "SELECT id FROM orders",
         "sql.read shop.secret(id)"),
        ("ALTER TABLE orders ATTACH PARTITION shop.secret DEFAULT", "SELECT id FROM orders",
         "sql.read shop.secret(id)"),
        ("CREATE TABLE new (o integer REFERENCES log ON DELETE CASCADE)", "DELETE FROM log",
         "sql.delete public.new"),
        ("CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION cleans()",
         "COMMENT ON TABLE orders IS 'x'", "sql.delete public.log by definition of *"),
        ("CREATE TEMP TABLE mine (k text); INSERT INTO mine SELECT key FROM shop.secret",
         "SELECT k FROM mine", "sql.read shop.secret(key)"),
    ],
)  # fmt: skip
def test_what_was_changed_here_happens_from_now_on(before: str, then: str, line: str) -> None:
    found = told(after(before, then=then))
    assert any(one.startswith(line) for one in found), found


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("ALTER TABLE items ENABLE TRIGGER off", "DELETE FROM items WHERE order_id = 1"),
        ("ALTER FUNCTION cleans() SET search_path = shop", "SELECT cleans()"),
        ("CREATE TRIGGER t AFTER INSERT ON items EXECUTE FUNCTION unheard_of()",
         "INSERT INTO items VALUES (1)"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_of_a_change_is_unknown(before: str, then: str) -> None:
    assert not after(before, then=then).complete


def test_a_text_is_read_with_what_it_has_changed_itself() -> None:
    names = SessionNames(("public",))
    text = "ALTER TABLE shop.secret RENAME TO harmless; SELECT key FROM shop.harmless"
    assert "sql.read shop.secret(key)" in told(names.read(KNOWLEDGE.reader, text))


def test_changing_a_table_is_no_use_of_it() -> None:
    names = SessionNames(("public",))
    text = "ALTER TABLE items ALTER order_id SET DEFAULT leaks()"
    assert not any("definition of" in line for line in told(names.read(KNOWLEDGE.reader, text)))
