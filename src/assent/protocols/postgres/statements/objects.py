"""What DDL statements name: the kind of resource and its name."""

from collections.abc import Sequence
from typing import Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.walk import Reader, strings, unwrap

_TABLES: Final = frozenset(
    {pb.OBJECT_TABLE, pb.OBJECT_VIEW, pb.OBJECT_MATVIEW, pb.OBJECT_FOREIGN_TABLE}
)
_FUNCTIONS: Final = frozenset(
    {pb.OBJECT_FUNCTION, pb.OBJECT_PROCEDURE, pb.OBJECT_ROUTINE, pb.OBJECT_AGGREGATE}
)
# Their list of names is a table's with their own behind it.
_OF_TABLES: Final = frozenset(
    {
        pb.OBJECT_COLUMN,
        pb.OBJECT_TRIGGER,
        pb.OBJECT_RULE,
        pb.OBJECT_POLICY,
        pb.OBJECT_TABCONSTRAINT,
    }
)
_KINDS: Final[dict[int, str]] = {
    pb.OBJECT_SCHEMA: "Schema",
    pb.OBJECT_DATABASE: "Database",
    pb.OBJECT_ROLE: "Role",
    pb.OBJECT_EXTENSION: "Extension",
    pb.OBJECT_TYPE: "Type",
    pb.OBJECT_DOMAIN: "Type",
    pb.OBJECT_PARAMETER_ACL: "Setting",
}
_IN_SCHEMAS: Final = frozenset(
    {
        pb.OBJECT_INDEX,
        pb.OBJECT_SEQUENCE,
        pb.OBJECT_COLLATION,
        pb.OBJECT_CONVERSION,
        pb.OBJECT_STATISTIC_EXT,
        pb.OBJECT_OPERATOR,
        pb.OBJECT_TSCONFIGURATION,
        pb.OBJECT_TSDICTIONARY,
        pb.OBJECT_TSPARSER,
        pb.OBJECT_TSTEMPLATE,
    }
)


def touch_object(reader: Reader, verb: str, kind: int, node: Message) -> None:
    """Note `verb` on what `node` names; a part of a table also alters the table."""
    node = unwrap(node)
    if isinstance(node, pb.RangeVar):
        touch_relation(reader, verb, kind, node)
        return
    names = _names(node)
    if kind in _OF_TABLES and len(names) > 1:
        table = reader.names.listed_relation(names[:-1])
        if kind == pb.OBJECT_COLUMN:
            reader.findings.touch(verb, "Table", table, (names[-1],))
            return
        reader.findings.touch(verb, "Object", names[-1])
        reader.findings.touch("sql.alter", "Table", table)
    elif kind in _TABLES:
        reader.findings.touch(verb, "Table", reader.names.listed_relation(names))
    elif kind in _FUNCTIONS:
        reader.findings.touch(verb, "Function", reader.names.qualified(names))
    elif _KINDS.get(kind) == "Type":
        reader.findings.touch(verb, "Type", reader.names.qualified(names))
    elif kind in _IN_SCHEMAS:
        reader.findings.touch(verb, "Object", reader.names.qualified(names))
    else:
        reader.findings.touch(verb, _KINDS.get(kind, "Object"), ".".join(names) or "*")


def touch_relation(reader: Reader, verb: str, kind: int, node: pb.RangeVar) -> None:
    """Note `verb` on a relation, which may be an index or a sequence, or a part of a table."""
    if kind in (pb.OBJECT_INDEX, pb.OBJECT_SEQUENCE):
        reader.findings.touch(verb, "Object", reader.table(node))
    elif kind == pb.OBJECT_TYPE:
        reader.findings.touch(verb, "Type", reader.table(node))
    else:
        reader.touch_table(verb, node)


def touch_role(reader: Reader, verb: str, role: pb.RoleSpec) -> None:
    """Note `verb` on a role."""
    reader.findings.touch(verb, "Role", role_name(role))


def touch_roles(reader: Reader, verb: str, roles: Sequence[pb.Node]) -> None:
    """Note `verb` on these roles."""
    for role in roles:
        touch_role(reader, verb, role.role_spec)


def role_name(role: pb.RoleSpec) -> str:
    """Return a role's name, or the keyword that stands for it."""
    match role.roletype:
        case pb.ROLESPEC_CURRENT_ROLE | pb.ROLESPEC_CURRENT_USER:
            return "current_user"
        case pb.ROLESPEC_SESSION_USER:
            return "session_user"
        case pb.ROLESPEC_PUBLIC:
            return "public"
        case _:
            return role.rolename or "*"


def _names(node: Message) -> list[str]:
    """Return the parts of a name, whatever holds them."""
    if isinstance(node, pb.String):
        return [node.sval]
    if isinstance(node, pb.ObjectWithArgs):
        return strings(node.objname)
    if isinstance(node, pb.TypeName):
        return strings(node.names)
    if isinstance(node, pb.RoleSpec):
        return [role_name(node)]
    if isinstance(node, pb.AccessPriv):
        return [node.priv_name]
    if isinstance(node, pb.List):
        return [name for item in node.items for name in _names(unwrap(item))]
    return []
