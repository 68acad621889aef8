"""The server is the oracle: it locks nothing behind a text's names that was not told before.

Every row that can run does, in a copy of its database when something runs before it, in a
transaction that is rolled back; the locks of that backend are compared with the touches.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from assent.core.action import Operation
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.names import full_name
from looking_through import Readers, load
from watched_server import DATABASE, WatchedServer, releases

# The text leaves the machine, or the server's own files are in it.
NOT_RUN = {"sql.program", "sql.execute"}
# Changes of what there is lock what hangs on it: the other ends of keys, views, sequences.
SHAPE = {"sql.create", "sql.alter", "sql.drop", "sql.grant"}
LOCKS = """
select l.relation::bigint, l.mode from pg_catalog.pg_locks l
join pg_catalog.pg_class c on c.oid = l.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where l.pid = pg_catalog.pg_backend_pid() and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
"""
_numbers = itertools.count(1)


@contextmanager
def database_for(server: WatchedServer, row: dict[str, Any]) -> Iterator[str]:
    """Return a database for a row: a copy when what runs before it may stay there."""
    if not row.get("before"):
        yield DATABASE
        return
    name = f"copy_{next(_numbers)}"
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {DATABASE}".encode())
        yield name
        connection.execute(f"drop database {name} with (force)".encode())


def locked(server: WatchedServer, row: dict[str, Any]) -> list[tuple[int, str]] | None:
    """Return the relations that a row's text locks, and how; None if the server refuses it."""
    with (
        database_for(server, row) as database,
        psycopg.connect(server.address(database), autocommit=True) as connection,
    ):
        try:
            connection.execute("set statement_timeout = '2s'")
            for text in row.get("before", ()):
                connection.execute(text.encode())
            connection.execute("begin")
            before = set(connection.execute(LOCKS).fetchall())
            connection.execute(row["text"].encode())
            return sorted(set(connection.execute(LOCKS).fetchall()) - before)
        except psycopg.Error:
            return None


def checked_by_keys(catalogue: Catalogue, touched: set[str]) -> set[int]:
    """Return what foreign keys look at: the other ends of those of the tables that are touched."""
    found = set()
    for relation in catalogue:
        for key in relation.referenced_by:
            ends = {relation.oid, key.table}
            names = {full_name(one) for one in map(catalogue.by_oid.get, ends) if one}
            found |= ends if names & touched else set()
    return found


def untold(row: dict[str, Any], server: WatchedServer, readers: Readers) -> set[str] | None:
    """Return the tables that are locked and not told of; None if it cannot be tried."""
    reading = readers.read(row)
    every = [*reading.touches, *(t for one in reading.prepares.values() for t in one.touches)]
    verbs = {touch.verb for touch in every}
    if verbs & (NOT_RUN | SHAPE) or any(t.operation is Operation.UNKNOWN for t in every):
        return None
    if row["text"].upper().startswith("COPY"):
        return None
    found = locked(server, row)
    if found is None:
        return None
    told = {touch.resource.name for touch in every if touch.resource.kind == "Table"}
    known = readers.catalogue.by_oid
    keys = checked_by_keys(readers.catalogue, told)
    return {
        full_name(known[oid])
        for oid, mode in found
        # What the session has made itself is not in the catalogue.
        if oid in known and not (mode == "RowShareLock" and oid in keys)
    } - told


@pytest.mark.parametrize("release", list(releases()))
def test_every_table_that_the_server_locks_behind_a_text_was_told_before(
    schema_servers: dict[str, WatchedServer], schema_readers: dict[str, Readers], release: str
) -> None:
    files = ("looked_through.jsonl", "corpus.jsonl", "harmless_behind.jsonl", "harmless.jsonl")
    rows = [row for file in files for row in load(file) if "schema" not in row]
    tried = {
        row["id"]: untold(row, schema_servers[release], schema_readers[release]) for row in rows
    }
    assert {one: tables for one, tables in tried.items() if tables} == {}
    assert sum(tables is not None for tables in tried.values()) > 200
