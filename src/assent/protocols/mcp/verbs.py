"""What can be done over MCP, and to what."""

from collections.abc import Mapping

from assent.core.action import Operation

OPERATIONS: Mapping[str, Operation] = {
    "tool.call": Operation.EXECUTE,
    "tool.admit": Operation.ADMINISTER,
    "document.read": Operation.READ,
    "prompt.get": Operation.READ,
    "mcp.unknown": Operation.UNKNOWN,
}
"""Verb → what it usually does. `tool.call` is on a Tool; what it does (`read`, `write`) is what the
tool says of itself, once its definition was assented to by `tool.admit`, and EXECUTE where it says
nothing. The columns of its touch are its arguments, by their paths. `document.read` is on a
Document: what MCP calls a resource, by its URI. `prompt.get` is on a Prompt.
"""

VERBS = frozenset(OPERATIONS)
RESOURCES = frozenset({"Tool", "Document", "Prompt"})
