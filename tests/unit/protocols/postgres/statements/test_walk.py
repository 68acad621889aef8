"""The walk: every statement of the grammar is known, and what is new is unknown."""

import pytest
from postgast import parse
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.findings import Findings
from assent.protocols.postgres.statements.handlers import HANDLERS
from assent.protocols.postgres.statements.names import Names
from assent.protocols.postgres.statements.walk import TRANSPARENT, Reader

# What the grammar never gives as a statement of its own.
INTERNAL = {"SetOperationStmt", "ReturnStmt", "PLAssignStmt", "ReplicaIdentityStmt"}


def test_every_statement_of_the_grammar_has_a_rule() -> None:
    statements = {
        field.message_type.name
        for field in pb.Node.DESCRIPTOR.fields
        if field.message_type.name.endswith("Stmt")
    }
    assert statements - INTERNAL - {"RawStmt"} <= HANDLERS.keys()


def test_every_rule_and_every_transparent_node_is_of_the_grammar() -> None:
    nodes = set(pb.DESCRIPTOR.message_types_by_name)
    assert HANDLERS.keys() <= nodes
    assert nodes >= TRANSPARENT


def test_no_node_is_both_transparent_and_ruled() -> None:
    assert not TRANSPARENT & HANDLERS.keys()


@pytest.mark.parametrize("missing", ["CallStmt", "CommentStmt", "SelectStmt", "JsonTable"])
def test_a_node_without_a_rule_is_unknown_and_still_looked_through(missing: str) -> None:
    handlers = {name: rule for name, rule in HANDLERS.items() if name != missing}
    findings = Findings()
    reader = Reader(Names(("public",)), handlers, findings)
    for text in ("SELECT * FROM orders", "CALL f()", "COMMENT ON TABLE orders IS 'x'"):
        reader.visit(parse(text).stmts[0].stmt)
    if missing == "JsonTable":
        reader.visit(pb.JsonTable())
    assert not findings.complete


def test_a_table_inside_an_unknown_node_is_seen() -> None:
    handlers = {name: rule for name, rule in HANDLERS.items() if name != "VacuumStmt"}
    findings = Findings()
    Reader(Names(("public",)), handlers, findings).visit(parse("VACUUM orders").stmts[0].stmt)
    found = {(touch.verb, touch.resource.name) for touch in findings.statement().touches}
    assert ("sql.unknown", "public.orders") in found
