"""HTTP: requests, read to the route and the fields that they touch."""

from assent.core.plugins import ProtocolPlugin
from assent.protocols.http.verbs import RESOURCES, VERBS

PLUGIN = ProtocolPlugin(
    name="http",
    verbs=VERBS,
    resources=RESOURCES,
    honours=frozenset({"record", "max_duration", "decide_each", "read_only", "record_results"})
    | {"mask", "mask_inference", "max_bytes", "more", "statement_timeout", "watched_by"},
)

__all__ = ["PLUGIN"]
