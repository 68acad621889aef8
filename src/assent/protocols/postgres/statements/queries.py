"""Queries and what changes rows: SELECT, INSERT, UPDATE, DELETE, MERGE and their WITH."""

from collections.abc import Iterable, Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.conditions import restricts
from assent.protocols.postgres.statements.definitions import define_copy
from assent.protocols.postgres.statements.expressions import cast_to, operator
from assent.protocols.postgres.statements.scope import Scope
from assent.protocols.postgres.statements.walk import Reader, constant, parts, unwrap


def select(reader: Reader, node: pb.SelectStmt) -> None:
    """Read a SELECT, VALUES or TABLE; one with INTO creates, one with FOR UPDATE locks."""
    with reader.inside(Scope(reader.scope)) as scope:
        bring_in(reader, node.with_clause)
        if node.op != pb.SETOP_NONE:
            select(reader, node.larg)
            select(reader, node.rarg)
        for item in node.from_clause:
            from_item(reader, item)
        _pin(reader, scope, node)
        if node.HasField("into_clause"):
            reader.findings.only_queries = False
            reader.touch_table("sql.create", node.into_clause.rel)
        _lock(reader, node)
        done = ("with_clause", "larg", "rarg", "from_clause", "into_clause", "locking_clause")
        reader.visit_parts(node, *done)
        if node.HasField("into_clause"):
            define_copy(reader, reader.made(node.into_clause.rel))


def bring_in(reader: Reader, clause: pb.WithClause) -> None:
    """Read WITH queries and make their names visible.

    Without RECURSIVE a WITH query sees those before it only, so that its own name inside it
    still means the table.
    """
    expressions = [node.common_table_expr for node in clause.ctes]
    if clause.recursive:
        reader.queries |= {expression.ctename for expression in expressions}
    for expression in expressions:
        with reader.inside(Scope(reader.scope.parent)):
            reader.visit_parts(expression)
        reader.queries |= {expression.ctename}


def from_item(reader: Reader, item: Message) -> tuple[str, ...]:
    """Bring one FROM item into scope; return the tables that it makes readable."""
    node = unwrap(item)
    if isinstance(node, pb.RangeVar):
        return _from_table(reader, node)
    if isinstance(node, pb.JoinExpr):
        return _from_join(reader, node)
    if isinstance(node, pb.RangeTableSample):
        return _from_sample(reader, node)
    if isinstance(node, pb.RangeSubselect):
        outer = reader.scope if node.lateral else reader.scope.parent
        with reader.inside(Scope(outer)):
            reader.visit(node.subquery)
    elif isinstance(node, pb.RangeFunction | pb.RangeTableFunc | pb.JsonTable):
        reader.visit_parts(node, "alias")
        for column in node.coldeflist if isinstance(node, pb.RangeFunction) else ():
            cast_to(reader, column.column_def.type_name)
    else:
        reader.visit(node)
        return ()
    reader.scope.name(node.alias.aliasname, ())
    return ()


def _from_table(reader: Reader, node: pb.RangeVar) -> tuple[str, ...]:
    alias = node.alias.aliasname or node.relname
    if _is_with_query(reader, node):
        reader.scope.name(alias, ())
        return ()
    table = reader.touch_table("sql.read", node)
    reader.scope.add(alias, (table,))
    if node.alias.colnames:
        # Renamed columns cannot be told apart without the catalogue: any may be any.
        reader.findings.touch("sql.read", "Table", table, "*")
    return (table,)


def _is_with_query(reader: Reader, node: pb.RangeVar) -> bool:
    return not node.schemaname and node.relname in reader.queries


def _from_join(reader: Reader, node: pb.JoinExpr) -> tuple[str, ...]:
    tables = (*from_item(reader, node.larg), *from_item(reader, node.rarg))
    columns = [column.string.sval for column in node.using_clause]
    if node.is_natural or node.alias.colnames:
        columns.append("*")
    if columns:
        operator(reader, ["="])
    for table in tables if columns else ():
        reader.findings.touch("sql.read", "Table", table, columns)
    reader.scope.name(node.alias.aliasname, tables)
    reader.scope.name(node.join_using_alias.aliasname, tables)
    reader.visit(node.quals)
    return tables


def _from_sample(reader: Reader, node: pb.RangeTableSample) -> tuple[str, ...]:
    tables = from_item(reader, node.relation)
    method = node.method[-1].string.sval if node.method else ""
    if method not in ("system", "bernoulli"):
        name = reader.names.qualified([part.string.sval for part in node.method])
        reader.findings.unknown("Function", name, f"`{name}` samples in a way that is not known")
    reader.visit_all(node.args)
    reader.visit(node.repeatable)
    return tables


def _pin(reader: Reader, scope: Scope, node: pb.SelectStmt) -> None:
    """Note `name = 'constant'` on pg_settings alone: pg_dump sets a setting that way."""
    condition = node.where_clause.a_expr
    single = len(node.from_clause) == 1 and node.from_clause[0].HasField("range_var")
    equals = condition.kind == pb.AEXPR_OP and [n.string.sval for n in condition.name] == ["="]
    if not (single and equals and scope.tables == ["pg_catalog.pg_settings"]):
        return
    fields = condition.lexpr.column_ref.fields
    value = constant(condition.rexpr)
    if len(fields) == 1 and value is not None and not node.from_clause[0].range_var.alias.colnames:
        scope.pinned[fields[0].string.sval] = value


