"""SELECT, VALUES and set operations: what each column of a result is computed from."""

from collections.abc import Sequence

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.flows_expressions import column_flow, row_of
from assent.protocols.postgres.statements.flows_from import bring, whole_of
from assent.protocols.postgres.statements.flows_functions import operator
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
from assent.protocols.postgres.statements.flows_tracer import MAX_COLUMNS, Result, Tracer
from assent.protocols.postgres.statements.walk import strings


def select(tracer: Tracer, node: pb.SelectStmt, parent: Level | None) -> Result:
    """Follow a SELECT, VALUES or set operation."""
    if node.op != pb.SETOP_NONE:
        result = _set_operation(tracer, node, parent)
    elif node.values_lists:
        result = _values(tracer, node, parent)
    else:
        result = _plain(tracer, node, parent)
    if node.HasField("into_clause"):
        tracer.made_table = True
        tracer.stored |= result.whole()
    return result


def _plain(tracer: Tracer, node: pb.SelectStmt, parent: Level | None) -> Result:
    level = Level(parent)
    tested = level.tested
    bring(tracer, node.from_clause, level)
    for item in node.window_clause:
        found: set[str] = set()
        tracer.window(item.window_def, level, found)
        level.windows[item.window_def.name] = frozenset(found)
    given = targets(tracer, node.target_list, level)
    tracer.gather(node.where_clause, level, tested)
    _group(tracer, node.group_clause, level, given)
    tracer.gather(node.having_clause, level, tested)
    if node.distinct_clause:
        _distinct(tracer, node, level, given)
    _order(tracer, node.sort_clause, level, given)
    _limit(tracer, node, level)
    return given._replace(tested=frozenset(tested))


def _limit(tracer: Tracer, node: pb.SelectStmt, level: Level) -> None:
    tracer.gather(node.limit_count, level, level.tested)
    tracer.gather(node.limit_offset, level, level.tested)


def targets(tracer: Tracer, nodes: Sequence[pb.Node], level: Level) -> Result:
    """Return the columns of a list after SELECT or RETURNING; `*` is as many as it stands for."""
    columns: list[Column] = []
    rest: Flow | None = None
    for node in nodes:
        target = node.res_target
        value = target.val
        many = _expanded(tracer, value, level)
        if many is not None:
            columns += many.columns
            tracer.spend(len(many.columns))
            tracer.read |= many.whole()
            rest = rest if many.rest is None else many.rest | (rest or NOTHING)
        elif value.HasField("column_ref"):
            flow = column_flow(tracer, value.column_ref, level)
            tracer.read |= flow
            columns.append((target.name or title_of(value), flow))
        else:
            columns.append((target.name or title_of(value), tracer.value(value, level)))
    if len(columns) > MAX_COLUMNS:
        raise Lost
    return Result(columns, rest)


def _expanded(tracer: Tracer, node: pb.Node, level: Level) -> Result | None:
    """Return the columns that `*`, `t.*` or `(t).*` stands for, None for any other expression."""
    if node.HasField("column_ref"):
        fields = node.column_ref.fields
        if not fields[len(fields) - 1].HasField("a_star"):
            return None
        if len(fields) == 1:
            return whole_of(level.rows)
        return _whole_row(row_of(tracer, node, level))
    if node.HasField("a_indirection"):
        steps = node.a_indirection.indirection
        if not steps[len(steps) - 1].HasField("a_star"):
            return None
        source = row_of(tracer, node.a_indirection.arg, level) if len(steps) == 1 else None
        if source is not None:
            return _whole_row(source)
        # How many columns the row has that is computed there, only its type says.
        return Result((), by_no_name(tracer.value(node, level)))
    return None


def _whole_row(source: Source | None) -> Result:
    if source is None:
        raise Lost
    return Result(source.columns, source.rest)


def _group(tracer: Tracer, items: Sequence[pb.Node], level: Level, given: Result) -> None:
    """GROUP BY: a bare name is a column of FROM, or else one of the result."""
    for item in items:
        if item.HasField("grouping_set"):
            _group(tracer, item.grouping_set.content, level, given)
            continue
        if item.HasField("row_expr") and item.row_expr.row_format == pb.COERCE_IMPLICIT_CAST:
            # `GROUP BY (1, name)` is `GROUP BY 1, name`.
            _group(tracer, item.row_expr.args, level, given)
            continue
        name = _bare_name(item)
        flow = by_number(tracer, item, given)
        if flow is None and name and level.own(name) is None:
            flow = _by_name(name, given)
            if flow is not None and any(row.rest is not None for row in level.rows):
                flow |= tracer.value(item, level)
        level.tested |= tracer.value(item, level) if flow is None else flow


