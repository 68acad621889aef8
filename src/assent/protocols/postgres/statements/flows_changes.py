"""INSERT, UPDATE, DELETE, MERGE: what is stored, what decides about it, what RETURNING gives."""

from collections.abc import Iterable, Mapping, Sequence

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.flows_from import bring, from_item
from assent.protocols.postgres.statements.flows_queries import targets
from assent.protocols.postgres.statements.flows_scope import (
    NOTHING,
    UNKNOWN,
    Flow,
    Level,
    Source,
    by_no_name,
)
from assent.protocols.postgres.statements.flows_tracer import Result, Tracer

# Columns that get a value, with what it is computed from.
Assigned = Mapping[str, Flow]


def insert(tracer: Tracer, node: pb.InsertStmt, parent: Level | None) -> Result:
    """Follow an INSERT; ON CONFLICT looks at what is there already."""
    target = tracer.table(node.relation)
    names = [column.res_target.name for column in node.cols]
    tested: set[str] = set()
    assigned: dict[str, Flow] = {}
    if node.HasField("select_stmt"):
        given = tracer.query(node.select_stmt, parent)
        tracer.stored |= given.whole()
        tested |= given.tested
        assigned = _assigned(target, names, given)
    for column in node.cols:
        if column.res_target.indirection:
            tracer.gather_all(column.res_target.indirection, Level(parent), tracer.stored)
    assigned = _with_computed(tracer, node.relation, assigned)
    changed = _conflict(tracer, node, parent, target, assigned, names, tested)
    everything = {
        name: assigned.get(name, NOTHING) | changed.get(name, NOTHING)
        for name in (*assigned, *changed)
    }
    seen = _after(tracer, node.relation, target, everything, "insert")
    result = _returning(tracer, node.returning_clause, parent, target, [seen], seen)
    return result._replace(tested=result.tested | tested)


def _assigned(target: Source, names: Sequence[str], given: Result) -> dict[str, Flow]:
    places = given.places()
    if not names and target.rest is None:
        names = [name for name, _ in target.columns]
    if places is None or not names or len(places) > len(names):
        # Which column gets what is not known; nor, without a name, which columns there are.
        return dict.fromkeys((*names, *target.named, ""), given.whole())
    return dict(zip(names, places, strict=False))


def _conflict(
    tracer: Tracer,
    node: pb.InsertStmt,
    parent: Level | None,
    target: Source,
    assigned: Assigned,
    names: Sequence[str],
    tested: set[str],
) -> Assigned:
    """Follow ON CONFLICT; return what it assigns."""
    if not node.HasField("on_conflict_clause"):
        return {}
    clause = node.on_conflict_clause
    excluded = Source(
        "excluded",
        [(name, assigned.get(name, NOTHING)) for name, _ in target.columns],
        None if target.rest is None else by_no_name(NOTHING.union(*assigned.values())),
    )
    level = Level(parent, [target, excluded], [target, excluded], tested)
    alone = Level(parent, [target], [target], tested)
    looked_at: set[str] = set()
    for item in clause.infer.index_elems:
        element = item.index_elem
        looked_at |= (target.find(element.name) or NOTHING) if element.name else NOTHING
        tracer.gather(element.expr, alone, looked_at)
    tracer.gather(clause.infer.where_clause, alone, looked_at)
    if not clause.infer.index_elems:
        # Some unique index decides: on columns that get a value, or on any by their defaults.
        for name in names or target.named:
            looked_at |= target.find(name) or NOTHING
    tracer.read |= looked_at
    level.tested |= looked_at
    changed = _assign(tracer, clause.target_list, level)
    tracer.gather(clause.where_clause, level, level.tested)
    return changed


def update(tracer: Tracer, node: pb.UpdateStmt, parent: Level | None) -> Result:
    """Follow an UPDATE."""
    target = tracer.table(node.relation)
    level = Level(parent)
    bring(tracer, node.from_clause, level)
    rows = list(level.rows)
    level.sources.insert(0, target)
    level.rows.insert(0, target)
    assigned = _assign(tracer, node.target_list, level)
    tracer.gather(node.where_clause, level, level.tested)
    seen = _after(tracer, node.relation, target, assigned, "update")
    return _changed(tracer, node.returning_clause, level, target, [seen, *rows], seen)


def delete(tracer: Tracer, node: pb.DeleteStmt, parent: Level | None) -> Result:
    """Follow a DELETE."""
    target = tracer.table(node.relation)
    level = Level(parent)
    bring(tracer, node.using_clause, level)
    rows = list(level.rows)
    level.sources.insert(0, target)
    level.rows.insert(0, target)
    tracer.gather(node.where_clause, level, level.tested)
    seen = _after(tracer, node.relation, target, {}, "delete")
    return _changed(tracer, node.returning_clause, level, target, [seen, *rows], seen)


