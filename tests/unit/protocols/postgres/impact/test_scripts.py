"""What the target is asked about a statement, and what it is never asked."""

import pytest
from postgast import parse

from assent.protocols.postgres.impact.scripts import MOST_TEXT_BYTES, script


def test_outside_of_a_transaction_it_is_asked_in_one_that_can_write_nothing() -> None:
    asked = script("DELETE FROM orders", (), in_transaction=False, exact=False)
    assert asked is not None
    assert asked.queries[0] == "BEGIN READ ONLY"
    assert asked.queries[-1] == "ROLLBACK"
    assert asked.queries[asked.plan] == "EXPLAIN (FORMAT JSON, VERBOSE) DELETE FROM orders"
    assert asked.count is None


def test_inside_of_one_all_is_undone_to_a_savepoint() -> None:
    asked = script("DELETE FROM orders", (), in_transaction=True, exact=True)
    assert asked is not None
    assert asked.queries[0] == "SAVEPOINT assent_impact"
    assert "SET LOCAL transaction_read_only = on" in asked.queries
    assert asked.queries[-2:] == (
        "ROLLBACK TO SAVEPOINT assent_impact",
        "RELEASE SAVEPOINT assent_impact",
    )
    assert asked.count == asked.plan + 1


def test_parameters_stand_in_the_plan_as_literals() -> None:
    asked = script(
        "UPDATE orders SET total = $1 WHERE id = $2 AND note = $3",
        ("1", None, "it's \\ a '; DROP TABLE orders; --"),
        in_transaction=False,
        exact=False,
    )
    assert asked is not None
    plan = asked.queries[asked.plan]
    assert len(parse(plan).stmts) == 1
    assert "NULL" in plan
    assert "$" not in plan


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1; SELECT 2",
        "",
        "VACUUM",
        "EXPLAIN ANALYZE DELETE FROM orders",
        "COPY orders TO STDOUT",
        "not sql at all",
        "SELECT '" + "x" * MOST_TEXT_BYTES + "'",
    ],
)
def test_what_cannot_be_planned_is_not_asked(text: str) -> None:
    assert script(text, (), in_transaction=False, exact=True) is None


@pytest.mark.parametrize("value", ["\\x00ff", "sha256:00 (70000 bytes)"])
def test_a_parameter_that_is_not_shown_in_full_is_not_guessed(value: str) -> None:
    asked = script("DELETE FROM t WHERE id = $1", (value,), in_transaction=False, exact=False)
    assert asked is None


def test_a_parameter_that_was_not_bound_is_not_guessed() -> None:
    text = "DELETE FROM t WHERE id = $2"
    assert script(text, ("1",), in_transaction=False, exact=False) is None
