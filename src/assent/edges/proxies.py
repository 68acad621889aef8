"""Where a request comes from, when it comes through a proxy of the operator's.

Everything that is counted by address (guesses, sign-ins, networks) would otherwise see one
address for everybody. Only what a named proxy says is believed, and of its list only the part that
such proxies wrote themselves.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network
_MOST_HOPS = 20


def networks_of(proxies: Sequence[str]) -> tuple[Network, ...]:
    """Return addresses and networks of proxies. Raises ValueError for what is none."""
    return tuple(ip_network(text) for text in proxies)


def client_of(peer: str, forwarded_for: str, proxies: Sequence[Network]) -> str:
    """Return the address of the client: the last one that is no proxy of ours.

    peer: who is connected. forwarded_for: `X-Forwarded-For`, to whose end each proxy adds whom it
    was reached by. What stands before the first thing that is no address is not believed.
    """
    client = _address(peer)
    if client is None:
        return peer
    for word in reversed(forwarded_for.split(",")[-_MOST_HOPS:]):
        before = _address(word.strip())
        if before is None or not any(client in network for network in proxies):
            break
        client = before
    return str(client)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


class BehindProxies:
    """Puts the client's address in the place of the proxy's, for everything that looks at it."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = tuple(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as one of its client's."""
        if scope["type"] == "http" and scope.get("client"):
            said = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
            peer = scope["client"][0]
            client = client_of(peer, b",".join(said).decode("latin-1"), self._proxies)
            if client != peer:
                scope = {**scope, "client": (client, 0)}
        await self._app(scope, receive, send)
