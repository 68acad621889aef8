"""The law of flows: what is not said to flow into a column cannot be seen in it.

Random queries are run twice on data that differs in the values of one column only. Where the
column is neither in an output nor tested, that output has the same values both times.
"""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from postgast import parse

from assent.core.flows import Flows
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.flows import flows_of
from assent.protocols.postgres.statements.names import Names
from conformance.postgres_cluster import PostgresCluster
from flow_database import catalogue_of
from random_queries import TABLES, VIEWS, RandomQueries

QUERIES = 300
ROWS = 6
COLUMNS = [f"public.{table}.{column}" for table, columns in TABLES.items() for column in columns]


@pytest.fixture(scope="module")
def server() -> Iterator[psycopg.Connection[Any]]:
    with (
        PostgresCluster() as cluster,
        psycopg.connect(cluster.fresh_database(), autocommit=True) as connection,
    ):
        # Schemas that differ in one column each; `public` is what all of them differ from.
        for number in range(-1, len(COLUMNS)):
            connection.execute(_schema(number))
        connection.execute("set statement_timeout = '2s'; set enable_hashagg = off")
        yield connection


@pytest.fixture(scope="module")
def catalogue(server: psycopg.Connection[Any]) -> Catalogue:
    return catalogue_of(server, "public")


def test_what_is_not_said_to_flow_cannot_be_seen(
    server: psycopg.Connection[Any], catalogue: Catalogue
) -> None:
    queries = RandomQueries(random.Random(20))
    compared = 0
    for _ in range(QUERIES):
        compared += holds(server, catalogue, queries.query())
    # It compares something: outputs are not simply everything.
    assert compared > 4 * QUERIES


def holds(server: psycopg.Connection[Any], catalogue: Catalogue, query: str) -> int:
    """Hold one query to the law; return how many pairs of outputs were compared."""
    flows = flows_of(parse(query).stmts[0].stmt, Names(("public",), catalogue))
    before = answered(server, query, "public")
    if before is None:
        return 0
    assert flows.outputs is not None, query
    tested = flows.tested | hidden(catalogue, flows)
    compared = 0
    for number, column in enumerate(COLUMNS):
        if column in tested:
            continue
        clear = [place for place, flow in enumerate(flows.outputs) if column not in flow]
        if not clear:
            continue
        after = answered(server, query, f"other_{number}")
        if after is None:
            # A value that the query cannot compute with, such as a division by zero.
            continue
        for place in clear:
            compared += 1
            assert same(before, after, place), f"{column} is seen in column {place} of `{query}`"
    return compared


def hidden(catalogue: Catalogue, flows: Flows) -> frozenset[str]:
    """Return what definitions of views test: nobody who asks can choose that."""
    found: set[str] = set()
    for one in catalogue:
        if one.definition:
            names = Names((), catalogue)
            found |= flows_of(parse(one.definition).stmts[0].stmt, names).tested
    return frozenset(found) & flows.read


def answered(
    server: psycopg.Connection[Any], query: str, schema: str
) -> list[tuple[Any, ...]] | None:
    """Return the rows of a query, rolled back; None where the server refuses it."""
    server.execute(f"set search_path = {schema}")
    try:
        with server.transaction(force_rollback=True):
            return server.execute(query.encode()).fetchall()
    except psycopg.Error:
        return None


def same(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]], place: int) -> bool:
    return sorted(repr(row[place]) for row in before) == sorted(repr(row[place]) for row in after)


def _schema(number: int) -> str:
    """Return what makes a schema whose values of one column are others."""
    name = "public" if number < 0 else f"other_{number}"
    lines = [f"create schema if not exists {name}", f"set search_path = {name}"]
    for table, columns in TABLES.items():
        kinds = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        lines.append(f"create table {table} ({kinds})")
        for row in range(ROWS):
            values = []
            for column, kind in columns.items():
                luck = random.Random(f"{table}.{column}.{row}")
                value = luck.randint(1, 3)
                if number >= 0 and COLUMNS[number] == f"public.{table}.{column}":
                    value = luck.randint(4, 9)
                values.append(str(value) if kind == "int" else f"'{'abcdefghij'[value]}'")
            lines.append(f"insert into {table} values ({', '.join(values)})")
    lines += [f"create view {view} as {text}" for view, text in VIEWS.items()]
    return ";\n".join(lines)
