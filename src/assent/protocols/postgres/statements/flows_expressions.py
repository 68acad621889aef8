"""Columns, operators, casts and subqueries in expressions: what their values are computed from."""

from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.builtin import is_catalogue_function
from assent.protocols.postgres.statements.flows_functions import only_compute, operator
from assent.protocols.postgres.statements.flows_scope import (
    NOTHING,
    UNKNOWN,
    Flow,
    Level,
    Lost,
    Source,
)
from assent.protocols.postgres.statements.flows_tracer import Tracer
from assent.protocols.postgres.statements.walk import strings

_BETWEEN: Final = frozenset(
    {
        pb.AEXPR_BETWEEN,
        pb.AEXPR_NOT_BETWEEN,
        pb.AEXPR_BETWEEN_SYM,
        pb.AEXPR_NOT_BETWEEN_SYM,
    }
)


def column(tracer: Tracer, node: pb.ColumnRef, level: Level, found: set[str]) -> None:
    """Follow a column, or a whole row where its table's name stands for it."""
    flow = column_flow(tracer, node, level)
    tracer.read |= flow
    found |= flow


def column_flow(tracer: Tracer, node: pb.ColumnRef, level: Level) -> Flow:
    """Return what a name in an expression is computed from; raises Lost for what is not there."""
    names = [field.string.sval for field in node.fields if field.HasField("string")]
    if len(names) < len(node.fields):
        # `t.*` in an expression is the row of t; a bare `*` has no place there.
        return _source(tracer, names, level).whole()
    if len(names) > 1:
        return _qualified(tracer, _source(tracer, names[:-1], level), names[-1])
    found = level.column(names[0])
    if found is not None and found[1]:
        return found[0]
    return _perhaps_a_row(names[0], level, None if found is None else found[0])


def _perhaps_a_row(name: str, level: Level, flow: Flow | None) -> Flow:
    """Return what the whole row is computed from that a name may mean, if it is no column."""
    source = level.source(name)
    other = level.system_column(name) if source is None else source.whole()
    if other is None and flow is None:
        raise Lost
    return (other or NOTHING) | (flow or NOTHING)


def _source(tracer: Tracer, names: list[str], level: Level) -> Source:
    if not names:
        raise Lost
    source = level.source(names[0]) if len(names) == 1 else None
    if source is None and len(names) > 1:
        source = level.table(tracer.names.listed_relation(names))
    if source is None:
        raise Lost
    return source


def _qualified(tracer: Tracer, source: Source, name: str) -> Flow:
    """Return a column of a source, or what a function that is called like one reads."""
    flow = source.find(name)
    if flow is not None and source.rest is None:
        return flow
    # Function notation: `t.to_json` is `to_json(t)`, which reads the whole row.
    created = bool(tracer.names.find_routines([name], None))
    if flow is not None and not created and not is_catalogue_function(name):
        return flow
    whole = source.whole() | (flow or NOTHING)
    if created or (flow is None and not is_catalogue_function(name)):
        return whole | {UNKNOWN}
    return whole


def row_of(tracer: Tracer, node: pb.Node, level: Level) -> Source | None:
    """Return the source that an expression is surely the whole row of, None for any other."""
    if not node.HasField("column_ref"):
        return None
    fields = node.column_ref.fields
    names = strings(fields)
    if len(names) < len(fields):
        return _source(tracer, names, level) if names else None
    if len(names) != 1 or level.column(names[0]) is not None:
        return None
    return level.source(names[0])


def indirection(tracer: Tracer, node: pb.A_Indirection, level: Level, found: set[str]) -> None:
    """Follow `(row).column`, subscripts and slices."""
    first = node.indirection[0] if node.indirection else None
    source = row_of(tracer, node.arg, level)
    if source is not None and first is not None and first.HasField("string"):
        flow = _qualified(tracer, source, first.string.sval)
        tracer.read |= flow
        found |= flow
    else:
        tracer.gather(node.arg, level, found)
        for step in node.indirection:
            # A field that is not there is a function that is called on it.
            if step.HasField("string") and tracer.names.find_routines([step.string.sval], None):
                found.add(UNKNOWN)
    tracer.gather_all(node.indirection, level, found)


def operation(tracer: Tracer, node: pb.A_Expr, level: Level, found: set[str]) -> None:
    """Follow an operator with its operands."""
    if node.kind in _BETWEEN:
        operator(tracer, ["<="], found)
        operator(tracer, [">="], found)
    else:
        operator(tracer, [name.string.sval for name in node.name], found)
    tracer.gather(node.lexpr, level, found)
    tracer.gather(node.rexpr, level, found)


def cast(tracer: Tracer, node: pb.TypeCast, level: Level, found: set[str]) -> None:
    """Follow a cast; one to a type that somebody created may call a function that reads."""
    tracer.gather(node.arg, level, found)
    if not only_compute(tracer, tracer.names.find_casts(strings(node.type_name.names))):
        found.add(UNKNOWN)


def sublink(tracer: Tracer, node: pb.SubLink, level: Level, found: set[str]) -> None:
    """Follow a subquery in an expression: what it tests decides its value too."""
    operator(tracer, strings(node.oper_name), found)
    tracer.gather(node.testexpr, level, found)
    result = tracer.query(node.subselect, level)
    if node.sub_link_type == pb.EXISTS_SUBLINK:
        # What stands in its list has no part in how many rows there are; what gives sets of
        # rows there is in what it tests.
        found |= result.tested
    else:
        tracer.gather_result(result, found)


def sort(tracer: Tracer, node: pb.SortBy, level: Level, found: set[str]) -> None:
    """Follow one item of ORDER BY, which may name an operator."""
    operator(tracer, strings(node.use_op), found)
    tracer.gather(node.node, level, found)


def window(tracer: Tracer, node: pb.WindowDef, level: Level, found: set[str]) -> None:
    """Follow a window: what parts and orders its rows decides what is computed over it."""
    for name in (node.name, node.refname):
        if name and name in level.windows:
            found |= level.windows[name]
        elif name and not (node.partition_clause or node.order_clause):
            raise Lost
    for nodes in (node.partition_clause, node.order_clause):
        tracer.gather_all(nodes, level, found)
    tracer.gather(node.start_offset, level, found)
    tracer.gather(node.end_offset, level, found)
