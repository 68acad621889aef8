"""Where the values of columns go when a statement runs.

Columns are full names as labels write them, `public.customers.email`; `public.customers.*`
stands for every column of the table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flows:
    """What a statement does with the columns that it reads, in a text of one statement.

    outputs: for each column of its result, in order, all columns that its value is computed
    from, also through subqueries, views and functions; None where that could not be told, and
    then any column of `read` may be in any of them. Empty for a statement without a result.
    read: every column that is read at all.
    tested: columns that decide which rows there are, or their order or groups: WHERE, ON, USING,
    HAVING, GROUP BY, ORDER BY, DISTINCT, set operations, LIMIT, and conditions of subqueries.
    stored: columns whose values are written to where they can be read again, or sent elsewhere.
    """

    outputs: tuple[frozenset[str], ...] | None = None
    read: frozenset[str] = frozenset()
    tested: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()
