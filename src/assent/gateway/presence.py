"""Whether a peer is still there, as far as its connection can tell without being read."""

import asyncio
import select
import socket

# A laptop that was closed or a network that forgot us is noticed within two minutes.
_SILENT_FOR_S = 60
_PROBE_EVERY_S = 15
_PROBES = 4


def keep_alive(transport: asyncio.BaseTransport) -> None:
    """Have the kernel ask a silent peer now and then whether it is still there."""
    found = transport.get_extra_info("socket")
    if found is None:
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _SILENT_FOR_S),
        ("TCP_KEEPINTVL", _PROBE_EVERY_S),
        ("TCP_KEEPCNT", _PROBES),
    ):
        # Not every system names all of them.
        if hasattr(socket, name):
            found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def has_hung_up(transport: asyncio.BaseTransport) -> bool:
    """Return whether the peer has closed its side, even behind bytes that were never read.

    It is seen as soon as the peer's end arrives, or its reset; an end that waits behind bytes
    for which there is no room here cannot arrive.
    """
    found = transport.get_extra_info("socket")
    if found is None or found.fileno() < 0:
        return False
    poll = select.poll()
    # Without POLLRDHUP (Linux) only a reset shows; POLLHUP and POLLERR are always told.
    poll.register(found.fileno(), getattr(select, "POLLRDHUP", 0))
    return bool(poll.poll(0))
