"""How each target is reached, by its protocol: where, and with what command.

One function a protocol. What they say holds no secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from assent.api.door import Door
from assent.core.faults import ConflictFault
from assent.core.resource import Target


@dataclass(frozen=True, slots=True)
class WayIn:
    """Where a target is reached. host, port: of the gateway's door for its protocol.

    address: what its clients are given. command: the line of a shell that goes there.
    """

    host: str
    port: int
    address: str
    command: str


def way_in(door: Door, target: Target) -> WayIn | None:
    """Return how a target is reached, None where this server has no door for its protocol."""
    by_name = _WAYS.get(target.protocol)
    found = _listening(door, target.protocol)
    return by_name(target, *found) if by_name is not None and found is not None else None


def must_have_door(door: Door, name: str) -> None:
    """Raise ConflictFault for a target that there is no way to, before anything is made for it."""
    target = door.plane.directory.target_named(name)
    if target is not None and way_in(door, target) is None:
        section = "http" if target.protocol == "mcp" else target.protocol
        words = f"this server has no door for {target.protocol}; its operator opens one by"
        raise ConflictFault("no-door", f"{words} `[{section}] listen`")


def connection_facts(door: Door, target: Target) -> Mapping[str, Any]:
    """Return what is told of the way to a target with a password for it."""
    way = way_in(door, target) or WayIn("", 0, "", "")
    return {
        "protocol": target.protocol,
        "host": way.host,
        "port": way.port,
        "address": way.address,
        "command": way.command,
        "tls_sha256": door.certificate if target.protocol in ("postgres", "tcp") else "",
    }


def _listening(door: Door, protocol: str) -> tuple[str, int] | None:
    if protocol == "postgres":
        return door.postgres_address()
    return door.addresses.get("http" if protocol == "mcp" else protocol)


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
