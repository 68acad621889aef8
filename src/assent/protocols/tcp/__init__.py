"""Any protocol over TCP: decided when it begins, counted, recorded, and not looked into."""

from assent.core.action import Operation, Statement, Touch
from assent.core.plugins import ProtocolPlugin
from assent.core.resource import Resource

PLUGIN = ProtocolPlugin(
    name="tcp",
    verbs=frozenset({"tcp.connect"}),
    resources=frozenset({"Target"}),
    honours=frozenset({"record", "max_duration", "decide_each", "record_results"}),
)


def connecting(target: str) -> Statement:
    """Return what opening a stream to a target is."""
    touch = Touch("tcp.connect", Operation.EXECUTE, Resource("Target", target))
    return Statement("tcp.connect", (touch,), complete=True)


__all__ = ["PLUGIN", "connecting"]
