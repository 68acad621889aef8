"""A query that counts the rows that a change would hit, and changes none."""

from postgast import deparse, parse
from postgast import pg_query_pb2 as pb

_COUNT = "SELECT count(DISTINCT (assent.tableoid, assent.ctid)) FROM assent"


def counting(node: pb.Node) -> str | None:
    """Return a query for what an UPDATE or DELETE would hit, None for anything else.

    Rows are told apart by where they lie, as a join may find one of them several times.
    """
    if node.HasField("delete_stmt"):
        change, others = node.delete_stmt, node.delete_stmt.using_clause
    elif node.HasField("update_stmt"):
        change, others = node.update_stmt, node.update_stmt.from_clause
    else:
        return None
    if change.where_clause.HasField("current_of_expr"):
        return None
    tree = parse(_COUNT)
    select = tree.stmts[0].stmt.select_stmt
    name = change.relation.alias.aliasname or change.relation.relname
    _rename(select.target_list[0], name)
    del select.from_clause[:]
    select.from_clause.add().range_var.CopyFrom(change.relation)
    for other in others:
        select.from_clause.add().CopyFrom(other)
    select.where_clause.CopyFrom(change.where_clause)
    # WITH queries that change something would change it: only those that read are taken along.
    for item in change.with_clause.ctes:
        if not item.common_table_expr.ctequery.HasField("select_stmt"):
            return None
    if change.with_clause.ctes:
        select.with_clause.CopyFrom(change.with_clause)
    return str(deparse(tree))


def _rename(target: pb.Node, name: str) -> None:
    for argument in target.res_target.val.func_call.args[0].row_expr.args:
        argument.column_ref.fields[0].string.sval = name
