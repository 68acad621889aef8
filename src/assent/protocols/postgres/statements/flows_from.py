"""What stands in FROM: tables, joins, subqueries, functions, and the columns that they give."""

from collections.abc import Sequence
from typing import NamedTuple

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.flows_functions import from_columns
from assent.protocols.postgres.statements.flows_scope import (
    NOTHING,
    Column,
    Flow,
    Level,
    Lost,
    Source,
    by_no_name,
    union,
)
from assent.protocols.postgres.statements.flows_titles import title_of
from assent.protocols.postgres.statements.flows_tracer import Result, Tracer
from assent.protocols.postgres.statements.flows_with import query_source


class Parts(NamedTuple):
    """What one item of FROM brings in. rows: in the order of `*`."""

    sources: Sequence[Source]
    rows: Sequence[Source]


def bring(tracer: Tracer, items: Sequence[pb.Node], level: Level) -> None:
    """Bring the items of a FROM list into a level, one after the other."""
    for item in items:
        parts = from_item(tracer, item, level)
        level.sources.extend(parts.sources)
        level.rows.extend(parts.rows)


def from_item(tracer: Tracer, item: pb.Node, around: Level) -> Parts:
    """Return what one item brings in. around: what it sees if it is LATERAL."""
    tracer.spend()
    match item.WhichOneof("node"):
        case "range_var":
            source = query_source(tracer, item.range_var) or tracer.table(item.range_var)
        case "join_expr":
            return _join(tracer, item.join_expr, around)
        case "range_subselect":
            source = _subquery(tracer, item.range_subselect, around)
        case "range_function":
            source = _functions(tracer, item.range_function, around)
        case "range_table_sample":
            return _sample(tracer, item.range_table_sample, around)
        case "range_table_func":
            source = _xml_table(tracer, item.range_table_func, around)
        case "json_table":
            source = _json_table(tracer, item.json_table, around)
        case _:
            raise Lost
    return Parts((source,), (source,))


def names_of(alias: pb.Alias) -> list[str]:
    """Return the new names of columns behind an alias."""
    return [name.string.sval for name in alias.colnames]


def _subquery(tracer: Tracer, node: pb.RangeSubselect, around: Level) -> Source:
    result = tracer.query(node.subquery, around if node.lateral else around.parent)
    around.tested |= result.tested
    return as_source(result, node.alias.aliasname, names_of(node.alias))


def as_source(result: Result, alias: str, names: Sequence[str] = ()) -> Source:
    """Return a query's result as FROM has it."""
    return Source(alias, result.columns, result.rest).known_as(alias, names)


def _sample(tracer: Tracer, node: pb.RangeTableSample, around: Level) -> Parts:
    found: set[str] = set()
    tracer.gather_all(node.args, around, found)
    tracer.gather(node.repeatable, around, found)
    around.tested |= found
    return from_item(tracer, node.relation, around)


def _functions(tracer: Tracer, node: pb.RangeFunction, around: Level) -> Source:
    """Functions in FROM: what they are given decides values and number of their rows."""
    alias, columns, everything, known = node.alias.aliasname, list[Column](), NOTHING, True
    for item in node.functions:
        call, definition = item.list.items[0], item.list.items[1]
        flow = tracer.value(call, around)
        everything |= flow
        names: tuple[str, ...] | None
        names = _defined(definition.list.items) or _defined(node.coldeflist)
        if not names and not call.HasField("func_call"):
            names = (alias or title_of(call),)
        names = names or from_columns(tracer, call, alias if len(node.functions) == 1 else "")
        known = known and names is not None
        columns.extend((name, flow) for name in names or ())
    around.tested |= everything
    if not known:
        return Source(alias, (), by_no_name(everything)).known_as(alias, names_of(node.alias))
    if node.ordinality:
        columns.append(("ordinality", everything))
    if not alias and len(node.functions) == 1:
        alias = title_of(node.functions[0].list.items[0])
    return Source(alias, columns).known_as(alias, names_of(node.alias))


def _defined(definitions: Sequence[pb.Node]) -> tuple[str, ...]:
    return tuple(one.column_def.colname for one in definitions if one.HasField("column_def"))


