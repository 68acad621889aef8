"""Inserts that are made ready once: on SQLite they go straight to its driver.

To build a statement, look it up and bind its values costs SQLAlchemy ten times what SQLite
takes to run it, and each commit has some. Faults are SQLAlchemy's all the same.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from assent.stores.types import UtcDateTime, sqlite_text

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_OPTIONS = {"preserve_rowcount": True}


class Ready:
    """An insert of rows of a table. names: of the columns that each row has a value for."""

    def __init__(
        self,
        statement: "sqlite.Insert | postgresql.Insert",
        table: Table,
        names: Sequence[str],
    ) -> None:
        self._statement = statement
        dialect = sqlite.dialect(paramstyle="qmark")
        self._on_sqlite = isinstance(statement, sqlite.Insert)
        self._sql = ""
        self._binds: list[tuple[str, Callable[[Any], Any] | None]] = []
        if self._on_sqlite:
            compiled = statement.compile(dialect=dialect, column_keys=list(names))
            self._sql = str(compiled)
            for name in compiled.positiontup or ():
                kind = table.c[name].type
                bind = kind.dialect_impl(dialect).bind_processor(dialect)
                self._binds.append((name, sqlite_text if isinstance(kind, UtcDateTime) else bind))

    def one(self, connection: Connection, row: Mapping[str, Any]) -> int:
        """Write one row; return how many were written. Raises SQLAlchemy's errors."""
        if not self._on_sqlite:
            done = connection.execute(self._statement, dict(row), execution_options=_OPTIONS)
            return done.rowcount
        values = self._values(row)
        try:
            return int(_cursor(connection).execute(self._sql, values).rowcount)
        except sqlite3.Error as cause:
            raise _told(self._sql, values, cause) from cause

    def many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write all rows. Raises SQLAlchemy's errors."""
        if not self._on_sqlite:
            connection.execute(self._statement, list(rows))
            return
        values = [self._values(row) for row in rows]
        try:
            _cursor(connection).executemany(self._sql, values)
        except sqlite3.Error as cause:
            raise _told(self._sql, values, cause) from cause

    def _values(self, row: Mapping[str, Any]) -> list[Any]:
        return [row[name] if bind is None else bind(row[name]) for name, bind in self._binds]


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def _told(sql: str, values: Any, cause: sqlite3.Error) -> Exception:
    return DBAPIError.instance(sql, values, cause, sqlite3.Error, hide_parameters=True)
