"""The TCP gateway: streams that are decided when they begin, by HTTP CONNECT (RFC 9110, 9.3.6)."""

from assent.gateway.tcp.listen import TcpListener

__all__ = ["TcpListener"]
