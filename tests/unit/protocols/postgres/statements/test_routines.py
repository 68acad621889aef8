"""Functions and procedures: a call does what the body does."""

import pytest

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Routine
from assent.protocols.postgres.statements import Classifier
from catalogue_builder import a_catalogue, a_function, told

TABLES = {"public.orders": "id total", "public.customers": "id email", "shop.secret": "id"}


def read(text: str, *functions: Routine, path: tuple[str, ...] = ("public",)) -> Statement:
    return Classifier(path, a_catalogue(TABLES, functions=functions)).classify(text)


READS = a_function("public.reads(k)", "SELECT email FROM customers WHERE id = reads.k")
DELETES = a_function("public.deletes(k)", "DELETE FROM orders WHERE id = k")
COMPILED = a_function("public.compiled(k)", "library", "c")


def test_a_body_that_only_reads_is_understood_and_may_be_reused() -> None:
    reading = read("SELECT reads(1)", READS)
    assert told(reading) == {"sql.read public.customers(email id) by function public.reads"}
    assert (reading.complete, reading.reusable) == (True, True)
    assert reading.functions == {"public.reads"}


def test_what_a_body_changes_is_changed_by_the_call() -> None:
    reading = read("SELECT deletes(1)", DELETES)
    assert reading.kind == "sql.delete"
    assert "sql.delete public.orders by function public.deletes" in told(reading)


def test_a_volatility_proves_nothing() -> None:
    lies = a_function("public.lies()", "SELECT id FROM shop.secret", volatility="i")
    assert told(read("SELECT lies()", lies)) == {"sql.read shop.secret(id) by function public.lies"}


@pytest.mark.parametrize(
    "body",
    ["BEGIN ATOMIC SELECT id FROM shop.secret; END", "RETURN (SELECT id FROM shop.secret)"],
)
def test_a_standard_body_is_read(body: str) -> None:
    found = told(read("SELECT f()", a_function("public.f()", body)))
    assert found == {"sql.read shop.secret(id) by function public.f"}


def test_compiled_code_cannot_be_seen() -> None:
    reading = read("SELECT compiled(1)", COMPILED)
    assert not reading.complete
    assert told(reading) == {"sql.unknown public.compiled"}
    assert reading.problems == ("cannot see what the function `public.compiled` does",)


def test_every_overload_that_takes_so_many_arguments_is_meant() -> None:
    one = a_function("public.f(a)", "SELECT id FROM orders")
    other = a_function("public.f(a)", "SELECT id FROM customers")
    two = a_function("public.f(a, b)", "SELECT id FROM shop.secret")
    found = told(read("SELECT f(1)", one, other, two))
    assert found == {
        "sql.read public.orders(id) by function public.f",
        "sql.read public.customers(id) by function public.f",
    }


def test_a_function_that_hides_one_of_pg_catalog_is_read_too() -> None:
    hides = a_function("public.lower(k)", "SELECT email FROM customers")
    reading = read("SELECT lower('X')", hides)
    assert told(reading) == {"sql.read public.customers(email) by function public.lower"}
    assert not told(read("SELECT pg_catalog.lower('X')", hides), "sql.read")


def test_an_extension_that_overloads_pg_catalog_makes_nothing_unknown() -> None:
    assert read("SELECT lower('X')", a_function("public.lower(k)", "citext", "c")).complete
    assert not read("SELECT dblink('X')", a_function("public.dblink(k)", "dblink", "c")).complete


def test_a_function_runs_with_its_own_path_or_with_the_callers() -> None:
    own = a_function("public.own()", "SELECT id FROM secret", search_path=("shop",))
    assert told(read("SELECT own()", own)) == {"sql.read shop.secret(id) by function public.own"}
    callers = a_function("public.callers()", "SELECT id FROM secret")
    reading = read("SELECT callers()", callers, path=("public", "shop"))
    assert told(reading) == {"sql.read shop.secret(id) by function public.callers"}


def test_a_body_that_moves_the_path_is_not_understood_to_its_end() -> None:
    moves = a_function("public.moves()", "SET search_path = shop; SELECT id FROM secret")
    assert not read("SELECT moves()", moves).complete


def test_functions_that_call_each_other_are_read_as_one() -> None:
    a = a_function("public.a()", "SELECT public.b() FROM orders")
    b = a_function("public.b()", "SELECT public.a() FROM customers")
    classifier = Classifier(("public",), a_catalogue(TABLES, functions=[a, b]))
    for text in ("SELECT a()", "SELECT b()", "SELECT a()"):
        touched = {touch.resource.name for touch in classifier.classify(text).touches}
        assert touched == {"public.orders", "public.customers"}


def test_functions_deeper_than_anybody_looks_are_unknown() -> None:
    chain = [a_function(f"public.f{n}()", f"SELECT public.f{n + 1}()") for n in range(40)]
    last = a_function("public.f40()", "SELECT 1")
    reading = read("SELECT f0()", *chain, last)
    assert not reading.complete
    assert any("too much lies behind" in problem for problem in reading.problems)


