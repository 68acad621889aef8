"""Follows values through one statement: which columns an expression or a query is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.catalogue.model import Relation
from assent.protocols.postgres.statements.flows_scope import (
    NOTHING,
    Column,
    Flow,
    Level,
    Lost,
    Source,
    union,
)
from assent.protocols.postgres.statements.names import Names

FunctionReads: TypeAlias = Callable[[pb.FuncCall], frozenset[str] | None]
ExpressionRule: TypeAlias = Callable[["Tracer", Any, Level, set[str]], None]
QueryRule: TypeAlias = Callable[["Tracer", Any, "Level | None"], "Result"]
TableOf: TypeAlias = Callable[[Relation], "Table"]

# Queries entered and items of FROM brought in, all together: about a third of a second. WITH
# queries that name themselves inside of each other are followed more often with each.
MAX_STEPS: Final = 20_000
# So many columns cost as much as a query.
_COLUMNS_A_STEP: Final = 64
# The server's own bound on what a SELECT has.
MAX_COLUMNS: Final = 1664

# Expressions whose value is computed from that of all their parts.
_COMPUTED: Final = frozenset(
    [
        "a_array_expr",
        "a_indices",
        "a_star",
        "bit_string",
        "bool_expr",
        "boolean",
        "boolean_test",
        "case_expr",
        "case_when",
        "coalesce_expr",
        "collate_clause",
        "current_of_expr",
        "def_elem",
        "float",
        "grouping_func",
        "integer",
        "json_agg_constructor",
        "json_argument",
        "json_array_agg",
        "json_array_constructor",
        "json_array_query_constructor",
        "json_behavior",
        "json_func_expr",
        "json_is_predicate",
        "json_key_value",
        "json_object_agg",
        "json_object_constructor",
        "json_output",
        "json_parse_expr",
        "json_returning",
        "json_scalar_expr",
        "json_serialize_expr",
        "json_table_column",
        "json_table_path_spec",
        "json_value_expr",
        "list",
        "merge_support_func",
        "min_max_expr",
        "multi_assign_ref",
        "named_arg_expr",
        "null_test",
        "param_ref",
        "range_table_func_col",
        "res_target",
        "row_expr",
        "set_to_default",
        "sqlvalue_function",
        "string",
        "type_name",
        "xml_expr",
        "xml_serialize",
    ]
)
_WITHOUT_COLUMNS: Final = frozenset({"a_const", "param_ref", "string", "type_name"})
# Typed parts of expressions; any other would be something that this does not know.
_PARTS: Final = frozenset(
    [
        "JsonAggConstructor",
        "JsonBehavior",
        "JsonFormat",
        "JsonKeyValue",
        "JsonOutput",
        "JsonReturning",
        "JsonTablePathSpec",
        "JsonValueExpr",
        "CollateClause",
    ]
)


class Result(NamedTuple):
    """What a query gives. rest: None, or what columns of unknown number are computed from.

    tested: what decides which rows there are.
    """

    columns: Sequence[Column] = ()
    rest: Flow | None = None
    tested: Flow = NOTHING

    def whole(self) -> Flow:
        """Return what any of its columns is computed from."""
        return union(self.columns) | (self.rest or NOTHING)

    def places(self) -> Sequence[Flow] | None:
        """Return what its columns are computed from, in order; None if that is not known."""
        return None if self.rest is not None else [flow for _, flow in self.columns]


class Table(NamedTuple):
    """A relation of the catalogue. hidden: what a view's own definition tests."""

    name: str
    columns: Sequence[Column]
    named: dict[str, Flow]
    hidden: Flow = NOTHING


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rule follows which node."""

    expressions: Mapping[str, ExpressionRule]
    queries: Mapping[str, QueryRule]
    window: Callable[[Tracer, pb.WindowDef, Level, set[str]], None]
    bring_in: Callable[[Tracer, pb.WithClause, Level | None], set[str]]


class Tracer:
    """The state of following one statement.

    read, stored: as `Flows` has them, so far. hidden: of `read`, what definitions of views
    test. queries: WITH queries that are visible here. made_table: it is a SELECT INTO. numbered:
    a column of a result is told by its number, as by `ORDER BY 1`.
    """

    def __init__(
        self, names: Names, table_of: TableOf, function_reads: FunctionReads, rules: Rules
    ) -> None:
        self.names = names
        self.function_reads = function_reads
        self.read: set[str] = set()
        self.stored: set[str] = set()
        self.hidden: set[str] = set()
        self.queries: dict[str, Any] = {}
        self.made_table = False
        self.numbered = False
        self._table_of = table_of
        self._rules = rules
        self._steps = 0

    def another(self, names: Names) -> Tracer:
        """Return one that begins anew, with the same knowledge."""
        return Tracer(names, self._table_of, self.function_reads, self._rules)

    def gather(self, node: pb.Node, level: Level, found: set[str]) -> None:
        """Add to `found` all columns that an expression is computed from."""
        kind = node.WhichOneof("node")
        if kind is None or kind in _WITHOUT_COLUMNS:
            return
        rule = self._rules.expressions.get(kind)
        if rule is not None:
            rule(self, getattr(node, kind), level, found)
        elif kind in _COMPUTED:
            self.gather_parts(getattr(node, kind), level, found)
        elif kind in self._rules.queries:
            self.gather_result(self.query(node, level), found)
        else:
            raise Lost

    def gather_all(self, nodes: Sequence[pb.Node], level: Level, found: set[str]) -> None:
        """Add what any of these expressions is computed from."""
        for node in nodes:
            self.gather(node, level, found)

    def gather_parts(self, message: Message, level: Level, found: set[str]) -> None:
        """Add what any part of this node is computed from."""
        for field, value in message.ListFields():
            if field.message_type is None:
                continue
            for part in (value,) if isinstance(value, Message) else value:
                if isinstance(part, pb.Node):
                    self.gather(part, level, found)
                elif isinstance(part, pb.WindowDef):
                    self._rules.window(self, part, level, found)
                elif part.DESCRIPTOR.name in _PARTS:
                    self.gather_parts(part, level, found)
                elif not isinstance(part, pb.TypeName):
                    raise Lost

    def gather_result(self, result: Result, found: set[str]) -> None:
        """Add what the value of a subquery in an expression is computed from."""
        for _, flow in result.columns:
            found |= flow
        found |= result.rest or NOTHING
        found |= result.tested

    def value(self, node: pb.Node, level: Level) -> Flow:
        """Return all columns that an expression is computed from."""
        found: set[str] = set()
        self.gather(node, level, found)
        return frozenset(found)

    def window(self, node: pb.WindowDef, level: Level, found: set[str]) -> None:
        """Add what a row's place in a window is computed from."""
        self._rules.window(self, node, level, found)

    def query(self, node: pb.Node, parent: Level | None) -> Result:
        """Return what a query, or a change of rows with RETURNING, gives."""
        kind = node.WhichOneof("node")
        if kind is None or kind not in self._rules.queries:
            raise Lost
        return self.enter(kind, getattr(node, kind), parent)

    def enter(self, kind: str, node: Any, parent: Level | None) -> Result:
        """Return what a query of that kind gives, with its WITH queries visible inside."""
        self.spend()
        rule = self._rules.queries[kind]
        if not node.HasField("with_clause"):
            return rule(self, node, parent)
        outer = self.queries
        try:
            tested = self._rules.bring_in(self, node.with_clause, parent)
            result = rule(self, node, parent)
            return result._replace(tested=result.tested | tested)
        finally:
            self.queries = outer

    def bring_in(self, clause: pb.WithClause, parent: Level | None) -> set[str]:
        """Make WITH queries visible; return what they test."""
        return self._rules.bring_in(self, clause, parent)

    def table(self, node: pb.RangeVar) -> Source:
        """Return a table or view as FROM has it, under its alias."""
        alias = node.alias.aliasname or node.relname
        relation = self.names.find(node.schemaname, node.relname)
        if relation is None or (not relation.columns and relation.kind not in "rpvmf"):
            full = self.names.relation(node.schemaname, node.relname)
            source = Source(alias, (), frozenset({f"{full}.*"}), full)
        else:
            table = self._table_of(relation)
            self.read |= table.hidden
            self.hidden |= table.hidden
            source = Source(alias, table.columns, None, table.name, table.named)
        names = [name.string.sval for name in node.alias.colnames]
        return source.known_as(alias, names) if names else source

    def spend(self, columns: int = 0) -> None:
        """Count one step, with so many columns; raises Lost beyond what any statement needs."""
        self._steps += 1 + columns // _COLUMNS_A_STEP
        if self._steps > MAX_STEPS:
            raise Lost
