"""Statements that say whether they fitted, in the dialect of either database."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import sqlite

from assent.core.faults import ConflictFault

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
    statement = insert(connection, table).values(row).on_conflict_do_nothing()
    if not changed(connection, statement):
        key = next(iter(table.primary_key.columns)).name
        raise ConflictFault("exists", f"there is a row `{row[key]}` in {table.name} already")


def replace(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or replace what the row of that key says."""
    newest = insert(connection, table).values(row)
    keys = list(table.primary_key.columns)
    told = {name: newest.excluded[name] for name in row if table.c[name] not in set(keys)}
    connection.execute(newest.on_conflict_do_update(index_elements=keys, set_=told))


def changed(
    connection: Connection, statement: Executable, parameters: Mapping[str, Any] | None = None
) -> bool:
    """Return whether a statement found anything to change."""
    options = {"preserve_rowcount": True}
    return connection.execute(statement, parameters, execution_options=options).rowcount > 0