def _xml_table(tracer: Tracer, node: pb.RangeTableFunc, around: Level) -> Source:
    found: set[str] = set()
    tracer.gather(node.docexpr, around, found)
    tracer.gather(node.rowexpr, around, found)
    for nodes in (node.namespaces, node.columns):
        tracer.gather_all(nodes, around, found)
    around.tested |= found
    names = [one.range_table_func_col.colname for one in node.columns]
    return _computed(found, names, node.alias, "xmltable")


def _json_table(tracer: Tracer, node: pb.JsonTable, around: Level) -> Source:
    found: set[str] = set()
    tracer.gather_parts(node.context_item, around, found)
    for nodes in (node.passing, node.columns):
        tracer.gather_all(nodes, around, found)
    for part in (node.pathspec, node.on_error):
        tracer.gather_parts(part, around, found)
    around.tested |= found
    return _computed(found, _json_columns(node.columns), node.alias, "json_table")


def _json_columns(columns: Sequence[pb.Node]) -> list[str]:
    """Return the names of a JSON_TABLE's columns; those of nested paths come last."""
    every = [one.json_table_column for one in columns]
    own = [one.name for one in every if one.coltype != pb.JTC_NESTED]
    for one in every:
        if one.coltype == pb.JTC_NESTED:
            own += _json_columns(one.columns)
    return own


def _computed(found: set[str], names: Sequence[str], alias: pb.Alias, title: str) -> Source:
    flow = frozenset(found)
    called = alias.aliasname or title
    return Source(called, [(name, flow) for name in names]).known_as(called, names_of(alias))


def _join(tracer: Tracer, node: pb.JoinExpr, around: Level) -> Parts:
    left = from_item(tracer, node.larg, around)
    right = from_item(tracer, node.rarg, around.beside(*left))
    sources, rows = [*left.sources, *right.sources], [*left.rows, *right.rows]
    shared = [name.string.sval for name in node.using_clause]
    if node.is_natural:
        shared = _common(left.rows, right.rows)
    if shared or node.is_natural:
        merged = _merged(shared, Parts(left.rows, right.rows))
        for _, flow in merged:
            around.tested |= flow
            tracer.read |= flow
        if node.HasField("join_using_alias"):
            sources.append(Source(node.join_using_alias.aliasname, merged))
        rows = [_side_by_side(left.rows, right.rows, merged)]
        tracer.spend(len(rows[0].columns))
    if node.HasField("quals"):
        tested: set[str] = set()
        tracer.gather(node.quals, Level(around.parent, sources, rows, around.tested), tested)
        around.tested |= tested
    if not node.alias.aliasname:
        return Parts(sources, rows)
    whole = rows[0] if len(rows) == 1 else _side_by_side(rows, (), ())
    tracer.spend(len(whole.columns))
    one = Source(node.alias.aliasname, whole.columns, whole.rest)
    one = one.known_as(one.alias, names_of(node.alias))
    return Parts((one,), (one,))


def _common(left: Sequence[Source], right: Sequence[Source]) -> list[str]:
    """Return the names that both sides of a NATURAL JOIN have, in the order of the left."""
    if any(row.rest is not None for row in (*left, *right)):
        raise Lost
    names = {name for row in right for name in row.named}
    return [name for row in left for name, _ in row.columns if name in names]


def _merged(shared: Sequence[str], sides: Parts) -> list[Column]:
    """Return the columns that a join makes one of two, which are equal where both are there."""
    merged = []
    for name in shared:
        left, right = (Level(None, (), rows).column(name) for rows in sides)
        if left is None or right is None:
            raise Lost
        merged.append((name, left[0] | right[0]))
    return merged


def _side_by_side(
    left: Sequence[Source], right: Sequence[Source], merged: Sequence[Column]
) -> Source:
    """Return both sides as one row, merged columns first."""
    shared = {name for name, _ in merged}
    rows = [*left, *right]
    columns = [one for row in rows for one in row.columns if one[0] not in shared]
    rests: list[Flow] = [row.rest for row in rows if row.rest is not None]
    rest = NOTHING.union(*rests) if rests else None
    return Source("", [*merged, *columns], rest)


def whole_of(rows: Sequence[Source]) -> Result:
    """Return what `*` gives."""
    rests: list[Flow] = [row.rest for row in rows if row.rest is not None]
    columns = [one for row in rows for one in row.columns]
    return Result(columns, NOTHING.union(*rests) if rests else None, union(()))
