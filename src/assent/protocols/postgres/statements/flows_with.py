"""WITH queries: what they give where they are named, also when they name themselves."""

from __future__ import annotations

from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.flows_scope import Column, Flow, Level, Lost, Source
from assent.protocols.postgres.statements.flows_tracer import Result, Tracer

_MOST_ROUNDS: Final = 50


class With:
    """One WITH query. result: what it gives; for one that names itself, what is known so far."""

    __slots__ = ("done", "node", "parent", "queries", "recursive", "result", "running")

    def __init__(self, node: pb.CommonTableExpr, parent: Level | None, recursive: bool) -> None:
        self.node = node
        self.parent = parent
        self.recursive = recursive
        self.queries: dict[str, With] = {}
        self.result: Result | None = None
        self.running = False
        self.done = False


def bring_in(tracer: Tracer, clause: pb.WithClause, parent: Level | None) -> set[str]:
    """Make WITH queries visible; return what they test.

    Without RECURSIVE a WITH query sees those before it only, so that its own name inside it
    still means the table.
    """
    every = [With(one.common_table_expr, parent, clause.recursive) for one in clause.ctes]
    visible: dict[str, With] = dict(tracer.queries)
    if clause.recursive:
        visible |= {one.node.ctename: one for one in every}
        for one in every:
            one.queries = visible
    tested: set[str] = set()
    for one in every:
        if not clause.recursive:
            one.queries = visible
            visible = {**visible, one.node.ctename: one}
        tested |= _followed(tracer, one).tested
    tracer.queries = visible
    return tested


def query_source(tracer: Tracer, node: pb.RangeVar) -> Source | None:
    """Return the WITH query that a name in FROM means, None when it means a table."""
    if node.schemaname or node.relname not in tracer.queries:
        return None
    result = _followed(tracer, tracer.queries[node.relname])
    alias = node.alias.aliasname or node.relname
    names = [name.string.sval for name in node.alias.colnames]
    return Source(alias, result.columns, result.rest).known_as(alias, names)


def _followed(tracer: Tracer, one: With) -> Result:
    """Return what it gives; raises Lost when it names itself before anything is known."""
    if not one.done and not one.running:
        outer, one.running = tracer.queries, True
        try:
            tracer.queries = one.queries
            _follow(tracer, one)
        finally:
            tracer.queries, one.running = outer, False
        one.done = True
    if one.result is None:
        raise Lost
    return one.result


def _follow(tracer: Tracer, one: With) -> None:
    query = one.node.ctequery.select_stmt
    if one.recursive and query.op == pb.SETOP_UNION:
        if query.HasField("with_clause"):
            tracer.bring_in(query.with_clause, one.parent)
        one.result = _named(one, tracer.enter("select_stmt", query.larg, one.parent))
        _until_it_stays(tracer, one)
    else:
        one.result = _named(one, tracer.query(one.node.ctequery, one.parent))
    one.result = _searched(one, one.result)


def _until_it_stays(tracer: Tracer, one: With) -> None:
    """Follow a query that names itself until nothing more flows; flows only ever grow."""
    for _ in range(_MOST_ROUNDS):
        before = one.result
        after = _named(one, tracer.query(one.node.ctequery, one.parent))
        one.result = after if before is None else _both(before, after)
        if one.result == before:
            return
    raise Lost


def _both(before: Result, after: Result) -> Result:
    if after.rest is not None or before.rest is not None:
        raise Lost
    pairs = zip(before.columns, after.columns, strict=True)
    columns = [(name, flow | more) for (name, flow), (_, more) in pairs]
    return Result(columns, None, before.tested | after.tested)


def _named(one: With, result: Result) -> Result:
    """Return the result with the names behind the query's own."""
    names = [name.string.sval for name in one.node.aliascolnames]
    source = Source("", result.columns, result.rest).known_as("", names)
    return Result(list(source.columns), source.rest, result.tested)


def _searched(one: With, result: Result) -> Result:
    """Return it with the columns of SEARCH and CYCLE, which end recursion by what they see."""
    columns: list[Column] = list(result.columns)
    tested: Flow = result.tested
    if one.node.HasField("search_clause"):
        search = one.node.search_clause
        flow = _of(result, [name.string.sval for name in search.search_col_list])
        columns.append((search.search_seq_column, flow))
    if one.node.HasField("cycle_clause"):
        cycle = one.node.cycle_clause
        flow = _of(result, [name.string.sval for name in cycle.cycle_col_list])
        columns += [(cycle.cycle_mark_column, flow), (cycle.cycle_path_column, flow)]
        tested |= flow
    return Result(columns, result.rest, tested)


def _of(result: Result, names: list[str]) -> Flow:
    source = Source("", result.columns, result.rest)
    return frozenset().union(*(source.find(name) or source.whole() for name in names))
