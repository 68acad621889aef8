"""The door for HTTP: web applications and APIs, and whoever else answers below a path."""

import functools
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from assent.config import own_patterns, split_address
from assent.control.reach import Reach
from assent.edges.credentials import web_login
from assent.edges.doors import Address, DoorParts
from assent.edges.mcp_door import serve_agents
from assent.edges.proxies import client_of, networks_of
from assent.gateway.certificates import client_side
from assent.gateway.http.callers import Callers
from assent.gateway.http.entrances import Entrances
from assent.gateway.http.exchange import Exchanges
from assent.gateway.http.news import News
from assent.gateway.http.server import HttpServer
from assent.gateway.http.target_routes import TargetRoutes
from assent.gateway.http.upstreams import Upstreams
from assent.gateway.http.visits import Visits
from assent.gateway.http.web_gateway import Places, WebGateway
from assent.gateway.waited import Waited

_GOODBYE = "the gateway is stopping; try again in a moment"


async def start(parts: DoorParts) -> Address:
    """Return where it listens. Raises OperatorFault."""
    config = parts.premises.config.http
    hosts = _Hosts(config.public_url, config.domain, https=bool(config.certificate))
    server = HttpServer(hosts.domain, _tls(parts), config.most_connections)
    proxies = networks_of(parts.premises.config.server.proxies)
    plane = parts.assembly.plane
    callers = Callers(
        plane.sign_in,
        plane.directory,
        parts.premises.clock,
        functools.partial(client_of, proxies=proxies),
    )
    # Whoever answers below a path of their own takes it here, before anybody can ask.
    _serve_targets(server, callers, hosts, parts)
    address = await server.start(*split_address(config.listen, "[http] listen"))
    hosts.port = address[1]
    plane.sign_in.entering.open_at(lambda name: _origin(hosts, parts, name))
    parts.stack.push_async_callback(server.stop)
    return address


@dataclass(slots=True)
class _Hosts:
    """Where browsers reach hosts of targets. port: that it listens on, once it does."""

    public_url: str
    named: str
    https: bool
    port: int = 0

    @property
    def domain(self) -> str:
        """What stands behind the name of a target."""
        return urlsplit(self.public_url).hostname or self.named

    @property
    def secure(self) -> bool:
        """Whether browsers reach them by TLS."""
        return self.public_url.startswith("https:") or (not self.public_url and self.https)

    def origin_of(self, name: str) -> str:
        """Return the origin of a target's host, as browsers write it."""
        scheme = "https" if self.secure else "http"
        port = urlsplit(self.public_url).port if self.public_url else self.port
        behind = f":{port}" if port and port != {"http": 80, "https": 443}[scheme] else ""
        return f"{scheme}://{name.lower()}.{self.domain}{behind}"


def _serve_targets(server: HttpServer, callers: Callers, hosts: _Hosts, parts: DoorParts) -> None:
    premises, plane = parts.premises, parts.assembly.plane
    upstreams = Upstreams(web_login(premises, parts.stack.push_async_callback))
    visits = Visits(parts.gateway, callers)
    exchanges = Exchanges(
        visits=visits,
        callers=callers,
        upstreams=upstreams,
        routes=TargetRoutes(),
        waited=Waited(plane.requests),
        clock=premises.clock,
        reach=Reach(
            decider=parts.assembly.decider,
            surroundings=parts.assembly.sessions.surroundings,
            clock=premises.clock,
            ids=premises.ids,
        ),
        patterns=own_patterns(premises.config),
    )
    entering = plane.sign_in.entering
    gateway = WebGateway(
        exchanges=exchanges,
        callers=callers,
        entrances=Entrances(entering, premises.ids, parts.public_url, https=hosts.secure),
        news=News(plane.requests, plane.events),
        directory=plane.directory,
        places=Places(hosts.origin_of, parts.public_url),
        clock=premises.clock,
        ids=premises.ids,
    )
    server.take("at", gateway.below_path)
    server.take_hosts(gateway.on_host)
    serve_agents(server, callers, upstreams, parts)
    parts.stack.push_async_callback(upstreams.close)
    parts.stack.push_async_callback(visits.stop, _GOODBYE)
    parts.stack.callback(parts.tasks.create_task(visits.run()).cancel)


def _origin(hosts: _Hosts, parts: DoorParts, name: str) -> str:
    target = parts.assembly.plane.directory.target_named(name)
    return hosts.origin_of(name) if target is not None and target.protocol == "http" else ""


def _tls(parts: DoorParts) -> ssl.SSLContext | None:
    config, folder = parts.premises.config.http, parts.premises.config.folder
    if not config.certificate:
        return None
    return client_side(folder / config.certificate, folder / config.key if config.key else None)
