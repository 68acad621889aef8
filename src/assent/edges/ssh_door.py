"""The door for SSH."""

from assent.config import split_address
from assent.core.faults import OperatorFault
from assent.edges.doors import Address, DoorParts
from assent.gateway.ssh.door import SshDoor
from assent.gateway.ssh.parts import SshParts

_GOODBYE = "the gateway is stopping; connect again in a moment"


async def start(parts: DoorParts) -> Address:
    """Return where it listens. Raises OperatorFault."""
    config, assembly = parts.premises.config, parts.assembly
    host, port = split_address(config.ssh.listen, "[ssh] listen")
    authority = assembly.plane.ssh
    if authority is None:
        raise OperatorFault("no-ssh-authority", "has no keys to show", "[ssh] listen")
    door = SshDoor(
        SshParts(
            gateway=parts.gateway,
            opening=assembly.sessions.opening,
            directory=assembly.plane.directory,
            authority=authority,
        ),
        config.ssh.most_connections,
    )
    address = await door.start(host, port)
    parts.stack.push_async_callback(door.stop, _GOODBYE)
    return address
