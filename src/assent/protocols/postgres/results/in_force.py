"""Which columns of a target are masked for somebody, by name and as results name them."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from assent.content.masks import overall
from assent.core.action import Statement
from assent.core.enforcement import MaskHow
from assent.core.flows import Flows
from assent.protocols.postgres.catalogue.model import Catalogue, Relation
from assent.protocols.postgres.statements.names import full_name, quoted, split_full, unquoted

# One part of a name: in quotes, where a quote is doubled, or up to the next dot.
_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')
# What the server gathers for its planner holds values of every column.
STATISTICS = frozenset(
    "pg_catalog." + name
    for name in (
        "pg_statistic", "pg_stats", "pg_statistic_ext_data", "pg_stats_ext", "pg_stats_ext_exprs",
    )
)  # fmt: skip
FIRST_OF_USERS = 16_384
"""The first oid that is not the server's own."""

# A column of these is what the result says that it is; one of a view may be computed.
_STORED = frozenset("rpft")


class MasksInForce:
    """Masks with the catalogue that says what their columns are.

    Values of a table are also read through what it inherits from and is a partition of, so that
    a column is masked too when the one of that name above or below it is.
    """

    __slots__ = ("_by_table", "_catalogue", "_masks", "everything")

    def __init__(self, masks: Mapping[str, MaskHow], catalogue: Catalogue | None) -> None:
        self._masks = masks
        self._catalogue = catalogue
        self.everything = overall(masks.values())
        self._by_table: dict[str, dict[str, MaskHow]] = {}
        for name, how in masks.items():
            table, column = parted(name)
            self._put(table, column, how)
            if catalogue is not None:
                for relation in self._kin(table, catalogue):
                    self._put(full_name(relation), column, how)

    def _put(self, table: str, column: str, how: MaskHow) -> None:
        columns = self._by_table.setdefault(table, {})
        columns[column] = overall((how, columns.get(column, how))) or how

    def _kin(self, table: str, catalogue: Catalogue) -> Iterable[Relation]:
        start = catalogue.relations.get(_schema_and_name(table))
        if start is None:
            return
        for step in ("parents", "children"):
            seen, waiting = {start.oid}, [start]
            while waiting:
                for oid in getattr(waiting.pop(), step):
                    found = catalogue.by_oid.get(oid)
                    if found is not None and oid not in seen:
                        seen.add(oid)
                        waiting.append(found)
                        yield found

    def knows(self, table: int) -> bool:
        """Return whether that table is in the catalogue, or is none, or one of the server's own."""
        return table < FIRST_OF_USERS or not self._catalogue or table in self._catalogue.by_oid

    def column(self, table: int, number: int) -> tuple[str, MaskHow | None] | None:
        """Return the full name of a stored column and how it is masked.

        None where it is computed, of a view, or not known.
        """
        found = self._catalogue.column(table, number) if self._catalogue and table else None
        if found is None or found[0].kind not in _STORED:
            return None
        relation, column = found
        table_name = full_name(relation)
        return f"{table_name}.{quoted(column)}", self._of(table_name, quoted(column))

    def stored_type(self, name: str, table: tuple[str, str]) -> int:
        """Return the oid of the type of a column of exactly this table, 0 where not known.

        table: its schema, empty where that was not written, and its name.
        """
        schema, relation_name = _schema_and_name(parted(name)[0])
        found = self._catalogue.relations.get((schema, relation_name)) if self._catalogue else None
        if found is None or found.kind not in _STORED or table[1] != relation_name:
            return 0
        if table[0] not in ("", schema):
            return 0
        columns = dict(zip(found.columns, found.types, strict=False))
        return columns.get(unquoted(parted(name)[1]), 0)

    def named(self, names: Iterable[str]) -> MaskHow | None:
        """Return what hides most of these columns, None where none is masked; `*` is all."""
        return overall(how for name in names if (how := self._of(*parted(name))) is not None)

    def changed_by(self, statement: Statement | None) -> bool:
        """Return whether anything but reading is done to a table with masked columns.

        What the server refuses to write it shows: `Failing row contains (…)`, all of the row.
        """
        return statement is None or any(
            touch.verb != "sql.read"
            and touch.resource.kind == "Table"
            and self._of(touch.resource.name, "*") is not None
            for touch in statement.touches
        )

    def _of(self, table: str, column: str) -> MaskHow | None:
        if table in STATISTICS:
            return self.everything
        columns = self._by_table.get(table)
        if columns is None:
            return None
        if column == "*":
            return overall(columns.values())
        return overall(how for name in (column, "*") if (how := columns.get(name)) is not None)


def seen_flows(statement: Statement) -> Flows | None:
    """Return where values go as far as that is certain, None where anything may be read.

    Where only what is touched is known, any of that may be in any field.
    """
    if not statement.complete or statement.unresolved:
        return None
    if statement.flows is None or statement.executes:
        return _touched(statement)
    return statement.flows


def _touched(statement: Statement) -> Flows:
    return Flows(
        read=frozenset(
            f"{touch.resource.name}.{quoted(column) if column != '*' else '*'}"
            for touch in statement.touches
            if touch.resource.kind == "Table"
            for column in touch.columns
        )
    )


@lru_cache(maxsize=4096)
def parted(name: str) -> tuple[str, str]:
    """Return the table and the column of a full name, each as it is written there."""
    column = _PART.findall(name)[-1] if name else ""
    return name[: -len(column) - 1], column


def _schema_and_name(table: str) -> tuple[str, str]:
    return split_full(table) or ("", table)
