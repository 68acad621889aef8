"""The door for HTTP: web applications and APIs, and whoever else answers below a path."""

import functools
import ssl

from assent.config import split_address
from assent.edges.doors import Address, DoorParts
from assent.edges.proxies import client_of, networks_of
from assent.gateway.certificates import client_side
from assent.gateway.http.callers import Callers
from assent.gateway.http.server import HttpServer


async def start(parts: DoorParts) -> Address:
    """Return where it listens. Raises OperatorFault."""
    premises, plane = parts.premises, parts.assembly.plane
    config = premises.config.http
    server = HttpServer(config.domain, _tls(parts), config.most_connections)
    proxies = networks_of(premises.config.server.proxies)
    callers = Callers(
        plane.sign_in,
        plane.directory,
        premises.clock,
        functools.partial(client_of, proxies=proxies),
    )
    # Whoever answers below a path of their own takes it here, before anybody can ask.
    _take_paths(server, callers, parts)
    address = await server.start(*split_address(config.listen, "[http] listen"))
    parts.stack.push_async_callback(server.stop)
    return address


def _take_paths(server: HttpServer, callers: Callers, parts: DoorParts) -> None:
    """Let each part of the gateway answer below its own prefix: `server.take("at", …)`."""


def _tls(parts: DoorParts) -> ssl.SSLContext | None:
    config, folder = parts.premises.config.http, parts.premises.config.folder
    if not config.certificate:
        return None
    return client_side(folder / config.certificate, folder / config.key if config.key else None)
