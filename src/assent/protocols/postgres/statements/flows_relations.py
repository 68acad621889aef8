"""What columns of tables and views are computed from; remembered for as long as a catalogue is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.catalogue.model import Relation
from assent.protocols.postgres.statements.flows_scope import NOTHING, UNKNOWN, Flow, by_name
from assent.protocols.postgres.statements.flows_tracer import Result, Table
from assent.protocols.postgres.statements.names import full_name, quoted
from assent.protocols.postgres.statements.texts import tree_of

_LOOKED_THROUGH: Final = "vm"

# What a view's query gives, and what it tests, also in views below.
ViewQuery = Callable[[pb.Node], tuple[Result, Flow]]


class _BelowFirst(Exception):
    """A view needs another one that nobody has looked through yet."""

    def __init__(self, relation: Relation) -> None:
        super().__init__(relation.name)
        self.relation = relation


class Relations:
    """Tables and views of one catalogue. Views are looked through once, the lowest first."""

    def __init__(self) -> None:
        self._known: dict[int, Table] = {}
        self._waiting: list[Relation] = []

    def table(self, relation: Relation, follow: ViewQuery) -> Table:
        """Return a relation's columns. follow: how the query of a view is followed."""
        known = self._known.get(relation.oid)
        if known is None:
            if relation.kind in _LOOKED_THROUGH:
                return self._view(relation, follow)
            known = self._known[relation.oid] = _table(relation, _computed(relation))
        return known

    def _view(self, relation: Relation, follow: ViewQuery) -> Table:
        if self._waiting:
            # However deep views lie on views, Python's stack stays as it is.
            raise _BelowFirst(relation)
        self._waiting = [relation]
        try:
            while self._waiting:
                current = self._waiting[-1]
                try:
                    table = _looked_through(current, follow)
                except _BelowFirst as below:
                    if below.relation.oid in {one.oid for one in self._waiting}:
                        # No server has views in circles; it is a catalogue that was torn.
                        self._known[below.relation.oid] = _unseen(below.relation)
                    else:
                        self._waiting.append(below.relation)
                    continue
                self._known.setdefault(current.oid, table)
                self._waiting.pop()
        finally:
            self._waiting = []
        return self._known[relation.oid]


def _table(relation: Relation, behind: dict[str, Flow], hidden: Flow = NOTHING) -> Table:
    """Return its columns: each is itself, and what is behind it."""
    full = full_name(relation)
    columns = [
        (name, frozenset({f"{full}.{quoted(name)}"}) | behind.get(name, NOTHING))
        for name in relation.columns
    ]
    return Table(full, columns, by_name(columns), hidden)


def _computed(relation: Relation) -> dict[str, Flow]:
    """Return what generated columns are computed from, which is never another one of these."""
    full = full_name(relation)
    return {
        name: frozenset(f"{full}.{quoted(one)}" for one in used)
        for name, used in relation.generated
    }


def _unseen(relation: Relation) -> Table:
    return _table(relation, dict.fromkeys(relation.columns, frozenset({UNKNOWN})))


def _looked_through(relation: Relation, follow: ViewQuery) -> Table:
    tree = tree_of(relation.definition)
    if isinstance(tree, str) or len(tree.stmts) != 1:
        return _unseen(relation)
    result, hidden = follow(tree.stmts[0].stmt)
    places = result.places()
    if places is None or len(places) != len(relation.columns):
        behind = dict.fromkeys(relation.columns, result.whole())
    else:
        behind = dict(zip(relation.columns, places, strict=True))
    return _table(relation, behind, hidden)
