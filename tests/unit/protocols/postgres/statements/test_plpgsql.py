"""Programs in PL/pgSQL: every expression of theirs is read, wherever it stands."""

import pytest

from assent.core.action import Statement
from assent.protocols.postgres.statements import Classifier
from catalogue_builder import a_catalogue, a_function, told

TABLES = {"public.orders": "id total", "public.seen": "id", "public.customers": "id email"}


def run(body: str, *arguments: str) -> Statement:
    function = a_function(f"public.f({', '.join(arguments)})", body, "plpgsql")
    catalogue = a_catalogue(TABLES, functions=[function])
    given = ", ".join("1" for _ in arguments)
    return Classifier(("public",), catalogue).classify(f"SELECT f({given})")


@pytest.mark.parametrize(
    "body",
    [
        "DECLARE x int := (SELECT id FROM seen); BEGIN END",
        "DECLARE r record := (SELECT s FROM seen s); BEGIN END",
        "DECLARE r record; BEGIN DECLARE q record = (SELECT s FROM seen s); BEGIN NULL; END; END",
        "DECLARE r record DEFAULT (SELECT s FROM seen s); BEGIN END",
        "DECLARE c CURSOR FOR SELECT id FROM seen; BEGIN OPEN c; END",
        "DECLARE x int; BEGIN x := (SELECT id FROM seen); END",
        "DECLARE x int; BEGIN x := id FROM seen; END",
        "DECLARE x int[]; BEGIN x[(SELECT id FROM seen)] := 3; END",
        "BEGIN PERFORM id FROM seen; END",
        "DECLARE x int; BEGIN SELECT id INTO x FROM seen; END",
        "BEGIN IF EXISTS (SELECT id FROM seen) THEN NULL; END IF; END",
        "BEGIN IF false THEN NULL; ELSIF (SELECT id FROM seen) = 1 THEN NULL; END IF; END",
        "BEGIN IF false THEN NULL; ELSE PERFORM id FROM seen; END IF; END",
        "BEGIN CASE (SELECT id FROM seen) WHEN 1 THEN NULL; END CASE; END",
        "BEGIN CASE WHEN (SELECT id FROM seen) = 1 THEN NULL; END CASE; END",
        "BEGIN CASE 1 WHEN 1 THEN PERFORM id FROM seen; END CASE; END",
        "BEGIN LOOP EXIT WHEN (SELECT id FROM seen) = 1; END LOOP; END",
        "BEGIN WHILE (SELECT id FROM seen) = 1 LOOP NULL; END LOOP; END",
        "BEGIN FOR i IN 1..(SELECT id FROM seen) LOOP NULL; END LOOP; END",
        "BEGIN FOR i IN 1..9 BY (SELECT id FROM seen) LOOP NULL; END LOOP; END",
        "DECLARE r record; BEGIN FOR r IN SELECT id FROM seen LOOP NULL; END LOOP; END",
        "DECLARE r record; BEGIN FOR r IN SELECT 1 LOOP PERFORM id FROM seen; END LOOP; END",
        "DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY(SELECT id FROM seen) LOOP END LOOP; END",
        "DECLARE c refcursor; BEGIN OPEN c FOR SELECT id FROM seen; END",
        "DECLARE c CURSOR (k int) FOR SELECT k; BEGIN OPEN c((SELECT id FROM seen)); END",
        "BEGIN RAISE NOTICE '%', (SELECT id FROM seen); END",
        "BEGIN RAISE EXCEPTION USING message = (SELECT id FROM seen); END",
        "BEGIN ASSERT (SELECT id FROM seen) = 1; END",
        "BEGIN RETURN (SELECT id FROM seen); END",
        "BEGIN RETURN NEXT (SELECT id FROM seen); RETURN; END",
        "BEGIN RETURN QUERY SELECT id FROM seen; END",
        "BEGIN NULL; EXCEPTION WHEN OTHERS THEN PERFORM id FROM seen; END",
        "BEGIN EXECUTE 'SELECT id FROM seen'; END",
        "BEGIN RETURN QUERY EXECUTE 'SELECT id FROM seen'; END",
        "DECLARE x int; BEGIN EXECUTE 'SELECT 1' USING (SELECT id FROM seen); END",
        "DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT id FROM seen' LOOP NULL; END LOOP; END",
        "#variable_conflict use_column\nBEGIN PERFORM id FROM seen; END",
        "BEGIN PERFORM id FROM seen; END; -- the end",
        "<<outer>> BEGIN PERFORM id FROM seen; END outer;",
        "BEGIN PERFORM $assent$x$assent$ || id FROM seen; END",
    ],
)
def test_what_is_read_anywhere_in_a_program_is_read_by_the_call(body: str) -> None:
    reading = run(body)
    found = {touch.resource.name: touch.columns for touch in reading.touches}
    assert "public.seen" in found, reading.problems
    assert reading.complete, reading.problems


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN EXECUTE 'DELETE FROM ' || t; END",
        "BEGIN EXECUTE format('DELETE FROM %I', t); END",
        "BEGIN RETURN QUERY EXECUTE t; END",
        "DECLARE r record; BEGIN FOR r IN EXECUTE t LOOP NULL; END LOOP; END",
        "DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE t; END",
    ],
)
def test_a_text_that_is_put_together_is_unknown(body: str) -> None:
    reading = run(body, "t")
    assert told(reading, "sql.unknown") == {"sql.unknown public.f by function public.f"}
    assert "is put together when it runs" in reading.problems[0]


def test_variables_arguments_and_fields_of_records_are_no_columns() -> None:
    reading = run(
        "DECLARE r record; x int; BEGIN"
        " SELECT * INTO r FROM seen; x := r.id + k; UPDATE orders SET total = r.id; END",
        "k",
    )
    assert told(reading) == {
        "sql.read public.seen(*) by function public.f",
        "sql.update public.orders(total) by function public.f",
    }


def test_an_output_whose_name_is_not_known_is_taken_for_a_variable() -> None:
    reading = run("BEGIN found_it := (SELECT id FROM seen); made.field := 3; END")
    assert reading.complete
    assert told(reading) == {"sql.read public.seen(id) by function public.f"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("this is no program", "cannot be parsed"),
        ("BEGIN SELECT FROM WHERE; END", "cannot be parsed"),
        ("BEGIN\0 END", "contains a NUL"),
        ("BEGIN " + "NULL; " * 20_000 + "END", "longer than"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_says_why(body: str, problem: str) -> None:
    reading = run(body)
    assert not reading.complete
    assert problem in reading.problems[0]


def test_a_block_of_do_is_read_like_a_function() -> None:
    classifier = Classifier(("public",), a_catalogue(TABLES))
    reading = classifier.classify("DO $$ BEGIN DELETE FROM orders WHERE id = 1; END $$")
    assert (reading.complete, reading.kind, reading.reusable) == (True, "sql.delete", False)
    assert "sql.delete public.orders" in told(reading)


def test_a_block_of_do_in_another_language_is_unknown() -> None:
    classifier = Classifier(("public",), a_catalogue(TABLES))
    assert not classifier.classify("DO LANGUAGE plpython3u 'pass'").complete


def test_without_a_catalogue_a_block_of_do_is_unknown() -> None:
    assert not Classifier().classify("DO $$ BEGIN NULL; END $$").complete
