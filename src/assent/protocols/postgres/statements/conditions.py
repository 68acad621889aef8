"""Whether a WHERE really restricts anything."""

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.walk import parts

_OF_ITSELF = frozenset({"=", "<=", ">=", "~~"})


def restricts(condition: pb.Node) -> bool:
    """Whether a condition depends on the rows: `true`, `1 = 1` and `id = id` do not.

    A condition is taken for none when it looks at no column, so `WHERE random() < 2` is none.
    """
    if condition.HasField("current_of_expr"):
        return True
    if condition.HasField("bool_expr"):
        arms = [restricts(arm) for arm in condition.bool_expr.args]
        return all(arms) if condition.bool_expr.boolop == pb.OR_EXPR else any(arms)
    if condition.HasField("a_expr") and _compares_with_itself(condition.a_expr):
        return False
    return _looks_at_a_column(condition)


def _compares_with_itself(node: pb.A_Expr) -> bool:
    operator = node.name[-1].string.sval if node.name else ""
    if operator not in _OF_ITSELF:
        return False
    left = [field.string.sval for field in node.lexpr.column_ref.fields]
    right = [field.string.sval for field in node.rexpr.column_ref.fields]
    return bool(left) and bool(right) and left[-1] == right[-1] and left[:-1] == right[:-1]


def _looks_at_a_column(node: Message) -> bool:
    if isinstance(node, pb.ColumnRef):
        return True
    return any(_looks_at_a_column(child) for _, child in parts(node))
