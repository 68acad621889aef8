"""Walks a parse tree, the whole of it; a node that nobody knows is unknown, never ignored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.findings import Findings
from assent.protocols.postgres.statements.names import TEMPORARY, Names, quoted
from assent.protocols.postgres.statements.scope import Scope

Handler: TypeAlias = Callable[["Reader", Message], None]
Handlers: TypeAlias = Mapping[str, Handler]

# Nodes that touch nothing themselves: their parts tell it all.
TRANSPARENT = frozenset(
    [
        "A_ArrayExpr",
        "A_Const",
        "A_Indices",
        "A_Star",
        "AccessPriv",
        "Alias",
        "AlterTableCmd",
        "ATAlterConstraint",
        "BitString",
        "Boolean",
        "BooleanTest",
        "BoolExpr",
        "CaseWhen",
        "CoalesceExpr",
        "CollateClause",
        "CreateOpClassItem",
        "CTECycleClause",
        "CTESearchClause",
        "CurrentOfExpr",
        "DefElem",
        "Float",
        "FunctionParameter",
        "GroupingFunc",
        "GroupingSet",
        "IndexElem",
        "InferClause",
        "Integer",
        "JsonAggConstructor",
        "JsonArgument",
        "JsonArrayAgg",
        "JsonArrayConstructor",
        "JsonArrayQueryConstructor",
        "JsonBehavior",
        "JsonFormat",
        "JsonFuncExpr",
        "JsonIsPredicate",
        "JsonKeyValue",
        "JsonObjectAgg",
        "JsonObjectConstructor",
        "JsonParseExpr",
        "JsonReturning",
        "JsonScalarExpr",
        "JsonSerializeExpr",
        "JsonTablePathSpec",
        "JsonValueExpr",
        "List",
        "MergeSupportFunc",
        "MinMaxExpr",
        "MultiAssignRef",
        "NamedArgExpr",
        "NullTest",
        "ObjectWithArgs",
        "ParamRef",
        "PartitionBoundSpec",
        "PartitionElem",
        "PartitionRangeDatum",
        "PartitionSpec",
        "PublicationObjSpec",
        "PublicationTable",
        "ReplicaIdentityStmt",
        "ResTarget",
        "ReturningOption",
        "RoleSpec",
        "RowExpr",
        "SetToDefault",
        "SQLValueFunction",
        "StatsElem",
        "String",
        "TableLikeClause",
        "TriggerTransition",
        "TypeName",
        "WindowDef",
        "XmlExpr",
    ]
)


class Reader:
    """Goes through one text's tree and tells Findings what it meets.

    scope: what column names mean here. queries: names of WITH queries that are visible.
    mention: the verb for a relation that is only named, such as by REFERENCES.
    """

    def __init__(self, names: Names, handlers: Handlers, findings: Findings) -> None:
        self.names = names
        self.handlers = handlers
        self.findings = findings
        self.scope = Scope(None)
        self.queries: frozenset[str] = frozenset()
        self.mention = "sql.unknown"

    def visit(self, message: Message) -> None:
        """Read one node with all below it."""
        message = unwrap(message)
        name = message.DESCRIPTOR.name
        if name == "A_Const":
            # Nothing is below it, and a long INSERT has a hundred thousand of them.
            return
        handler = self.handlers.get(name)
        if handler is not None:
            handler(self, message)
            return
        if name not in TRANSPARENT and name != "Node":
            self.findings.unknown("Object", name, f"`{name}` is not a statement that is known")
        self.visit_parts(message)

    def visit_parts(self, message: Message, *without: str) -> None:
        """Read all nodes right below this one, but for the named fields."""
        for name, child in parts(message):
            if name not in without:
                self.visit(child)

    def visit_all(self, messages: Sequence[Message]) -> None:
        """Read these nodes, in order."""
        for message in messages:
            self.visit(message)

    def finish(self) -> None:
        """Look behind the names that were found, when a whole text has been read."""
        rule = self.handlers.get("ParseResult")
        if rule is not None:
            rule(self, pb.ParseResult())

    def table(self, relation: pb.RangeVar) -> str:
        """Return the full name of a relation."""
        if relation.relpersistence == "t" and not relation.schemaname:
            return f"{TEMPORARY}.{quoted(relation.relname)}"
        return self.names.relation(relation.schemaname, relation.relname)

    def made(self, relation: pb.RangeVar) -> str:
        """Return the full name of a relation that is made; others of its name lead nowhere."""
        if relation.schemaname or relation.relpersistence == "t":
            return self.table(relation)
        return self.names.qualified([relation.relname])

    def touch_table(self, verb: str, relation: pb.RangeVar, columns: Sequence[str] = ()) -> str:
        """Note a touch on a relation; return its full name."""
        table = self.made(relation) if verb == "sql.create" else self.table(relation)
        (self.findings.whole if relation.inh else self.findings.only).add(table)
        self.findings.touch(verb, "Table", table, columns)
        return table

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[Scope]:
        """Read with that scope; WITH queries that come to be visible inside end with it."""
        outer, queries = self.scope, self.queries
        self.scope = scope
        try:
            yield scope
        finally:
            self.scope, self.queries = outer, queries

    @contextmanager
    def mentioning(self, verb: str) -> Iterator[None]:
        """Read with that verb for relations that are only named."""
        outer, self.mention = self.mention, verb
        try:
            yield
        finally:
            self.mention = outer


def unwrap(message: Message) -> Message:
    """Return the node inside the tree's wrapper; an empty wrapper is returned as it is."""
    if isinstance(message, pb.Node):
        field = message.WhichOneof("node")
        if field is not None:
            inner: Message = getattr(message, field)
            return inner
    return message


def parts(message: Message) -> Iterator[tuple[str, Message]]:
    """Yield field name and node, unwrapped, for all nodes right below this one."""
    for field, value in message.ListFields():
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            continue
        if isinstance(value, Message):
            yield field.name, unwrap(value)
        else:
            for item in value:
                yield field.name, unwrap(item)


def strings(nodes: Sequence[pb.Node]) -> list[str]:
    """Return the texts of the String nodes among these."""
    return [node.string.sval for node in nodes if node.HasField("string")]


def constant(node: pb.Node) -> str | None:
    """Return a literal as text, also through casts; None for anything else and for NULL."""
    if node.HasField("type_cast"):
        return constant(node.type_cast.arg)
    if node.HasField("string"):
        return str(node.string.sval)
    if node.HasField("integer"):
        return str(node.integer.ival)
    if not node.HasField("a_const"):
        return None
    match node.a_const.WhichOneof("val"):
        case "sval":
            return str(node.a_const.sval.sval)
        case "ival":
            return str(node.a_const.ival.ival)
        case "fval":
            return str(node.a_const.fval.fval)
        case "boolval":
            return "on" if node.a_const.boolval.boolval else "off"
        case _:
            return None
