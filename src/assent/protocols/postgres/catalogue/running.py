"""Which functions expressions of the database call, through operators and types too."""

from collections.abc import Callable, Collection, Iterable, Mapping

from assent.protocols.postgres.catalogue.rows import Rows
from assent.protocols.postgres.statements.builtin import is_harmless

# The oids of system catalogues are the same in every server (pg_class.dat).
_PG_TYPE = 1247
_PG_PROC = 1255
# Of these the sequence is known where it is a constant: it is one that is depended on.
_OF_SEQUENCES = frozenset({"currval", "nextval", "setval"})


def with_effects(rows: Rows) -> dict[int, str]:
    """Return those functions of pg_catalog that are called and do more than compute."""
    named = (
        *rows.builtins,
        *((oid, name) for _, oid, name, _, _ in rows.builtin_runs),
        *((oid, name) for _, oid, name in (*rows.builtin_type_runs, *rows.builtin_defaults)),
    )
    return {oid: name for oid, name in named if not is_harmless(name)}


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
        for type_, _, _, element in rows.type_names:
            if element:
                self._parts.setdefault(type_, set()).add(element)
        self._own: dict[int, list[tuple[int, int]]] = {}
        for type_, class_, oid in rows.type_runs:
            self._own.setdefault(type_, []).append((class_, oid))
        for type_, oid, _ in rows.builtin_type_runs:
            self._own.setdefault(type_, []).append((_PG_PROC, oid))
        # Casts to the operator's own types that need no mention are called to store a value.
        self._stored: dict[int, list[int]] = {}
        self._casts: dict[int, list[int]] = {}
        for target, function, unasked in rows.casts:
            if function in wanted:
                self._casts.setdefault(target, []).append(function)
                if unasked:
                    self._stored.setdefault(target, []).append(function)
        self._types: dict[int, frozenset[int]] = {}

    def of_relations(self, rows: Rows) -> Mapping[int, set[int]]:
        """Return relation → functions of its expressions and of its columns' types."""
        found = self._of_expressions(rows, policies=False)
        if self._own or self._stored:
            for relation, _, _, types in rows.columns:
                called = frozenset().union(*(self._of_column(type_) for type_ in set(types)))
                if called:
                    found.setdefault(relation, set()).update(called)
        return found

    def of_policies(self, rows: Rows) -> Mapping[int, set[int]]:
        """Return relation → functions of its policies."""
        return self._of_expressions(rows, policies=True)

    def of_defaults(self, rows: Rows) -> Mapping[int, set[int]]:
        """Return routine → functions that compute arguments that a call leaves out."""
        found: dict[int, set[int]] = {}
        builtin = ((routine, _PG_PROC, oid) for routine, oid, _ in rows.builtin_defaults)
        for routine, class_, oid in (*rows.defaults, *builtin):
            self._add(found, routine, class_, oid)
        return found

    def of_casts(self, rows: Rows) -> dict[tuple[str, str], tuple[int, ...]]:
        """Return (schema, name) of a type → functions that a value passes through to be one."""
        found = {}
        for type_, schema, name, _ in rows.type_names:
            functions: set[int] = set()
            for one in _reached(type_, self._below):
                functions.update(self._casts.get(one, ()), self._directly(one))
            if functions:
                found[schema, name] = tuple(sorted(functions))
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

    def _of_expressions(self, rows: Rows, *, policies: bool) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for relation, class_, oid, policy in rows.runs:
            if policy is policies:
                self._add(found, relation, class_, oid)
        for relation, oid, name, policy, of_constant in rows.builtin_runs:
            if policy is policies and not (of_constant and name in _OF_SEQUENCES):
                self._add(found, relation, _PG_PROC, oid)
        return found

    def _add(self, found: dict[int, set[int]], owner: int, class_: int, oid: int) -> None:
        called = self._called(class_, oid)
        if called:
            found.setdefault(owner, set()).update(called)

    def _of_column(self, type_: int) -> frozenset[int]:
        return self.of_type(type_).union(self._stored.get(type_, ()))

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
