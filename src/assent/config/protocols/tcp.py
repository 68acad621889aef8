"""The door for whatever else goes over TCP."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TcpConfig:
    """`[tcp]`: the gateway for targets of `protocol = "tcp"`, by HTTP CONNECT (RFC 9110, 9.3.6).

    listen: `host:port`; port 0 takes a free one, empty for no such door. most_connections: clients
    at once. TLS as in `[postgres]`, with the same certificate.
    """

    listen: str = ""
    most_connections: int = 1000
