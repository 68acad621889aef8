"""Views: what their definitions read, and which table is changed through one."""

from dataclasses import replace
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.core.action import Statement, Touch
from assent.protocols.postgres.catalogue.model import Relation
from assent.protocols.postgres.statements.findings import Findings
from assent.protocols.postgres.statements.inside import reading, tree_inside
from assent.protocols.postgres.statements.names import full_name, unquoted
from assent.protocols.postgres.statements.walk import Reader, strings

VIEW: Final = "v"
MATERIALIZED: Final = "m"
# What can stand between a view and its tables without any reading of its own.
_PLAIN: Final = ("view ", "partition ", "inherits ", "inherited by ", "computed column ")
_CHANGES: Final = frozenset({"sql.insert", "sql.update", "sql.delete"})


def follow(reader: Reader, verb: str, relation: Relation, columns: set[str]) -> None:
    """Note what a view does when `verb` is done to it; columns: of the view."""
    through = f"view {full_name(relation)}"
    if relation.kind == MATERIALIZED:
        if verb in ("sql.read", "sql.maintain"):
            inner = definition(reader, relation)
            reader.findings.behind(_stored(inner) if verb == "sql.read" else inner, through)
    elif relation.kind == VIEW:
        if verb in _CHANGES:
            _change(reader, verb, relation, columns, through)
        if verb == "sql.lock":
            _lock(reader, relation, through)
        if verb in ("sql.read", "sql.update", "sql.delete", "sql.lock"):
            reader.findings.behind(definition(reader, relation), through)


def _lock(reader: Reader, relation: Relation, through: str) -> None:
    """Note that a lock on a view is one on whatever it selects from."""
    for touch in definition(reader, relation).touches:
        by_views = not touch.through or touch.through.startswith("view ")
        if touch.verb == "sql.read" and touch.resource.kind == "Table" and by_views:
            with reader.findings.by(touch.through or through):
                reader.findings.touch("sql.lock", "Table", touch.resource.name)


def definition(reader: Reader, relation: Relation) -> Statement:
    """Return the reading of a view's query; the server writes all names in it in full."""

    def read(inner: Reader) -> None:
        for raw in tree_inside(inner, relation.definition, f"view {full_name(relation)}").stmts:
            inner.visit(raw.stmt)
        if not relation.definition:
            problem = f"cannot see what the view `{full_name(relation)}` reads"
            inner.findings.unknown("Table", full_name(relation), problem)

    return reading(reader, ("view", relation.oid), reader.names.under(()), read)


def narrowed(statement: Statement) -> Statement:
    """Return a statement without columns of its views' tables that it does not need.

    Only where nothing but views is looked through: where values go tells of no function's or
    trigger's own reading.
    """
    flows = statement.flows
    if flows is None or not all(
        t.through.startswith(_PLAIN) for t in statement.touches if t.through
    ):
        return statement
    touches = tuple(
        replace(touch, columns=_needed(touch, flows.read))
        if touch.verb == "sql.read" and touch.through.startswith("view ")
        else touch
        for touch in statement.touches
    )
    return replace(statement, touches=touches)


def _needed(touch: Touch, read: frozenset[str]) -> frozenset[str]:
    """Return which columns of a touch are among those that are read."""
    prefix = f"{touch.resource.name}."
    needed = {unquoted(name[len(prefix) :]) for name in read if name.startswith(prefix)}
    if "*" in needed:
        return touch.columns
    return frozenset(needed if "*" in touch.columns else touch.columns & needed)


def _stored(inner: Statement) -> Statement:
    """Return what the rows of a materialized view were once read from; nothing runs by now."""
    findings = Findings()
    for touch in inner.touches:
        if touch.verb == "sql.read":
            with findings.by(touch.through):
                kind, name = touch.resource.kind, touch.resource.name
                findings.touch("sql.read", kind, name, touch.columns)
    return findings.statement()


def _change(reader: Reader, verb: str, relation: Relation, columns: set[str], through: str) -> None:
    """Note that the table below a simple view is changed; other views need triggers or rules."""
    tree = tree_inside(reader, relation.definition, f"view {full_name(relation)}")
    select = tree.stmts[0].stmt.select_stmt if tree.stmts else pb.SelectStmt()
    items = list(select.from_clause)
    if len(items) != 1 or not items[0].HasField("range_var"):
        return
    names = reader.names.under(())
    table = names.relation(items[0].range_var.schemaname, items[0].range_var.relname)
    renamed = dict(zip(relation.columns, map(_column, select.target_list), strict=False))
    with reader.findings.by(through):
        wanted = {renamed.get(column, "*") for column in columns}
        reader.findings.touch(verb, "Table", table, wanted)


def _column(target: pb.Node) -> str:
    """Return the column of the table behind a column of the view, `*` for an expression."""
    names = strings(target.res_target.val.column_ref.fields)
    return names[-1] if names else "*"
