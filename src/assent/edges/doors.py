"""The doors beside PostgreSQL's: SSH, HTTP with MCP, and TCP; only those that listen are built."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from assent.control.assemble import Assembly
from assent.edges.premises import Premises
from assent.gateway.sessions import GatewayParts

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class DoorParts:
    """What a door is built with. public_url: of the console. tasks: where its work runs.

    stack: takes what ends it.
    """

    premises: Premises
    assembly: Assembly
    gateway: GatewayParts
    public_url: str
    tasks: asyncio.TaskGroup
    stack: contextlib.AsyncExitStack


async def begin(parts: DoorParts) -> Mapping[str, Address]:
    """Open those doors that listen, and return where: `ssh`, `http`, `tcp`. Raises OperatorFault.

    Each is imported where it is needed: they cost time at the start.
    """
    config = parts.premises.config
    opened: dict[str, Address] = {}
    if config.ssh.listen:
        from assent.edges import ssh_door

        opened["ssh"] = await ssh_door.start(parts)
    if config.http.listen:
        from assent.edges import http_door

        opened["http"] = await http_door.start(parts)
    if config.tcp.listen:
        from assent.edges import tcp_door

        opened["tcp"] = await tcp_door.start(parts)
    return opened
