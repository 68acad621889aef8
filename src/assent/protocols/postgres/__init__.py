"""PostgreSQL, protocol 3.0."""

from assent.core.plugins import ProtocolPlugin
from assent.protocols.postgres.relay import PostgresRelay
from assent.protocols.postgres.statements import RESOURCES, VERBS

PLUGIN = ProtocolPlugin(
    name="postgres",
    verbs=VERBS,
    resources=RESOURCES,
    honours=frozenset({"record", "max_duration", "decide_each"})
    | {"mask", "mask_inference", "max_rows", "max_bytes", "more"}
    | {"read_only", "record_results", "statement_timeout", "watched_by"},
)

__all__ = ["PLUGIN", "PostgresRelay"]
