"""Expressions: columns, casts, operators and subqueries."""

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements import routines
from assent.protocols.postgres.statements.builtin import (
    is_catalogue_function,
    is_catalogue_operator,
    is_harmless,
    takes_any_row,
)
from assent.protocols.postgres.statements.names import CATALOGUE
from assent.protocols.postgres.statements.scope import Scope
from assent.protocols.postgres.statements.walk import Reader, constant, strings

# Types of pg_catalog that are written without it; others may be made in the session.
_TYPES = frozenset(
    [
        "text", "date", "uuid", "json", "jsonb", "bytea", "name", "oid", "inet", "cidr", "money",
        "xml", "regclass", "regtype", "regproc", "regprocedure", "regnamespace", "regrole", "tid",
        "int2", "int4", "int8", "float4", "float8", "numeric", "bool", "varchar", "bpchar",
        "timestamp", "timestamptz", "time", "timetz", "interval", "macaddr", "macaddr8", "point",
        "box", "line", "lseg", "path", "polygon", "circle", "tsvector", "tsquery", "jsonpath",
        "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "xid", "xid8",
        "cid", "pg_lsn", "regconfig", "regdictionary", "regoper", "regoperator", "regcollation",
    ]
)  # fmt: skip
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
        _called_as_column(reader, names, wanted)


def _called_as_column(reader: Reader, qualifier: list[str], name: str) -> None:
    """Read `row.function`: what has that column is not asked for the function.

    A function in FROM may be a plain value, so that `x.pg_read_file` works on it too.
    """
    table = reader.scope.tables_of(qualifier[-1])
    known = [reader.names.find_full(full) for full in table or ()]
    if known and all(one is not None and name in one.columns for one in known):
        return
    if (_has_effects(name) and not table) or reader.names.find_routines([name], 1):
        reader.visit(pb.FuncCall(funcname=[_string(name)], args=[routines.NOT_SEEN]))


def indirection(reader: Reader, node: pb.A_Indirection) -> None:
    """Read `(value).name`, where the name may be a field, but also a function of the value."""
    reader.visit_parts(node)
    argument = node.arg if constant(node.arg) is not None else routines.NOT_SEEN
    for name in strings(node.indirection):
        if _has_effects(name) or reader.names.find_routines([name], 1):
            reader.visit(pb.FuncCall(funcname=[_string(name)], args=[argument]))


def _has_effects(name: str) -> bool:
    return is_catalogue_function(name) and not is_harmless(name)


def _string(text: str) -> pb.Node:
    return pb.Node(string=pb.String(sval=text))


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
    operator(reader, strings(node.oper_name) or ["="] * node.HasField("testexpr"))
    reader.visit(node.testexpr)
    reader.visit(node.subselect)


def operation(reader: Reader, node: pb.A_Expr) -> None:
    """Read an operator with its operands."""
    if node.kind not in _KEYWORDS:
        operator(reader, strings(node.name))
    else:
        operator(reader, ["<="])
        operator(reader, [">="])
    reader.visit(node.lexpr)
    reader.visit(node.rexpr)


def _calls(reader: Reader, oid: int, *, own: bool) -> bool:
    routine = routines.by_oid(reader, oid)
    if own or routine is None:
        return routines.run(reader, oid)
    routines.call(reader, routine)
    return True


def case(reader: Reader, node: pb.CaseExpr) -> None:
    """Read CASE; with a value it compares."""
    if node.HasField("arg"):
        operator(reader, ["="])
    reader.visit_parts(node)


def typed(
    reader: Reader,
    node: pb.JsonOutput | pb.JsonTableColumn | pb.RangeTableFuncCol | pb.XmlSerialize,
) -> None:
    """Read what makes values of a type out of text."""
    cast_to(reader, node.type_name)
    reader.visit_parts(node)


def order(reader: Reader, node: pb.SortBy) -> None:
    """Read one item of ORDER BY, which may name an operator."""
    operator(reader, strings(node.use_op))
    reader.visit(node.node)


def operator(reader: Reader, name: list[str]) -> None:
    """Read what an operator calls; one of pg_catalog only computes.

    Where the target has another one of the same name, that one is called where it fits better.
    """
    if not name:
        return
    own = name[:-1] in ([], [CATALOGUE]) and is_catalogue_operator(name[-1])
    found = () if name[:-1] == [CATALOGUE] else routines.of_an_operator(reader, name)
    known = [_calls(reader, oid, own=own) for oid in found]
    if not own and not all(known or [False]):
        full = reader.names.qualified(name)
        problem = f"cannot see what the operator `{full}` does"
        reader.findings.unknown("Function", full, problem)


def cast(reader: Reader, node: pb.TypeCast) -> None:
    """Read a cast; one to `regclass` and its like looks up what its literal names."""
    if names_something(strings(node.type_name.names)[-1:]):
        reader.findings.literals_matter = True
    cast_to(reader, node.type_name)
    reader.visit_parts(node)


def cast_to(reader: Reader, type_name: pb.TypeName) -> None:
    """Read what may run to make a value of a type."""
    names = strings(type_name.names)
    own = names[:-1] == [CATALOGUE] or names[-1:] == [] or names[-1] in _TYPES
    if not own and reader.names.catalogue is not None:
        reader.findings.types.add(reader.names.qualified(names))
    for oid in reader.names.find_casts(names):
        routines.run(reader, oid)


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
