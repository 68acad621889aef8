"""How packets go out: no more of them than there need be, those of one turn together.

asyncssh puts a packet that says nothing before each one, against attacks on ciphers of the kind CBC
(RFC 4253, section 9.3.1), which are not spoken here, and hands each of the two to the kernel by
itself. For a short command that was a good part of what the gateway added to it.
"""

import asyncio
import contextlib

from asyncssh.connection import SSHConnection
from asyncssh.constants import MSG_IGNORE
from asyncssh.packet import SSHPacketLogger

CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
)
"""What a client may choose from. ChaCha20-Poly1305, which OpenSSH's would prefer, is not there:
Terrapin was an attack on it (CVE-2023-48795), and a small packet takes several times as long by it
here: asyncssh makes four ciphers for each."""

CIPHERS_TO_TARGETS = (*CIPHERS, "chacha20-poly1305@openssh.com")
"""What a target may choose from, the first of these that it speaks: some speak only the last."""

_MOST_UNSENT = 64 * 1024


class Packets(SSHConnection):
    """A connection that leaves out packets that say nothing, and sends the others by the turn."""

    _unsent_bytes = 0

    def send_packet(
        self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None
    ) -> None:
        """Send a packet, if it says anything."""
        if pkttype != MSG_IGNORE:
            super().send_packet(pkttype, *args, handler=handler)

    def _send(self, data: bytes) -> None:
        if self._transport is None:
            return
        if not self._unsent_bytes:
            self._unsent: list[bytes] = []
            # With the transport: a connection that closes forgets it, and closes it only after.
            self._loop.call_soon(self._flush, self._transport, self._unsent)
        self._unsent.append(data)
        self._unsent_bytes += len(data)
        if self._unsent_bytes >= _MOST_UNSENT:
            self._flush(self._transport, self._unsent)

    def _flush(self, transport: asyncio.Transport, unsent: list[bytes]) -> None:
        if not unsent:
            return
        self._unsent_bytes = 0
        data = b"".join(unsent)
        unsent.clear()
        # The peer may have gone since; uvloop takes nothing for it then.
        if not transport.is_closing():
            with contextlib.suppress(ConnectionError):
                transport.write(data)
