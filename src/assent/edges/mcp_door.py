"""The door for agents: servers of the Model Context Protocol below `/mcp` of the door for HTTP."""

from assent.config import own_patterns
from assent.control.reach import Reach
from assent.edges.doors import DoorParts
from assent.gateway.http.callers import Callers
from assent.gateway.http.server import HttpServer
from assent.gateway.http.upstreams import Upstreams
from assent.gateway.http.visits import Visits
from assent.gateway.mcp.calls import Calls
from assent.gateway.mcp.clients import Clients
from assent.gateway.mcp.door import McpDoor
from assent.gateway.mcp.methods import Methods
from assent.gateway.mcp.sessions import Desks
from assent.gateway.mcp.telling import Telling
from assent.gateway.waited import Waited

_GOODBYE = "the gateway is stopping; try again in a moment"


def serve_agents(
    server: HttpServer, callers: Callers, upstreams: Upstreams, parts: DoorParts
) -> None:
    """Answer below `/mcp/` as long as the door is open."""
    premises, assembly = parts.premises, parts.assembly
    plane, decider = assembly.plane, assembly.decider
    clients = Clients(premises.ids)
    reach = Reach(
        decider=decider,
        surroundings=assembly.sessions.surroundings,
        clock=premises.clock,
        ids=premises.ids,
    )
    desks = Desks(plane, reach, lambda: decider.policies.revision, upstreams, clients)
    visits = Visits(parts.gateway, callers, desks.ended)
    waited = Waited(plane.requests)
    methods = Methods(
        visits=visits,
        desks=desks,
        calls=Calls(waited, premises.clock, own_patterns(premises.config)),
        telling=Telling(plane.requests, parts.public_url),
        waited=waited,
        requests=plane.requests,
        clock=premises.clock,
    )
    server.take("mcp", McpDoor(callers, plane.directory, clients, methods).answer)
    parts.stack.push_async_callback(desks.stop)
    parts.stack.push_async_callback(visits.stop, _GOODBYE)
    parts.stack.callback(parts.tasks.create_task(visits.run()).cancel)
