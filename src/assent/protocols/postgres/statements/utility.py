"""Statements that are neither queries nor DDL: the session, COPY, EXPLAIN, PREPARE, upkeep."""

from dataclasses import replace
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.protocols.postgres.statements import routines
from assent.protocols.postgres.statements.findings import SESSION, Findings
from assent.protocols.postgres.statements.scope import Scope
from assent.protocols.postgres.statements.settings import configure, reset
from assent.protocols.postgres.statements.walk import Reader, constant, strings

_ACCESS_SHARE: Final = 1
_CHANGES: Final = frozenset({"sql.insert", "sql.update", "sql.delete", "sql.create", "sql.lock"})
_FALSE: Final = frozenset({"off", "false", "0", "no", "f", "n"})
_MANY_SETTINGS: Final = frozenset({"TRANSACTION", "SESSION CHARACTERISTICS"})


def session(reader: Reader, node: object) -> None:
    """What concerns the session alone: cursors, savepoints, DISCARD, UNLISTEN …"""
    reader.findings.only_queries = False
    reader.findings.touch("sql.session", SESSION.kind, SESSION.name)


def transaction(reader: Reader, node: pb.TransactionStmt) -> None:
    """BEGIN and its like; a prepared transaction is somebody's work that is not seen here."""
    session(reader, node)
    two_phase = (
        pb.TRANS_STMT_PREPARE,
        pb.TRANS_STMT_COMMIT_PREPARED,
        pb.TRANS_STMT_ROLLBACK_PREPARED,
    )
    if node.kind in two_phase:
        reader.findings.touch("sql.execute", "Object", node.gid or "*")
    for item in node.options:
        _set_one(reader, item.def_elem)


def set_variable(reader: Reader, node: pb.VariableSetStmt) -> None:
    """SET and RESET."""
    if node.kind in (pb.VAR_RESET, pb.VAR_RESET_ALL, pb.VAR_SET_DEFAULT):
        reset(reader.findings, node.name)
    elif node.kind == pb.VAR_SET_MULTI:
        session(reader, node)
        for item in node.args:
            if node.name in _MANY_SETTINGS and item.HasField("def_elem"):
                _set_one(reader, item.def_elem)
    else:
        known = [constant(argument) for argument in node.args]
        values = [value for value in known if value is not None]
        whole = values if node.args and len(values) == len(known) else None
        configure(reader.findings, reader.names, node.name, whole)


def _set_one(reader: Reader, option: pb.DefElem) -> None:
    value = constant(option.arg)
    values = None if value is None else [value]
    configure(reader.findings, reader.names, option.defname, values)


def show(reader: Reader, node: pb.VariableShowStmt) -> None:
    """SHOW."""
    reader.findings.only_queries = False
    reader.findings.touch("sql.session", "Setting", node.name)


def listen(reader: Reader, node: pb.ListenStmt) -> None:
    """LISTEN."""
    reader.findings.only_queries = False
    reader.findings.touch("sql.session", "Channel", node.conditionname)


def notify(reader: Reader, node: pb.NotifyStmt) -> None:
    """NOTIFY."""
    reader.findings.touch("sql.notify", "Channel", node.conditionname)


def lock(reader: Reader, node: pb.LockStmt) -> None:
    """LOCK TABLE; in ACCESS SHARE mode it takes what any SELECT takes, and reads nothing."""
    verb = "sql.read" if node.mode == _ACCESS_SHARE else "sql.lock"
    reader.findings.only_queries = False
    for item in node.relations:
        table = reader.table(item.range_var)
        reader.findings.locked.add(table)
        if not item.range_var.inh:
            reader.findings.only.add(table)
        reader.findings.touch(verb, "Table", table)


def copy(reader: Reader, node: pb.CopyStmt) -> None:
    """COPY: TO reads, FROM inserts; a program or a file is the server's own."""
    reader.findings.only_queries = False
    if node.is_program or node.filename:
        kind = "Program" if node.is_program else "File"
        reader.findings.touch("sql.program", kind, node.filename or "*")
    if node.HasField("query"):
        reader.visit(node.query)
    if node.HasField("relation"):
        columns = strings(node.attlist) or ["*"]
        verb = "sql.insert" if node.is_from else "sql.read"
        relation = node.relation
        if not node.is_from:
            # The rows of the table alone are copied out, as with ONLY.
            relation = pb.RangeVar()
            relation.CopyFrom(node.relation)
            relation.inh = False
        table = reader.touch_table(verb, relation, columns)
        with reader.inside(Scope(None)) as scope:
            # The condition of COPY FROM is on the incoming rows, not on those of the table.
            scope.name(node.relation.relname, () if node.is_from else (table,))
            reader.visit(node.where_clause)


