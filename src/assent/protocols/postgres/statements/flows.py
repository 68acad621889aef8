"""Where the values of columns go when one statement runs."""

from typing import Final

from postgast import pg_query_pb2 as pb

from assent.core.flows import Flows
from assent.protocols.postgres.catalogue.model import Relation
from assent.protocols.postgres.statements import (
    flows_changes,
    flows_expressions,
    flows_functions,
    flows_queries,
    flows_with,
)
from assent.protocols.postgres.statements.flows_coarse import below, coarse, everything
from assent.protocols.postgres.statements.flows_relations import Relations
from assent.protocols.postgres.statements.flows_scope import (
    NOTHING,
    UNKNOWN,
    Flow,
    Level,
    Lost,
    Source,
)
from assent.protocols.postgres.statements.flows_tracer import (
    FunctionReads,
    Result,
    Rules,
    Table,
    Tracer,
)
from assent.protocols.postgres.statements.names import Names
from assent.protocols.postgres.statements.walk import strings, unwrap

_RULES: Final = Rules(
    expressions={
        "column_ref": flows_expressions.column,
        "func_call": flows_functions.call,
        "sub_link": flows_expressions.sublink,
        "a_expr": flows_expressions.operation,
        "type_cast": flows_expressions.cast,
        "a_indirection": flows_expressions.indirection,
        "sort_by": flows_expressions.sort,
        "window_def": flows_expressions.window,
    },
    queries={
        "select_stmt": flows_queries.select,
        "insert_stmt": flows_changes.insert,
        "update_stmt": flows_changes.update,
        "delete_stmt": flows_changes.delete,
        "merge_stmt": flows_changes.merge,
    },
    window=flows_expressions.window,
    bring_in=flows_with.bring_in,
)
_QUERIES: Final = frozenset(_RULES.queries)
# What they give, only whoever remembers the session knows, or the server.
_ELSEWHERE: Final = frozenset(
    {"execute_stmt", "fetch_stmt", "call_stmt", "do_stmt", "variable_show_stmt"}
)
# What they name of a table is not copied to where it could be read.
_STORING_NOTHING: Final = frozenset(
    {"index_stmt", "create_stats_stmt", "create_policy_stmt", "create_trig_stmt"}
)


def nothing_known(node: pb.FuncCall) -> frozenset[str] | None:
    """Return that it is not known what a function reads."""
    return None


def flows_of(
    node: pb.Node,
    names: Names,
    function_reads: FunctionReads = nothing_known,
    relations: Relations | None = None,
) -> Flows:
    """Return where values go in one statement.

    function_reads: what a function that is not of pg_catalog reads in its body, None where that
    is not known. relations: what was found out of this catalogue before.
    """
    return followed(node, names, function_reads, Relations() if relations is None else relations)[0]


def followed(
    node: pb.Node, names: Names, function_reads: FunctionReads, relations: Relations
) -> tuple[Flows, bool]:
    """Return where values go, and whether numbers of columns in the text decide about that."""
    tracer = _tracer(names, function_reads, relations)
    try:
        flows = _statement(tracer, node)
    except (Lost, RecursionError):
        flows = coarse(_again(tracer, names), node)
    return flows, tracer.numbered


def _tracer(names: Names, function_reads: FunctionReads, relations: Relations) -> Tracer:
    """Return what follows one statement, and views that it meets through tracers of their own."""

    def follow(query: pb.Node) -> tuple[Result, Flow]:
        inner = Tracer(names.under(()), table_of, function_reads, _RULES)
        try:
            result = inner.query(query, None)
            return result, result.tested | inner.hidden
        except (Lost, RecursionError):
            whole = everything(_again(inner, inner.names), query)
            return Result((), whole), whole

    def table_of(relation: Relation) -> Table:
        return relations.table(relation, follow)

    return Tracer(names, table_of, function_reads, _RULES)


def _again(tracer: Tracer, names: Names) -> Tracer:
    """Return a tracer that has not given up yet, with what this one has read."""
    fresh = tracer.another(names)
    fresh.read = tracer.read
    return fresh


