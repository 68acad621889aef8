"""What a target of `protocol = "mcp"` says: a server of tools for agents."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class McpTargetConfig:
    """`[targets.mcp]`: a server of the Model Context Protocol.

    url: where it is. command: instead of it, the program that is one, with its arguments; it is
    started by the gateway, one for each session, and speaks on its standard input and output.
    environment: all that it is given of that, `NAME=value`; `NAME={password}` gives it what
    `password` refers to. login, token_url, scope: as for `[targets.http]`, of a server at `url`.
    max_result: bytes that an answer may have, such as `4MiB`; a larger one does not pass.
    """

    url: str = ""
    command: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    login: str = "none"
    token_url: str = ""
    scope: str = ""
    max_result: str = "1MiB"