def explain(reader: Reader, node: pb.ExplainStmt) -> None:
    """EXPLAIN: with ANALYZE it does what its statement does, otherwise it looks at it."""
    inner = understood(reader, node.query)
    if any(_switched_on(item.def_elem) for item in node.options):
        reader.findings.include(inner)
        reader.findings.prepares.update(inner.prepares)
    else:
        _only_look(reader, inner)
    # The plan shows values that the planner has looked up.
    reader.findings.literals_matter = True


def _switched_on(option: pb.DefElem) -> bool:
    if option.defname.lower() != "analyze":
        return False
    value = constant(option.arg) if option.HasField("arg") else "on"
    return value is None or value.lower() not in _FALSE


def _only_look(reader: Reader, inner: Statement) -> None:
    findings = reader.findings
    for touch in inner.touches:
        if touch.through:
            continue
        looks = touch.verb in _CHANGES and touch.resource.kind == "Table"
        verb = "sql.read" if looks else touch.verb
        findings.touch(verb, touch.resource.kind, touch.resource.name, touch.columns)
    # What functions do they do while the plan is made, if they are computed then.
    deep = tuple(touch for touch in inner.touches if touch.through)
    findings.include(replace(inner, touches=deep, has_where=True))


def understood(reader: Reader, node: pb.Node) -> Statement:
    """Return the reading of one statement inside another one, apart from it."""
    findings = Findings()
    Reader(reader.names, reader.handlers, findings).visit(node)
    reader.findings.only |= findings.only
    reader.findings.whole |= findings.whole
    reader.findings.locked |= findings.locked
    return findings.statement()


def prepare(reader: Reader, node: pb.PrepareStmt) -> None:
    """PREPARE: does nothing yet. A name that is prepared twice may mean either."""
    session(reader, node)
    findings = Findings()
    if node.name in reader.findings.prepares:
        findings.include(reader.findings.prepares[node.name])
    findings.only_queries = not findings.touched
    inner = Reader(reader.names, reader.handlers, findings)
    inner.visit(node.query)
    inner.finish()
    reader.findings.prepares[node.name] = findings.statement()


def execute(reader: Reader, node: pb.ExecuteStmt) -> None:
    """EXECUTE: whoever knows what was prepared under that name knows what it does."""
    session(reader, node)
    reader.findings.executes.add(node.name)
    reader.visit_all(node.params)


def declare_cursor(reader: Reader, node: pb.DeclareCursorStmt) -> None:
    """DECLARE CURSOR: as its query; what is fetched later has been judged by then."""
    reader.findings.only_queries = False
    reader.visit(node.query)


def do(reader: Reader, node: pb.DoStmt) -> None:
    """DO: a program in text; without a catalogue it is not looked into."""
    if reader.names.catalogue is None:
        reader.findings.unknown("Object", "DO", "cannot see what the program of `DO` does")
    else:
        reader.findings.only_queries = False
        routines.read_do(reader, node)


def call(reader: Reader, node: pb.CallStmt) -> None:
    """CALL: a procedure is never one of the harmless functions."""
    reader.visit_all(node.funccall.args)
    reader.findings.only_queries = False
    parts = strings(node.funccall.funcname)
    found = reader.names.find_routines(parts, routines.fitting(node.funccall))
    for routine in found:
        routines.call(reader, routine)
    if not found:
        name = reader.names.qualified(parts)
        reader.findings.functions.add(name)
        problem = f"cannot see what the procedure `{name}` does"
        reader.findings.unknown("Function", name, problem)
        if reader.names.catalogue is not None:
            reader.findings.unresolved.add(name)


def load(reader: Reader, node: pb.LoadStmt) -> None:
    """LOAD: machine code into the server."""
    reader.findings.touch("sql.program", "File", node.filename)


def vacuum(reader: Reader, node: pb.VacuumStmt) -> None:
    """VACUUM and ANALYZE; without tables, of all in the database."""
    for item in node.rels:
        reader.touch_table("sql.maintain", item.vacuum_relation.relation)
    if not node.rels:
        reader.findings.touch("sql.maintain", "Database", "*")


def maintain(reader: Reader, node: pb.ClusterStmt | pb.RefreshMatViewStmt | pb.ReindexStmt) -> None:
    """CLUSTER, REFRESH MATERIALIZED VIEW and REINDEX."""
    if not node.HasField("relation"):
        whole = isinstance(node, pb.ReindexStmt) and node.kind == pb.REINDEX_OBJECT_SCHEMA
        name = node.name if isinstance(node, pb.ReindexStmt) and node.name else "*"
        reader.findings.touch("sql.maintain", "Schema" if whole else "Database", name)
    elif isinstance(node, pb.ReindexStmt) and node.kind == pb.REINDEX_OBJECT_INDEX:
        reader.findings.touch("sql.maintain", "Object", reader.table(node.relation))
    else:
        reader.touch_table("sql.maintain", node.relation)


def checkpoint(reader: Reader, node: pb.CheckPointStmt) -> None:
    """CHECKPOINT."""
    reader.findings.touch("sql.maintain", "Database", "*")