def _statement(tracer: Tracer, node: pb.Node) -> Flows:
    kind = node.WhichOneof("node") or ""
    if kind in _QUERIES:
        result = tracer.query(node, None)
        return _flows(tracer, Result() if tracer.made_table else result, result.tested)
    match kind:
        case "prepare_stmt":
            return _statement(tracer, node.prepare_stmt.query)
        case "declare_cursor_stmt":
            return _statement(tracer, node.declare_cursor_stmt.query)
        case "explain_stmt":
            return _explain(tracer, node.explain_stmt)
        case "copy_stmt":
            return _copy(tracer, node.copy_stmt)
        case "create_table_as_stmt":
            return _create_table(tracer, node.create_table_as_stmt)
        case "view_stmt":
            return _kept_query(tracer, node.view_stmt.query)
        case "refresh_mat_view_stmt":
            tracer.stored |= tracer.table(node.refresh_mat_view_stmt.relation).whole()
            tracer.read |= tracer.stored
            return _flows(tracer, Result(), NOTHING)
    if kind in _ELSEWHERE:
        return Flows()
    return _definition(tracer, node, kind)


def _flows(tracer: Tracer, result: Result, tested: Flow) -> Flows:
    """Return what was found, where what cannot be seen is all that was read."""
    read = frozenset(tracer.read - {UNKNOWN})
    places = result.places()
    if places is not None and any(UNKNOWN in flow for flow in places):
        places = None
    return Flows(
        outputs=None if places is None else tuple(places),
        read=read,
        tested=read if UNKNOWN in tested else tested,
        stored=read if UNKNOWN in tracer.stored else frozenset(tracer.stored),
    )


def _explain(tracer: Tracer, node: pb.ExplainStmt) -> Flows:
    """A plan shows constants, and numbers that depend on what is in the tables."""
    inner = _statement(tracer, node.query)
    analyzes = any(one.def_elem.defname.lower() == "analyze" for one in node.options)
    return Flows((inner.read,), inner.read, inner.read, inner.stored if analyzes else NOTHING)


def _copy(tracer: Tracer, node: pb.CopyStmt) -> Flows:
    """COPY: to the client it is a result, to a file or program it is stored."""
    if node.is_from:
        return Flows(())
    if node.HasField("query"):
        result = tracer.query(node.query, None)
    else:
        source = tracer.table(node.relation)
        names = strings(node.attlist)
        relation = tracer.names.find(node.relation.schemaname, node.relation.relname)
        # Without a list, computed columns are left out.
        computed = dict(relation.generated) if relation else {}
        columns = [column for column in source.columns if column[0] not in computed]
        result = Result(columns, source.rest)
        if names:
            result = Result([(name, _there(source, name)) for name in names])
        tracer.read |= result.whole()
    if node.filename or node.is_program:
        tracer.stored |= result.whole()
        return _flows(tracer, Result(), result.tested)
    return _flows(tracer, result, result.tested)


def _there(source: Source, name: str) -> Flow:
    flow = source.find(name)
    if flow is None:
        raise Lost
    return flow


def _create_table(tracer: Tracer, node: pb.CreateTableAsStmt) -> Flows:
    if node.query.HasField("execute_stmt"):
        return Flows()
    if node.objtype == pb.OBJECT_MATVIEW:
        return _kept_query(tracer, node.query)
    result = tracer.query(node.query, None)
    tracer.stored |= result.whole()
    return _flows(tracer, Result(), result.tested)


def _kept_query(tracer: Tracer, query: pb.Node) -> Flows:
    """A view: whoever reads it later reads all that its query does."""
    result = tracer.query(query, None)
    tracer.stored |= tracer.read | result.whole()
    return _flows(tracer, Result(), result.tested)


def _definition(tracer: Tracer, node: pb.Node, kind: str) -> Flows:
    """Any other statement has no result; expressions in it are of the table that it names.

    `ALTER TABLE … USING (email)` and a generated column copy what they name.
    """
    if kind in _STORING_NOTHING:
        return Flows(())
    nodes = list(below(unwrap(node)))
    columns = [part for part in nodes if isinstance(part, pb.ColumnRef)]
    if any(part.DESCRIPTOR.name in _STATEMENTS for part in nodes[1:]):
        return _flows_of_all(everything(tracer, node))
    if not columns:
        return Flows(())
    level = Level(None)
    for part in nodes:
        if isinstance(part, pb.RangeVar):
            source = tracer.table(part)
            level.sources.append(source)
            level.rows.append(source)
    found: set[str] = set()
    for column in columns:
        flows_expressions.column(tracer, column, level, found)
    return _flows_of_all(frozenset(found))


_STATEMENTS: Final = frozenset(
    {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"}
)


def _flows_of_all(read: Flow) -> Flows:
    read = read - {UNKNOWN}
    return Flows((), read, NOTHING, read)
