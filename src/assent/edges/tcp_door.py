"""The door for TCP."""

from assent.config import split_address
from assent.edges.door_certificates import serving_tls
from assent.edges.doors import Address, DoorParts
from assent.gateway.tcp import TcpListener

_GOODBYE = "the gateway is stopping; connect again in a moment"


async def start(parts: DoorParts) -> Address:
    """Listen, and return where. Raises OperatorFault."""
    config = parts.premises.config.tcp
    host, port = split_address(config.listen, "[tcp] listen")
    tls, require = serving_tls(parts.premises, host, parts.assembly.plane.devices.certificates)
    listener = TcpListener(parts.gateway, tls, require_tls=require, most=config.most_connections)
    address = await listener.start(host, port)
    parts.stack.push_async_callback(listener.stop, _GOODBYE)
    return address
