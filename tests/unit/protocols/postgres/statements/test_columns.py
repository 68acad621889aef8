"""Which columns a statement reads and writes."""

import pytest

from assent.protocols.postgres.statements import Classifier


def columns(text: str, touch: str) -> set[str]:
    """Return the columns of `verb table`."""
    verb, table = touch.split()
    return {
        column
        for found in Classifier().classify(text).touches
        if (found.verb, found.resource.name) == (verb, f"public.{table}")
        for column in found.columns
    }


@pytest.mark.parametrize(
    ("text", "touch", "expected"),
    [
        ("SELECT email FROM customers WHERE id = 1", "sql.read customers", "email id"),
        ("SELECT * FROM customers", "sql.read customers", "*"),
        ("TABLE customers", "sql.read customers", "*"),
        ("SELECT 1 FROM customers", "sql.read customers", ""),
        ("SELECT count(*) FROM customers", "sql.read customers", ""),
        ("SELECT c.* FROM customers c, orders o", "sql.read customers", "*"),
        ("SELECT c.* FROM customers c, orders o", "sql.read orders", ""),
        ("SELECT c.email FROM customers c, orders o", "sql.read orders", ""),
        ("SELECT email FROM customers, orders", "sql.read orders", "email"),
        ("SELECT email FROM customers, orders", "sql.read customers", "email"),
        ("SELECT public.customers.email FROM customers", "sql.read customers", "email"),
        ("SELECT c FROM customers c", "sql.read customers", "* c"),
        ("SELECT to_json(c) FROM customers c", "sql.read customers", "* c"),
        ("SELECT c.to_jsonb FROM customers c", "sql.read customers", "*"),
        ("SELECT (c).email FROM customers c", "sql.read customers", "* c"),
        ("SELECT b FROM customers c (a, b)", "sql.read customers", "* b"),
        ("SELECT j.y FROM (customers JOIN orders ON true) j (x, y)", "sql.read customers", "* y"),
        ("SELECT j.y FROM (customers JOIN orders ON true) j", "sql.read customers", "y"),
        ("SELECT 1 FROM customers NATURAL JOIN orders", "sql.read orders", "*"),
        ("SELECT 1 FROM customers JOIN orders USING (id)", "sql.read orders", "id"),
        ("SELECT s.email FROM (SELECT * FROM customers) s", "sql.read customers", "*"),
        ("SELECT x.whatever FROM customers", "sql.read customers", "*"),
        (
            "SELECT 1 FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.k = c.id)",
            "sql.read customers",
            "id",
        ),
        ("INSERT INTO customers (id, email) VALUES (1, 'a')", "sql.insert customers", "id email"),
        ("INSERT INTO customers VALUES (1)", "sql.insert customers", "*"),
        ("INSERT INTO customers DEFAULT VALUES RETURNING email", "sql.read customers", "email"),
        ("UPDATE customers SET email = 'a' WHERE id = 1", "sql.update customers", "email"),
        ("UPDATE customers SET email = 'a' WHERE id = 1", "sql.read customers", "id"),
        ("UPDATE customers SET (a, b) = (1, 2)", "sql.update customers", "a b"),
        ("UPDATE customers SET a = 1 RETURNING new.*", "sql.read customers", "*"),
        (
            "UPDATE customers SET a = 1 RETURNING WITH (OLD AS o) o.email",
            "sql.read customers",
            "email",
        ),
        ("DELETE FROM customers c WHERE c.id = 1", "sql.read customers", "id"),
        ("COPY customers (email) TO STDOUT", "sql.read customers", "email"),
        ("COPY customers TO STDOUT", "sql.read customers", "*"),
        ("COMMENT ON COLUMN customers.email IS 'x'", "sql.alter customers", "email"),
    ],
)
def test_columns_are_those_that_may_be_meant(text: str, touch: str, expected: str) -> None:
    assert columns(text, touch) == set(expected.split())
