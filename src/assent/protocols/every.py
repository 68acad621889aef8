"""Every protocol that there is, and what enforcement can keep of a policy's obligations in it."""

from assent.core.plugins import ProtocolPlugin
from assent.protocols import http, mcp, postgres, ssh, tcp

PROTOCOLS = (postgres.PLUGIN, ssh.PLUGIN, http.PLUGIN, mcp.PLUGIN, tcp.PLUGIN)


def _named(plugin: ProtocolPlugin) -> set[str]:
    return {f"{plugin.name}.{name}" for name in plugin.honours}


HONOURS: frozenset[str] = frozenset.intersection(*(plugin.honours for plugin in PROTOCOLS)).union(
    *map(_named, PROTOCOLS)
)
"""The obligations that all protocols can keep, and `ssh.read_only` what one of them can."""
