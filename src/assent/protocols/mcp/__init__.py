"""The Model Context Protocol: calls of tools, and what else agents ask servers for."""

from assent.core.plugins import ProtocolPlugin
from assent.protocols.mcp.verbs import RESOURCES, VERBS

PLUGIN = ProtocolPlugin(
    name="mcp",
    verbs=VERBS,
    resources=RESOURCES,
    honours=frozenset({"record", "max_duration", "decide_each", "read_only", "record_results"})
    | {"mask", "mask_inference", "max_bytes", "watched_by"},
)

__all__ = ["PLUGIN"]
