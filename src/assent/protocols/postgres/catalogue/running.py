"""Which functions a table's own expressions call, through operators and types too."""

from collections.abc import Callable, Collection, Iterable, Mapping

from assent.protocols.postgres.catalogue.rows import Rows

# The oids of system catalogues are the same in every server (pg_class.dat).
_PG_TYPE = 1247
_PG_PROC = 1255


class Running:
    """Follows dependencies to functions. wanted: which of them count."""

    def __init__(self, rows: Rows, wanted: Collection[int]) -> None:
        self._wanted = wanted
        self._behind = {oid: function for oid, _, function in rows.operators}
        self._parts: dict[int, set[int]] = {}
        for type_, array, parts in rows.types:
            self._parts.setdefault(type_, set()).update(parts)
            if array:
                self._parts.setdefault(array, set()).add(type_)
        self._own: dict[int, list[tuple[int, int]]] = {}
        for type_, class_, oid in rows.type_runs:
            self._own.setdefault(type_, []).append((class_, oid))
        self._types: dict[int, frozenset[int]] = {}

    def of_relations(self, rows: Rows) -> Mapping[int, set[int]]:
        """Return relation → functions of its expressions and of its columns' types."""
        found: dict[int, set[int]] = {}
        for relation, class_, oid in rows.runs:
            called = self._called(class_, oid)
            if called:
                found.setdefault(relation, set()).update(called)
        if self._own:
            for relation, _, _, types in rows.columns:
                called = frozenset().union(*(self.of_type(type_) for type_ in set(types)))
                if called:
                    found.setdefault(relation, set()).update(called)
        return found

    def of_type(self, type_: int) -> frozenset[int]:
        """Return the functions that making a value of a type calls, 0 or more levels down."""
        if type_ not in self._parts and type_ not in self._own:
            return frozenset()
        if type_ not in self._types:
            reached = _reached(type_, self._below)
            functions: set[int] = set()
            for one in reached:
                functions.update(self._directly(one))
            self._types[type_] = frozenset(functions)
        return self._types[type_]

    def _below(self, type_: int) -> Iterable[int]:
        """Return the types that a type is made of, or whose values its expressions make."""
        yield from self._parts.get(type_, ())
        for class_, oid in self._own.get(type_, ()):
            if class_ == _PG_TYPE:
                yield oid

    def _directly(self, type_: int) -> Iterable[int]:
        for class_, oid in self._own.get(type_, ()):
            if class_ != _PG_TYPE:
                yield from self._called(class_, oid)

    def _called(self, class_: int, oid: int) -> Collection[int]:
        if class_ == _PG_TYPE:
            return self.of_type(oid)
        function = oid if class_ == _PG_PROC else self._behind.get(oid, 0)
        return (function,) if function in self._wanted else ()


def _reached(start: int, following: Callable[[int], Iterable[int]]) -> set[int]:
    found, waiting = {start}, [start]
    while waiting:
        for one in following(waiting.pop()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found
