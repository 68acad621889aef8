"""SSH: commands, files and forwarding, each read to what it touches."""

from assent.core.plugins import ProtocolPlugin
from assent.protocols.ssh.verbs import RESOURCES, VERBS

PLUGIN = ProtocolPlugin(
    name="ssh",
    verbs=VERBS,
    resources=RESOURCES,
    honours=frozenset(
        {"record", "max_duration", "decide_each", "read_only", "record_results", "watched_by"}
    ),
)

__all__ = ["PLUGIN"]
