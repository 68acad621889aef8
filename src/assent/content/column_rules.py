"""Labels by rule: patterns on the names of columns, and of the tables that they are in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assent.content import patterns
from assent.content.patterns import Pattern

_MOST_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """Columns of such a name have this label.

    pattern: RE2, found anywhere in a column's name. table: found anywhere in `schema.table`,
    empty for every table. place: where it is written.
    """

    pattern: str
    label: str
    table: str = ""
    place: str = ""


class ColumnRules:
    """All rules, compiled. Raises OperatorFault for a pattern that is none.

    What a name was found to be is kept, because most columns of a database share few names.
    """

    def __init__(self, rules: Sequence[ColumnRule] = ()) -> None:
        self._rules: tuple[tuple[Pattern, Pattern | None, str], ...] = tuple(
            (
                patterns.own(rule.pattern, f"{rule.place} pattern"),
                patterns.own(rule.table, f"{rule.place} table") if rule.table else None,
                rule.label,
            )
            for rule in rules
        )
        self._any = patterns.own_union([rule.pattern for rule in rules]) if len(rules) > 1 else None
        self._columns: dict[str, tuple[int, ...]] = {}

    def of(self, table: str, columns: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Return the labels of those columns of a table that have any."""
        found: dict[str, frozenset[str]] = {}
        fits: dict[int, bool] = {}
        for column in columns:
            rules = self._fitting(column)
            if not rules:
                continue
            labels = [self._rules[rule][2] for rule in rules if self._in(rule, table, fits)]
            if labels:
                found[column] = frozenset(labels)
        return found

    def _fitting(self, column: str) -> tuple[int, ...]:
        kept = self._columns.get(column)
        if kept is None:
            if len(self._columns) >= _MOST_KEPT:
                self._columns.clear()
            kept = self._columns[column] = self._look(column.encode("utf-8", "replace"))
        return kept

    def _look(self, name: bytes) -> tuple[int, ...]:
        if self._any is not None and self._any.search(name) is None:
            return ()
        return tuple(
            number
            for number, (pattern, _, _) in enumerate(self._rules)
            if pattern.search(name) is not None
        )

    def _in(self, rule: int, table: str, fits: dict[int, bool]) -> bool:
        pattern = self._rules[rule][1]
        if pattern is None:
            return True
        if rule not in fits:
            fits[rule] = pattern.search(table.encode("utf-8", "replace")) is not None
        return fits[rule]
