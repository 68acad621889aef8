"""The classifier: it never raises, it remembers within bounds, it refuses what it cannot read."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.action import Operation, Statement
from assent.protocols.postgres.statements import Classifier
from assent.protocols.postgres.statements.verbs import DANGER, OPERATIONS

ROOT = Path(__file__).parents[5]
# Queries that people wrote; where the folder is not there, made-up ones are all there is.
DATA = Path(os.environ.get("ASSENT_DATA", ROOT.parent / "shared" / "data"))
SEDE = DATA / "sede_queries.jsonl"


def touched(reading: Statement) -> set[str]:
    return {f"{t.verb} {t.resource.kind} {t.resource.name}" for t in reading.touches}


def test_the_same_text_has_the_same_reading() -> None:
    classifier = Classifier()
    first = classifier.classify("SELECT id FROM orders")
    assert classifier.classify("SELECT id FROM orders") is first


def test_texts_of_one_shape_share_a_reading_when_it_only_reads() -> None:
    classifier = Classifier()
    first = classifier.classify("SELECT id FROM orders WHERE id = 1")
    assert first.reusable
    assert classifier.classify("SELECT id FROM orders WHERE id = 2") is first


def test_texts_of_one_shape_are_read_each_when_their_literals_matter() -> None:
    classifier = Classifier()
    harmless = classifier.classify("SELECT set_config('application_name', 'x', false)")
    assert harmless.kind == "sql.session"
    assert not harmless.reusable
    assert classifier.classify("SELECT set_config('role', 'x', false)").kind == "sql.impersonate"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'orders'::regclass",
        "SELECT nextval('s')",
        "SELECT to_regclass('orders')",
        "UPDATE orders SET total = 1 WHERE id = 2",
        "SELECT id FROM orders FOR UPDATE",
        "SET work_mem = 1",
        "BEGIN",
        "EXPLAIN SELECT 1",
        "SELECT * INTO a FROM orders",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "SELECT f()",
    ],
)
def test_only_plain_reads_are_reusable(text: str) -> None:
    assert not Classifier().classify(text).reusable


def test_it_forgets_the_oldest_text_first() -> None:
    classifier = Classifier(capacity=2)
    oldest = classifier.classify("DELETE FROM a")
    classifier.classify("DELETE FROM b")
    classifier.classify("DELETE FROM c")
    assert classifier.classify("DELETE FROM a") is not oldest


def test_a_long_text_is_not_remembered() -> None:
    classifier = Classifier()
    text = "DELETE FROM orders -- " + "x" * 9000
    assert classifier.classify(text) == classifier.classify(text)
    assert classifier.classify(text) is not classifier.classify(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT 1\0; DROP TABLE orders", "cannot be read: it contains a NUL"),
        ("SELECT '\ud800'", "cannot be read: it is not valid Unicode"),
        ("SELECT '" + "x" * (1 << 20) + "'", "cannot be read: it is longer than 1048576 bytes"),
        ("SELECT " + "1+" * 500_000 + "1", "cannot be read: it is nested too deeply"),
        ("SELECT 1" + "::int" * 200_000, "cannot be read: it is nested too deeply"),
        ("SELECT " + "1 + " * 200 + "1", "cannot be read: it is nested too deeply"),
        ("SELECT " + "(" * 200_000, "cannot be parsed: memory exhausted at or near"),
        ("SELECT 1;" * 1001, "cannot be read: more than 1000 statements in one text"),
        ("DELET FROM orders", "cannot be parsed: syntax error"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_says_why(text: str, problem: str) -> None:
    reading = Classifier().classify(text)
    assert not reading.complete
    assert reading.problems[0].startswith(problem)
    assert [touch.operation for touch in reading.touches] == [Operation.UNKNOWN]


def test_a_long_chain_hidden_in_what_looks_like_a_string_is_not_parsed() -> None:
    text = "SELECT E'\\'' || " + "1+" * 100_000 + "1, ''"
    assert Classifier().classify(text).problems == ("cannot be read: it is nested too deeply",)


def test_a_long_insert_of_signed_numbers_is_read() -> None:
    text = "INSERT INTO orders VALUES " + ", ".join(["(-1, -2, 'a-b=c')"] * 9_000)
    assert touched(Classifier().classify(text)) == {"sql.insert Table public.orders"}


def test_the_most_dangerous_verb_names_the_whole() -> None:
    reading = Classifier().classify("SELECT 1 FROM a; INSERT INTO b VALUES (1); DROP TABLE c")
    assert reading.kind == "sql.drop"


def test_every_verb_has_an_operation_and_a_place() -> None:
    assert OPERATIONS.keys() == DANGER.keys()
    assert max(DANGER, key=DANGER.__getitem__) == "sql.unknown"


def test_touches_are_not_repeated_and_stay_in_order() -> None:
    reading = Classifier().classify("SELECT a FROM x; SELECT b FROM y; SELECT c FROM x")
    assert [touch.resource.name for touch in reading.touches] == ["public.x", "public.y"]
    assert reading.touches[0].columns == {"a", "c"}


def test_an_unqualified_name_is_in_the_first_schema_of_the_path() -> None:
    reading = Classifier(("shop", "public")).classify("SELECT 1 FROM orders, public.customers")
    assert touched(reading) == {"sql.read Table shop.orders", "sql.read Table public.customers"}


def test_a_prepared_statement_is_told_apart_from_preparing_it() -> None:
    reading = Classifier().classify("PREPARE p AS DELETE FROM orders")
    assert reading.kind == "sql.session"
    assert reading.prepares["p"].kind == "sql.delete"
    assert not reading.prepares["p"].has_where


def test_functions_are_listed_by_name() -> None:
    reading = Classifier().classify("SELECT lower('A'), f(), shop.g()")
    assert reading.functions == {"lower", "public.f", "shop.g"}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_at_all_has_a_reading(text: str) -> None:
    assert Classifier().classify(text).touches


TOKENS = st.sampled_from(
    """
    select from where with recursive as delete update insert into set values ( ) , ; * a b
    orders "c" . = + :: text int 'x' 1 $1 and or not null in exists join on using lateral merge
    when matched then do nothing returning union all order by limit for of create table drop
    view index grant revoke to role copy program explain analyze prepare execute declare cursor
    cast case end array [ ] over partition filter within group alter add column default check
    """.split()  # noqa: SIM905
)


@settings(max_examples=500, deadline=None)
@given(st.lists(TOKENS, max_size=25).map(" ".join))
def test_any_row_of_words_has_a_reading(text: str) -> None:
    assert Classifier().classify(text).touches


@pytest.mark.skipif(not SEDE.exists(), reason="the queries people wrote are not on this machine")
def test_what_people_really_wrote_has_a_reading() -> None:
    classifier = Classifier()
    for line in SEDE.read_text(encoding="utf-8").splitlines():
        assert classifier.classify(json.loads(line)["QueryBody"]).touches


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("select information_schema._pg_expandarray('{1}')", True),
        ("select (information_schema._pg_expandarray(indkey)).n from pg_index", True),
        ("select public._pg_expandarray('{1}')", False),
        ("select _pg_expandarray('{1}')", False),
        ("select shop.information_schema._pg_expandarray('{1}')", False),
        ("select information_schema.anything('{1}')", False),
    ],
)
def test_what_drivers_describe_tables_with_only_computes(text: str, complete: bool) -> None:
    assert Classifier().classify(text).complete is complete
