"""The most that a statement may do with columns, where it cannot be followed."""

from collections.abc import Iterator

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from assent.core.flows import Flows
from assent.protocols.postgres.statements.flows_scope import UNKNOWN, Flow
from assent.protocols.postgres.statements.flows_tracer import Tracer
from assent.protocols.postgres.statements.walk import parts


def coarse(tracer: Tracer, node: Message) -> Flows:
    """Return flows in which every column of every table that is named goes everywhere."""
    read = frozenset(everything(tracer, node) - {UNKNOWN})
    return Flows(None, read, read, read)


def everything(tracer: Tracer, node: Message) -> Flow:
    """Return all columns of all relations that are named anywhere below."""
    found: set[str] = set()
    for part in below(node):
        if isinstance(part, pb.RangeVar):
            found |= tracer.table(
                pb.RangeVar(schemaname=part.schemaname, relname=part.relname)
            ).whole()
        elif isinstance(part, pb.FuncCall):
            found |= tracer.function_reads(part) or frozenset()
    return frozenset(found | tracer.read)


def below(node: Message) -> Iterator[Message]:
    """Yield a node and all below it, without going deeper into Python's stack."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if not isinstance(current, pb.A_Const):
            waiting.extend(part for _, part in parts(current))
