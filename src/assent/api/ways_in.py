"""How each target is reached from here: by the doors of this server."""

from collections.abc import Mapping
from typing import Any

from assent.api.door import Door
from assent.control.ways_in import WayIn, way_to
from assent.core.faults import ConflictFault
from assent.core.resource import Target


def way_in(door: Door, target: Target) -> WayIn | None:
    """Return how a target is reached, None where this server has no door for its protocol."""
    return way_to(target, {**door.addresses, "postgres": door.postgres_address()})


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
