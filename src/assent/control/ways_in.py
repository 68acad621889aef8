"""How each target is reached, by its protocol: where, and with what command.

One function a protocol. What they say holds no secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from assent.core.resource import Target

Addresses = Mapping[str, tuple[str, int]]
"""Host and port of each door that listens: `postgres`, `ssh`, `http`, `tcp`."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """Where a target is reached. host, port: of the gateway's door for its protocol.

    address: what its clients are given. command: the line of a shell that goes there.
    """

    host: str
    port: int
    address: str
    command: str


def way_to(target: Target, addresses: Addresses) -> WayIn | None:
    """Return how a target is reached, None where no door for its protocol listens."""
    by_name = _WAYS.get(target.protocol)
    found = addresses.get("http" if target.protocol == "mcp" else target.protocol)
    return by_name(target, *found) if by_name is not None and found is not None else None


def _postgres(target: Target, host: str, port: int) -> WayIn:
    address = f"postgresql://{_in_url(host)}:{port}/{quote(target.name, safe='')}"
    return WayIn(host, port, address, f"assent connect {target.name} --psql")


def _ssh(target: Target, host: str, port: int) -> WayIn:
    return WayIn(host, port, f"ssh://{_in_url(host)}:{port}", f"assent connect {target.name}")


def _http(target: Target, host: str, port: int) -> WayIn:
    address = f"http://{_in_url(host)}:{port}/at/{quote(target.name, safe='')}/"
    return WayIn(host, port, address, f'curl -H "Authorization: Bearer $ASSENT_TOKEN" {address}')


def _mcp(target: Target, host: str, port: int) -> WayIn:
    address = f"http://{_in_url(host)}:{port}/mcp/{quote(target.name, safe='')}"
    return WayIn(host, port, address, "")


def _tcp(target: Target, host: str, port: int) -> WayIn:
    # What follows CONNECT, which names the target and not a machine.
    return WayIn(host, port, f"{target.name}:{target.port}", f"assent tunnel {target.name}")


_WAYS: Mapping[str, Callable[[Target, str, int], WayIn]] = {
    "postgres": _postgres,
    "ssh": _ssh,
    "http": _http,
    "mcp": _mcp,
    "tcp": _tcp,
}


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
