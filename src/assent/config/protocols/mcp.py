"""What a target of `protocol = "mcp"` says: a server of tools for agents."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class McpTargetConfig:
    """`[targets.mcp]`: a server of the Model Context Protocol.

    url: where it is. command: instead of it, the program that is one, with its arguments; it is
    started by the gateway, one for each session, and speaks on its standard input and output.
    environment: what it is given of that, `NAME=value`. login, token_url, scope: as for
    `[targets.http]`, of a server at `url`.
    """

    url: str = ""
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    login: str = "none"
    token_url: str = ""
    scope: str = ""
