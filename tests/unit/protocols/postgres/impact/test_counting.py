"""Counting what a change would hit, with a query that changes nothing."""

import pytest
from postgast import parse

from assent.protocols.postgres.impact.counting import counting


def counted(text: str) -> str | None:
    """Return the query that counts for a text."""
    return counting(parse(text).stmts[0].stmt)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (
            "DELETE FROM orders WHERE id < 5",
            "SELECT count(DISTINCT (orders.tableoid, orders.ctid)) FROM orders WHERE id < 5",
        ),
        (
            "UPDATE ONLY shop.orders o SET x = 1 FROM customers c WHERE c.id = o.customer",
            "SELECT count(DISTINCT (o.tableoid, o.ctid)) FROM ONLY shop.orders o, customers c "
            "WHERE c.id = o.customer",
        ),
        (
            "DELETE FROM orders",
            "SELECT count(DISTINCT (orders.tableoid, orders.ctid)) FROM orders",
        ),
        (
            "WITH old AS (SELECT id FROM orders) DELETE FROM orders o USING old "
            "WHERE o.id = old.id RETURNING o.id",
            "WITH old AS (SELECT id FROM orders) SELECT count(DISTINCT (o.tableoid, o.ctid)) "
            "FROM orders o, old WHERE o.id = old.id",
        ),
    ],
)
def test_a_change_is_counted_by_where_its_rows_lie(text: str, query: str) -> None:
    assert counted(text) == query


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "INSERT INTO orders VALUES (1)",
        "DELETE FROM orders WHERE CURRENT OF c",
        "WITH gone AS (DELETE FROM a RETURNING id) DELETE FROM b USING gone WHERE b.id = gone.id",
    ],
)
def test_what_cannot_be_counted_without_changing_something_is_not(text: str) -> None:
    assert counted(text) is None
