"""Which tables a column name can belong to, at one level of a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Scope:
    """The FROM list of one query. parent: what a subquery sees besides its own.

    tables: full names of the tables at this level. aliases: name in the query → the tables
    behind it, none when it is a subquery, whose own reading has told what it reads.
    pinned: columns known to have one value only.
    """

    __slots__ = ("aliases", "parent", "pinned", "tables")

    def __init__(self, parent: Scope | None) -> None:
        self.parent = parent
        self.tables: list[str] = []
        self.aliases: dict[str, tuple[str, ...]] = {}
        self.pinned: dict[str, str] = {}

    def add(self, alias: str, tables: Iterable[str]) -> None:
        """Bring tables in under a name; two things of one name mean both."""
        tables = tuple(tables)
        self.tables.extend(table for table in tables if table not in self.tables)
        self.name(alias, tables)

    def name(self, alias: str, tables: Iterable[str]) -> None:
        """Give tables that are in already (or none) one more name."""
        if alias:
            self.aliases[alias] = (*self.aliases.get(alias, ()), *tables)

    def chain(self) -> Iterator[Scope]:
        """Yield this scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def tables_of(self, alias: str) -> tuple[str, ...] | None:
        """Return the tables behind a name, as the innermost query has it; None if none has."""
        for scope in self.chain():
            if alias in scope.aliases:
                return scope.aliases[alias]
        return None

    def everything(self) -> set[str]:
        """Return all tables that any name here could belong to."""
        return {table for scope in self.chain() for table in scope.tables}
