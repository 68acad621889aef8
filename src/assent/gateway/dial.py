"""Reaches a target: one TCP connection, within a deadline."""

import asyncio
import ssl
import struct
from collections.abc import Callable

from assent.core.faults import OutsideFault
from assent.core.resource import Target

DEADLINE_S = 10.0
_CANCEL_REQUEST = 80877102


async def dial(
    target: Target,
    protocol: Callable[[], asyncio.Protocol],
    tls: ssl.SSLContext | None = None,
) -> asyncio.Transport:
    """Return a connected transport to `target`. Raises OutsideFault `target-unreachable`.

    tls: of a target that speaks TLS from its first byte on.
    """
    loop = asyncio.get_running_loop()
    name = target.host if tls is not None else None
    try:
        async with asyncio.timeout(DEADLINE_S):
            transport, _ = await loop.create_connection(
                protocol, target.host, target.port, ssl=tls, server_hostname=name
            )
    except TimeoutError as fault:
        raise OutsideFault(
            "target-unreachable", f"target `{target.name}` did not answer within {DEADLINE_S:.0f} s"
        ) from fault
    except OSError as fault:
        raise OutsideFault(
            "target-unreachable", f"target `{target.name}` cannot be reached"
        ) from fault
    return transport


async def cancel_at(target: Target, process_id: int, secret_key: bytes) -> None:
    """Ask the target to cancel what its process does (protocol 3.0, CancelRequest).

    The target answers nothing; whether it worked is seen on the connection itself.
    """
    transport = await dial(target, asyncio.Protocol)
    body = struct.pack("!II", _CANCEL_REQUEST, process_id) + secret_key
    transport.write(struct.pack("!I", len(body) + 4) + body)
    transport.close()