def test_a_procedure_is_read_like_a_function() -> None:
    procedure = a_function(
        "public.p(k)", "BEGIN UPDATE orders SET total = k; COMMIT; END", "plpgsql", kind="p"
    )
    reading = read("CALL p(1)", procedure)
    assert "sql.update public.orders(total) by function public.p" in told(reading)
    assert (reading.complete, reading.reusable) == (True, False)


def test_a_procedure_that_is_not_there_is_unknown_and_unresolved() -> None:
    reading = read("CALL missing(1)")
    assert (reading.complete, reading.unresolved) == (False, frozenset({"public.missing"}))


def test_an_aggregate_does_what_its_functions_do() -> None:
    catalogue_of = a_function("public.step(a, b)", "SELECT id FROM orders")
    catalogue = a_catalogue(
        TABLES,
        functions=[catalogue_of, a_function("public.total(a)", "", "internal", kind="a",
                                            support=(30_000,))],
    )  # fmt: skip
    reading = Classifier(("public",), catalogue).classify("SELECT total(1)")
    assert told(reading) == {"sql.read public.orders(id) by function public.step"}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT o.reads FROM orders o",
        "SELECT (o).reads FROM orders o",
        "SELECT * FROM reads(1) AS r",
        "SELECT id FROM orders ORDER BY reads(id)",
    ],
)
def test_a_call_is_seen_in_every_notation(text: str) -> None:
    found = told(read(text, READS))
    assert "sql.read public.customers(email id) by function public.reads" in found


def test_an_operator_calls_its_function() -> None:
    catalogue = a_catalogue(TABLES, functions=[DELETES, COMPILED],
                            operators={"===": ["public.deletes"], "=": ["public.compiled"],
                                       "#=#": ["public.compiled"]})  # fmt: skip
    classifier = Classifier(("public",), catalogue)
    found = told(classifier.classify("SELECT 1 === 2"), "sql.delete")
    assert found == {"sql.delete public.orders by function public.deletes"}
    # An extension's own equality, in C.
    assert classifier.classify("SELECT id FROM orders WHERE id = 1").complete
    assert not classifier.classify("SELECT 1 #=# 2").complete


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 IN (2, 3)",
        "SELECT CASE 1 WHEN 2 THEN 3 END",
        "SELECT 1 IN (SELECT 2)",
        "SELECT * FROM orders JOIN customers USING (id)",
        "SELECT NULLIF(1, 2)",
        "SELECT 1 IS DISTINCT FROM 2",
    ],
)
def test_what_compares_without_a_sign_calls_the_equality_that_fits(text: str) -> None:
    catalogue = a_catalogue(TABLES, functions=[DELETES], operators={"=": ["public.deletes"]})
    reading = Classifier(("public",), catalogue).classify(text)
    assert "sql.delete public.orders by function public.deletes" in told(reading)


def test_a_cast_to_a_type_of_ones_own_may_call_a_function() -> None:
    catalogue = a_catalogue(TABLES, functions=[READS], casts={"public.pair": ["public.reads"]})
    classifier = Classifier(("public",), catalogue)
    found = told(classifier.classify("SELECT 1::pair"))
    assert found == {"sql.read public.customers(email id) by function public.reads"}
    assert told(classifier.classify("SELECT '{1}'::public.pair[]")) == found
    texts = "SELECT '1'::integer, '{}'::jsonb", "SELECT 'good'::mood", "SELECT 1::other.pair"
    assert not any(told(classifier.classify(text), "sql.read") for text in texts)


def test_a_cast_of_ones_own_to_a_type_of_the_server_may_call_a_function() -> None:
    catalogue = a_catalogue(TABLES, functions=[READS], casts={"pg_catalog.text": ["public.reads"]})
    reading = Classifier(("public",), catalogue).classify("SELECT 'good'::mood::text")
    assert told(reading) == {"sql.read public.customers(email id) by function public.reads"}


@pytest.mark.parametrize(
    ("text", "runs"),
    [("SELECT given()", True), ("SELECT given(1)", False), ("SELECT given(x => 1)", False)],
)
def test_what_computes_an_argument_runs_where_it_is_left_out(text: str, runs: bool) -> None:
    given = a_function("public.given(x)", "select x")
    catalogue = a_catalogue(
        TABLES, functions=[READS, given], defaults={"public.given": ["public.reads"]}
    )
    reading = Classifier(("public",), catalogue).classify(text)
    line = "sql.read public.customers(email id) by function public.reads"
    assert (line in told(reading)) is runs
    assert reading.complete
    assert reading.flows is not None
    assert ("public.customers.email" in reading.flows.read) is runs


def test_a_function_of_the_server_that_a_default_argument_calls_is_told() -> None:
    given = a_function("public.given(x)", "select x")
    catalogue = a_catalogue(
        TABLES, functions=[given], defaults={"public.given": ["pg_read_file"]},
        builtins={2624: "pg_read_file"},
    )  # fmt: skip
    reading = Classifier(("public",), catalogue).classify("SELECT given()")
    assert "sql.program *" in told(reading)


def test_a_function_that_nobody_knows_asks_for_a_newer_catalogue() -> None:
    reading = read("SELECT newer(1)")
    assert (reading.complete, reading.unresolved) == (False, frozenset({"public.newer"}))
