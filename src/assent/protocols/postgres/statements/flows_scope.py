"""What a column's name means at one place of a query, and which columns it is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from assent.protocols.postgres.statements.names import quoted

# Full names of columns that a value is computed from; `table.*` for all of a table's.
Flow: TypeAlias = frozenset[str]
Column: TypeAlias = tuple[str, Flow]

NOTHING: Final[Flow] = frozenset()
# In a flow: and whatever something reads that cannot be seen. No full name looks like it.
UNKNOWN: Final = "?"
SYSTEM_COLUMNS: Final = frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"})


class Lost(Exception):
    """The text cannot be followed any further: the most that it may do has to be assumed."""


class Source:
    """One thing in FROM. table: its full name when it is a table or view, otherwise empty.

    columns: the known ones, in order. rest: None when there are no others; otherwise what others
    are computed from, where `table.*` stands for the column of that table with the same name,
    and their number and places are not known.
    """

    __slots__ = ("alias", "columns", "named", "rest", "table")

    def __init__(
        self,
        alias: str,
        columns: Sequence[Column],
        rest: Flow | None = None,
        table: str = "",
        named: dict[str, Flow] | None = None,
    ) -> None:
        self.alias = alias
        self.columns = columns
        self.rest = rest
        self.table = table
        self.named = by_name(columns) if named is None else named

    def find(self, name: str) -> Flow | None:
        """Return what a column is computed from, None when there is none of that name."""
        flow = self.named.get(name)
        if flow is None and self.rest is not None:
            return _narrowed(self.rest, name)
        if flow is None and self.table and name in SYSTEM_COLUMNS:
            return frozenset({f"{self.table}.{name}"})
        return flow

    def whole(self) -> Flow:
        """Return what a whole row is computed from."""
        return union(self.columns) | (self.rest or NOTHING)

    def known_as(self, alias: str, names: Sequence[str] = ()) -> Source:
        """Return it under another name, with the first columns renamed."""
        if not names:
            return Source(alias, self.columns, self.rest, self.table, self.named)
        if self.rest is not None:
            # Which columns these are the new names of is not known.
            whole = self.whole()
            renamed = [(name, whole) for name in names]
            return Source(alias, [*renamed, *self.columns], self.rest, self.table)
        if len(names) > len(self.columns):
            raise Lost
        columns = [(name, flow) for name, (_, flow) in zip(names, self.columns, strict=False)]
        return Source(alias, [*columns, *self.columns[len(names) :]], None, self.table)


class Level:
    """What one query sees. parent: what a subquery sees besides.

    sources: what can be named in front of a column. rows: what columns without such a name are
    looked for in, in the order of `*`. tested: gets what decides which rows there are. windows:
    name → what a row's place in it is computed from.
    """

    __slots__ = ("parent", "rows", "sources", "tested", "windows")

    def __init__(
        self,
        parent: Level | None,
        sources: Iterable[Source] = (),
        rows: Iterable[Source] = (),
        tested: set[str] | None = None,
    ) -> None:
        self.parent = parent
        self.sources = list(sources)
        self.rows = list(rows)
        self.tested: set[str] = set() if tested is None else tested
        self.windows: dict[str, Flow] = {}

    def beside(self, sources: Iterable[Source], rows: Iterable[Source]) -> Level:
        """Return what is seen to the right of these, as LATERAL does."""
        return Level(self.parent, [*self.sources, *sources], [*self.rows, *rows], self.tested)

    def own(self, name: str) -> Flow | None:
        """Return a column of this level's rows that is surely there, None if there is none."""
        found: Flow | None = None
        for row in self.rows:
            flow = row.named.get(name)
            if flow is not None:
                found = flow if found is None else found | flow
        return found

    def column(self, name: str) -> tuple[Flow, bool] | None:
        """Return what a name without a table's means as a column, and whether it surely is one.

        Innermost level first. Where some row's columns are not known it may be one of those too.
        """
        perhaps: Flow | None = None
        level: Level | None = self
        while level is not None:
            exact = level.own(name)
            if exact is not None:
                return exact if perhaps is None else exact | perhaps, True
            for row in level.rows:
                if row.rest is not None:
                    perhaps = _narrowed(row.rest, name).union(perhaps or ())
            level = level.parent
        return None if perhaps is None else (perhaps, False)

    def source(self, alias: str) -> Source | None:
        """Return what has that name in the query, innermost level first."""
        level: Level | None = self
        while level is not None:
            for source in level.sources:
                if source.alias == alias:
                    return source
            level = level.parent
        return None

    def table(self, full: str) -> Source | None:
        """Return the table of that full name."""
        level: Level | None = self
        while level is not None:
            for source in level.sources:
                if source.table == full:
                    return source
            level = level.parent
        return None

    def system_column(self, name: str) -> Flow | None:
        """Return what `ctid` and its like are computed from, None for any other name."""
        if name not in SYSTEM_COLUMNS:
            return None
        level: Level | None = self
        while level is not None:
            tables = [source.table for source in level.sources if source.table]
            if tables:
                return frozenset(f"{table}.{name}" for table in tables)
            level = level.parent
        return None


def by_name(columns: Iterable[Column]) -> dict[str, Flow]:
    """Return columns by their names; several of one name are one that is computed from all."""
    named: dict[str, Flow] = {}
    for name, flow in columns:
        before = named.get(name)
        named[name] = flow if before is None else before | flow
    return named


def union(columns: Iterable[Column]) -> Flow:
    """Return what any of these columns is computed from."""
    return NOTHING.union(*(flow for _, flow in columns))


def by_no_name(flow: Flow) -> Flow:
    """Return a flow for columns whose names are not those of the tables that they come from."""
    return flow | {UNKNOWN} if any(one.endswith(".*") for one in flow) else flow


def _narrowed(flow: Flow, name: str) -> Flow:
    """Return the flow where `table.*` is that table's column of this name."""
    return frozenset(one[:-1] + quoted(name) if one.endswith(".*") else one for one in flow)
