"""What the target is asked before a statement runs, and nothing that could run it.

Planning computes immutable functions, so only statements that were understood to the end are
asked about, in a transaction that can write nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError, Message
from postgast import PgQueryError, deparse, parse
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.impact.counting import counting

TIMEOUT_MS = 500
LOCK_TIMEOUT_MS = 200
"""For a lock that somebody holds: the plan is not worth waiting for it."""

MOST_TEXT_BYTES = 64 * 1024
_PLANNED = frozenset(
    (
        "select_stmt",
        "insert_stmt",
        "update_stmt",
        "delete_stmt",
        "merge_stmt",
        "create_table_as_stmt",
    )
)


@dataclass(frozen=True, slots=True)
class Script:
    """Statements to send, one after the other. plan, count: which of them answers what."""

    queries: tuple[str, ...]
    plan: int
    count: int | None = None


def script(
    text: str, parameters: Sequence[str | None], *, in_transaction: bool, exact: bool
) -> Script | None:
    """Return what to ask about a statement, None where the planner cannot be asked.

    parameters: as they are shown to people. exact: count as well what a change would hit.
    """
    tree = _single(text)
    if tree is None:
        return None
    node = tree.stmts[0].stmt
    if parameters:
        if not _fill_in(node, parameters):
            return None
        text = deparse(tree)
    plan = f"EXPLAIN (FORMAT JSON, VERBOSE) {text}"
    if not _only_explains(plan):
        return None
    count = counting(node) if exact else None
    begin, end = _IN_TRANSACTION if in_transaction else _OUTSIDE
    asked = (plan,) if count is None else (plan, count)
    return Script((*begin, *asked, *end), len(begin), None if count is None else len(begin) + 1)


_LIMITS = (
    f"SET LOCAL statement_timeout = {TIMEOUT_MS}",
    f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}",
)
_OUTSIDE = (("BEGIN READ ONLY", *_LIMITS), ("ROLLBACK",))
# Rolled back to in any case: settings and locks are then as they were before.
_IN_TRANSACTION = (
    ("SAVEPOINT assent_impact", *_LIMITS, "SET LOCAL transaction_read_only = on"),
    ("ROLLBACK TO SAVEPOINT assent_impact", "RELEASE SAVEPOINT assent_impact"),
)


def _single(text: str) -> pb.ParseResult | None:
    if len(text) > MOST_TEXT_BYTES:
        return None
    try:
        tree = parse(text)
    except (PgQueryError, DecodeError):
        return None
    if len(tree.stmts) != 1 or tree.stmts[0].stmt.WhichOneof("node") not in _PLANNED:
        return None
    return tree


def _only_explains(text: str) -> bool:
    """Whether the text is one EXPLAIN, as the parser itself sees it, that runs nothing."""
    try:
        tree = parse(text)
    except (PgQueryError, DecodeError):
        return False
    if len(tree.stmts) != 1 or not tree.stmts[0].stmt.HasField("explain_stmt"):
        return False
    names = [option.def_elem.defname for option in tree.stmts[0].stmt.explain_stmt.options]
    return names == ["format", "verbose"]


def _fill_in(message: Message, parameters: Sequence[str | None]) -> bool:
    """Put literals in the place of parameters; return whether all of them could be.

    What is shown as bytes or as a digest is not the value.
    """
    if isinstance(message, pb.Node) and message.HasField("param_ref"):
        number = message.param_ref.number
        if not 0 < number <= len(parameters):
            return False
        value = parameters[number - 1]
        if value is not None and value.startswith(("\\x", "sha256:")):
            return False
        if value is None:
            message.a_const.isnull = True
        else:
            message.a_const.sval.sval = value
        return True
    return all(_fill_in(child, parameters) for child in _below(message))


def _below(message: Message) -> list[Message]:
    if isinstance(message, pb.Node):
        field = message.WhichOneof("node")
        return [] if field is None else _nodes(getattr(message, field))
    return _nodes(message)


def _nodes(message: Message) -> list[Message]:
    found: list[Message] = []
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        found += [value] if isinstance(value, Message) else list(value)
    return found
