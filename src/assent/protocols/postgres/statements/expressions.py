"""Expressions: columns, casts, operators and subqueries."""

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.builtin import is_catalogue_operator, takes_any_row
from assent.protocols.postgres.statements.names import CATALOGUE
from assent.protocols.postgres.statements.scope import Scope
from assent.protocols.postgres.statements.walk import Reader, strings

# In these the operator is told by the keyword, not by a name that could be anybody's.
_KEYWORDS = frozenset(
    {
        pb.AEXPR_BETWEEN,
        pb.AEXPR_NOT_BETWEEN,
        pb.AEXPR_BETWEEN_SYM,
        pb.AEXPR_NOT_BETWEEN_SYM,
    }
)


def column(reader: Reader, node: pb.ColumnRef) -> None:
    """Attribute a column to every table that it may belong to."""
    names = strings(node.fields)
    last = node.fields[-1].HasField("a_star")
    wanted = "*" if last else names.pop()
    if last and not names:
        _read(reader, reader.scope.tables, "*")
    elif not names:
        _unqualified(reader, wanted)
    else:
        # Function notation: `t.to_json` is `to_json(t)`, which reads the whole row.
        _qualified(reader, names, "*" if takes_any_row(wanted) else wanted)


def _unqualified(reader: Reader, name: str) -> None:
    for scope in reader.scope.chain():
        _read(reader, scope.tables, name)
        # The name of a table where a column could stand is its whole row.
        _read(reader, scope.aliases.get(name, ()), "*")


def _qualified(reader: Reader, qualifier: list[str], name: str) -> None:
    if len(qualifier) == 1:
        for scope in reader.scope.chain():
            tables = scope.aliases.get(qualifier[0])
            if tables is not None:
                _read(reader, tables, name)
                return
    else:
        table = reader.names.listed_relation(qualifier)
        if table in reader.scope.everything():
            _read(reader, (table,), name)
            return
    _read(reader, reader.scope.everything(), "*")


def _read(reader: Reader, tables: tuple[str, ...] | list[str] | set[str], name: str) -> None:
    for table in tables:
        reader.findings.touch("sql.read", "Table", table, (name,))


def sublink(reader: Reader, node: pb.SubLink) -> None:
    """Read a subquery in an expression."""
    operator(reader, strings(node.oper_name))
    reader.visit(node.testexpr)
    reader.visit(node.subselect)


def operation(reader: Reader, node: pb.A_Expr) -> None:
    """Read an operator with its operands."""
    if node.kind not in _KEYWORDS:
        operator(reader, strings(node.name))
    reader.visit(node.lexpr)
    reader.visit(node.rexpr)


def order(reader: Reader, node: pb.SortBy) -> None:
    """Read one item of ORDER BY, which may name an operator."""
    operator(reader, strings(node.use_op))
    reader.visit(node.node)


def operator(reader: Reader, name: list[str]) -> None:
    """Note an operator that is not the catalogue's: it calls a function that nobody sees."""
    if not name or (name[:-1] in ([], [CATALOGUE]) and is_catalogue_operator(name[-1])):
        return
    full = reader.names.qualified(name)
    problem = f"cannot see what the operator `{full}` does"
    reader.findings.unknown("Function", full, problem)


def cast(reader: Reader, node: pb.TypeCast) -> None:
    """Read a cast; one to `regclass` and its like looks up what its literal names."""
    if names_something(strings(node.type_name.names)[-1:]):
        reader.findings.literals_matter = True
    reader.visit_parts(node)


def names_something(names: list[str]) -> bool:
    """Whether a type or function turns text into a thing of the catalogue."""
    return any(name.startswith(("reg", "to_reg")) for name in names)


def relation(reader: Reader, node: pb.RangeVar) -> None:
    """Note a relation where no other rule has said what is done to it."""
    table = reader.touch_table(reader.mention, node)
    if reader.mention == "sql.unknown":
        problem = f"cannot see what is done to `{table}`"
        reader.findings.unknown("Table", table, problem)


def subselect(reader: Reader, node: pb.RangeSubselect) -> None:
    """Read a subquery that stands where no FROM is."""
    with reader.inside(Scope(reader.scope)):
        reader.visit(node.subquery)
