"""Statements that say whether they fitted, in the dialect of either database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import sqlite

from assent.core.faults import ConflictFault
from assent.stores.ready import Ready

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Upsert: TypeAlias = "sqlite.Insert | postgresql.Insert"


def insert(connection: Connection, table: Table) -> Upsert:
    """Return an insert that knows `on conflict`, in this database's dialect."""
    return insert_in(connection.dialect.name, table)


def insert_in(dialect: str, table: Table) -> Upsert:
    """Return an insert that knows `on conflict`, in the dialect of that name."""
    if dialect == "postgresql":
        # Imported where it is needed: it brings every driver for PostgreSQL along.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


def put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row. Raises ConflictFault when a row of that key is there."""
    if not put_new(connection, table, row):
        key = next(iter(table.primary_key.columns)).name
        raise ConflictFault("exists", f"there is a row `{row[key]}` in {table.name} already")


def put_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row; return whether there was none of that key, and this one is in now."""
    return _inserting(connection.dialect.name, table, tuple(row)).one(connection, row) > 0


def put_those_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, which all have the same columns, but those of a key that is there."""
    if rows:
        _inserting(connection.dialect.name, table, tuple(rows[0])).many(connection, rows)


def replace(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or replace what the row of that key says."""
    _replacing(connection.dialect.name, table, tuple(row)).one(connection, row)


def append(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, which all have the same columns; a row of a key that is there is a fault."""
    if rows:
        _appending(connection.dialect.name, table, tuple(rows[0])).many(connection, rows)


@cache
def _inserting(dialect: str, table: Table, names: tuple[str, ...]) -> Ready:
    return Ready(insert_in(dialect, table).on_conflict_do_nothing(), table, names)


@cache
def _replacing(dialect: str, table: Table, names: tuple[str, ...]) -> Ready:
    newest = insert_in(dialect, table)
    keys = list(table.primary_key.columns)
    told = {name: newest.excluded[name] for name in names if table.c[name] not in set(keys)}
    return Ready(newest.on_conflict_do_update(index_elements=keys, set_=told), table, names)


@cache
def _appending(dialect: str, table: Table, names: tuple[str, ...]) -> Ready:
    return Ready(insert_in(dialect, table), table, names)


def changed(
    connection: Connection, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> bool:
    """Return whether a statement found anything to change."""
    options = {"preserve_rowcount": True}
    return connection.execute(statement, parameters, execution_options=options).rowcount > 0