def _lock(reader: Reader, node: pb.SelectStmt) -> None:
    """Note FOR UPDATE and its like; without OF, it locks all tables of FROM."""
    for item in node.locking_clause:
        reader.findings.only_queries = False
        named = [relation.range_var.relname for relation in item.locking_clause.locked_rels]
        tables: set[str] = set()
        for alias in named:
            tables.update(reader.scope.aliases.get(alias, ()))
        if not tables:
            tables.update(_tables_below(reader, node.from_clause))
        for table in sorted(tables):
            reader.findings.touch("sql.lock", "Table", table)


def _tables_below(reader: Reader, items: Iterable[Message]) -> set[str]:
    """Return all tables named anywhere in these FROM items, subqueries included."""
    found: set[str] = set()
    for item in items:
        node = unwrap(item)
        if isinstance(node, pb.RangeVar) and not _is_with_query(reader, node):
            found.add(reader.table(node))
        found |= _tables_below(reader, (child for _, child in parts(node)))
    return found


def insert(reader: Reader, node: pb.InsertStmt) -> None:
    """Read an INSERT; ON CONFLICT DO UPDATE also updates, and never lacks a WHERE."""
    reader.findings.only_queries = False
    with reader.inside(Scope(reader.scope)):
        bring_in(reader, node.with_clause)
        columns = [column.res_target.name for column in node.cols] or ["*"]
        table = reader.touch_table("sql.insert", node.relation, columns)
        reader.visit(node.select_stmt)
        reader.visit_all(node.cols)
        _add_target(reader, node.relation, table)
        reader.scope.name("excluded", ())
        conflict = node.on_conflict_clause
        if conflict.action == pb.ONCONFLICT_UPDATE:
            _assign(reader, table, conflict.target_list)
        reader.visit(conflict.infer)
        reader.visit(conflict.where_clause)
        returning(reader, node.returning_clause, table)


def update(reader: Reader, node: pb.UpdateStmt) -> None:
    """Read an UPDATE; the columns that it looks at are read."""
    reader.findings.only_queries = False
    with reader.inside(Scope(reader.scope)):
        bring_in(reader, node.with_clause)
        table = reader.touch_table("sql.update", node.relation)
        _add_target(reader, node.relation, table)
        for item in node.from_clause:
            from_item(reader, item)
        _assign(reader, table, node.target_list)
        _where(reader, node.where_clause)
        returning(reader, node.returning_clause, table)


def delete(reader: Reader, node: pb.DeleteStmt) -> None:
    """Read a DELETE; the columns that it looks at are read."""
    reader.findings.only_queries = False
    with reader.inside(Scope(reader.scope)):
        bring_in(reader, node.with_clause)
        table = reader.touch_table("sql.delete", node.relation)
        _add_target(reader, node.relation, table)
        for item in node.using_clause:
            from_item(reader, item)
        _where(reader, node.where_clause)
        returning(reader, node.returning_clause, table)


def merge(reader: Reader, node: pb.MergeStmt) -> None:
    """Read a MERGE as its actions; DO NOTHING alone still reads the target."""
    reader.findings.only_queries = False
    with reader.inside(Scope(reader.scope)):
        bring_in(reader, node.with_clause)
        table = reader.touch_table("sql.read", node.relation)
        _add_target(reader, node.relation, table)
        from_item(reader, node.source_relation)
        reader.visit(node.join_condition)
        for item in node.merge_when_clauses:
            clause = item.merge_when_clause
            if clause.command_type == pb.CMD_INSERT:
                columns = [column.res_target.name for column in clause.target_list] or ["*"]
                reader.findings.touch("sql.insert", "Table", table, columns)
                reader.visit_all(clause.target_list)
            elif clause.command_type == pb.CMD_UPDATE:
                _assign(reader, table, clause.target_list)
            elif clause.command_type == pb.CMD_DELETE:
                reader.findings.touch("sql.delete", "Table", table)
            reader.visit(clause.condition)
            reader.visit_all(clause.values)
        returning(reader, node.returning_clause, table)


def returning(reader: Reader, clause: pb.ReturningClause, table: str) -> None:
    """Read RETURNING, where `old` and `new`, or the names given to them, are the row."""
    for name in ("old", "new", *(node.returning_option.value for node in clause.options)):
        reader.scope.name(name, (table,))
    reader.visit_parts(clause)


def _add_target(reader: Reader, relation: pb.RangeVar, table: str) -> None:
    reader.scope.add(relation.alias.aliasname or relation.relname, (table,))


def _assign(reader: Reader, table: str, targets: Sequence[pb.Node]) -> None:
    columns = [target.res_target.name for target in targets]
    reader.findings.touch("sql.update", "Table", table, columns)
    reader.visit_all(targets)


def _where(reader: Reader, condition: pb.Node) -> None:
    if not restricts(condition):
        reader.findings.has_where = False
    reader.visit(condition)