def merge(tracer: Tracer, node: pb.MergeStmt, parent: Level | None) -> Result:
    """Follow a MERGE; what joins and what chooses an action decides about rows."""
    target = tracer.table(node.relation)
    level = Level(parent)
    parts = from_item(tracer, node.source_relation, level)
    level.sources += [target, *parts.sources]
    level.rows += [target, *parts.rows]
    tracer.gather(node.join_condition, level, level.tested)
    assigned: dict[str, Flow] = {}
    for item in node.merge_when_clauses:
        clause = item.merge_when_clause
        tracer.gather(clause.condition, level, level.tested)
        if clause.command_type == pb.CMD_INSERT:
            names = [column.res_target.name for column in clause.target_list]
            flows = [tracer.value(value, level) for value in clause.values]
            tracer.stored |= NOTHING.union(*flows)
            made = _assigned(target, names, Result([("", flow) for flow in flows]))
        else:
            made = dict(_assign(tracer, clause.target_list, level))
        for name, flow in made.items():
            assigned[name] = assigned.get(name, NOTHING) | flow
    seen = _after(tracer, node.relation, target, assigned, "insert", "update", "delete")
    return _changed(tracer, node.returning_clause, level, target, [*parts.rows, seen], seen)


def _assign(tracer: Tracer, items: Iterable[pb.Node], level: Level) -> Assigned:
    """Follow the items of SET; return what each column gets."""
    assigned: dict[str, Flow] = {}
    for item in items:
        found: set[str] = set()
        tracer.gather(item.res_target.val, level, found)
        tracer.gather_all(item.res_target.indirection, level, found)
        tracer.stored |= found
        name = item.res_target.name
        assigned[name] = assigned.get(name, NOTHING) | found
    return assigned


def _after(
    tracer: Tracer, node: pb.RangeVar, target: Source, assigned: Assigned, *events: str
) -> Source:
    """Return the target as RETURNING has it: what a column had and what it got.

    What rules, and triggers of a view, put in the place of it is not told here.
    """
    relation = tracer.names.find(node.schemaname, node.relname)
    instead = relation is not None and (
        any(rule.event in events for rule in relation.rules)
        or (relation.kind == "v" and any(one.events & set(events) for one in relation.triggers))
    )
    unseen: Flow = frozenset({UNKNOWN}) if instead else NOTHING
    if instead:
        # A rule may store what the query reads.
        tracer.stored.add(UNKNOWN)
    assigned = _with_computed(tracer, node, assigned)
    columns = [(name, flow | assigned.get(name, NOTHING) | unseen) for name, flow in target.columns]
    rest = target.rest
    if rest is not None:
        rest = rest | unseen | by_no_name(NOTHING.union(*assigned.values()))
    return Source(target.alias, columns, rest, target.table)


def _with_computed(tracer: Tracer, node: pb.RangeVar, assigned: Assigned) -> dict[str, Flow]:
    """Return what columns get, with those that are computed from them."""
    relation = tracer.names.find(node.schemaname, node.relname)
    generated = relation.generated if relation else ()
    return dict(assigned) | {
        name: NOTHING.union(*(assigned.get(one, NOTHING) for one in (name, *used)))
        for name, used in generated
        if not assigned.keys().isdisjoint((name, *used))
    }


def _changed(
    tracer: Tracer,
    clause: pb.ReturningClause,
    level: Level,
    target: Source,
    rows: Sequence[Source],
    seen: Source,
) -> Result:
    """Return what RETURNING gives beside other tables."""
    others = [source for source in level.sources if source is not target]
    result = _returning(tracer, clause, level.parent, target, rows, seen, others)
    return result._replace(tested=result.tested | level.tested)


def _returning(
    tracer: Tracer,
    clause: pb.ReturningClause,
    parent: Level | None,
    target: Source,
    rows: Sequence[Source],
    seen: Source,
    others: Sequence[Source] = (),
) -> Result:
    """Return what RETURNING gives; `old` and `new`, or names given to them, are the row too."""
    named = {one.returning_option.option: one.returning_option.value for one in clause.options}
    old = target.known_as(named.get(pb.RETURNING_OPTION_OLD, "old"))
    new = seen.known_as(named.get(pb.RETURNING_OPTION_NEW, "new"))
    level = Level(parent, [seen, *others, old, new], rows)
    result = targets(tracer, clause.exprs, level)
    return result._replace(tested=frozenset(level.tested))