def _distinct(tracer: Tracer, node: pb.SelectStmt, level: Level, given: Result) -> None:
    """DISTINCT tests all columns; DISTINCT ON those that it names."""
    for item in node.distinct_clause:
        if item.WhichOneof("node") is None:
            level.tested |= given.whole()
        else:
            level.tested |= _ordered_by(tracer, item, level, given)


def _order(tracer: Tracer, items: Sequence[pb.Node], level: Level, given: Result) -> None:
    """ORDER BY: a bare name is a column of the result, or else one of FROM."""
    for item in items:
        operator(tracer, strings(item.sort_by.use_op), level.tested)
        level.tested |= _ordered_by(tracer, item.sort_by.node, level, given)


def _ordered_by(tracer: Tracer, item: pb.Node, level: Level, given: Result) -> Flow:
    flow = by_number(tracer, item, given)
    name = _bare_name(item)
    if flow is None and name:
        flow = _by_name(name, given)
        if flow is not None and given.rest is not None:
            flow |= given.whole()
    return tracer.value(item, level) if flow is None else flow


def _bare_name(node: pb.Node) -> str:
    fields = node.column_ref.fields
    return str(fields[0].string.sval) if len(fields) == 1 else ""


def _by_name(name: str, given: Result) -> Flow | None:
    flows = [flow for title, flow in given.columns if title == name]
    return NOTHING.union(*flows) if flows else None


def by_number(tracer: Tracer, node: pb.Node, given: Result) -> Flow | None:
    """Return what the column of a result with that number is computed from, None for no number."""
    if node.WhichOneof("node") != "a_const" or node.a_const.WhichOneof("val") != "ival":
        return None
    tracer.numbered = True
    number = int(node.a_const.ival.ival)
    places = given.places()
    if places is None or not 1 <= number <= len(places):
        return given.whole()
    return places[number - 1]


def _set_operation(tracer: Tracer, node: pb.SelectStmt, parent: Level | None) -> Result:
    """Both sides flow into each column; all but UNION ALL and its like compare whole rows."""
    left = tracer.enter("select_stmt", node.larg, parent)
    right = tracer.enter("select_stmt", node.rarg, parent)
    ours, theirs = left.places(), right.places()
    if ours is None or theirs is None or len(ours) != len(theirs):
        raise Lost
    columns = [
        (name, flow | other) for (name, flow), other in zip(left.columns, theirs, strict=True)
    ]
    level = Level(parent, tested=set(left.tested | right.tested))
    if node.op != pb.SETOP_UNION or not node.all:
        level.tested |= union(columns)
    result = Result(columns)
    for item in node.sort_clause:
        flow = by_number(tracer, item.sort_by.node, result)
        if flow is None:
            flow = _by_name(_bare_name(item.sort_by.node), result)
        level.tested |= union(columns) if flow is None else flow
    _limit(tracer, node, level)
    return Result(columns, None, frozenset(level.tested))


def _values(tracer: Tracer, node: pb.SelectStmt, parent: Level | None) -> Result:
    level = Level(parent)
    width = len(node.values_lists[0].list.items)
    flows: list[set[str]] = [set() for _ in range(width)]
    for row in node.values_lists:
        items = row.list.items
        if len(items) != width:
            raise Lost
        for place, item in enumerate(items):
            if _is_many(item):
                raise Lost
            tracer.gather(item, level, flows[place])
    given = Result([(f"column{n}", frozenset(flow)) for n, flow in enumerate(flows, 1)])
    _order(tracer, node.sort_clause, level, given)
    _limit(tracer, node, level)
    return given._replace(tested=frozenset(level.tested))


def _is_many(node: pb.Node) -> bool:
    """Whether it is `t.*`, which is several values in a list of VALUES."""
    if node.HasField("column_ref"):
        fields = node.column_ref.fields
        return bool(fields[len(fields) - 1].HasField("a_star"))
    steps = node.a_indirection.indirection
    return bool(steps) and bool(steps[len(steps) - 1].HasField("a_star"))
