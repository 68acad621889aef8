"""The door for SSH."""

from assent.core.faults import OperatorFault
from assent.edges.doors import Address, DoorParts


async def start(parts: DoorParts) -> Address:
    """Return where it listens. Raises OperatorFault."""
    raise OperatorFault("no-door", "is not there", "[ssh] listen")
