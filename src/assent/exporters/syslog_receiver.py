"""A syslog receiver over TLS, each page of messages on a connection of its own.

Syslog confirms nothing. What comes nearest is the end of TLS: we say that we are done, and the
receiver answers so, or ends the connection in good order, once it has read all before that. A
connection that breaks, or does not end, means that all of it is sent again.
Source: RFC 5425, sections 4.3 and 4.4.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence

from assent.audit.syslog_lines import framed, syslog_message
from assent.control.exporting import Event
from assent.core.faults import OutsideFault

WITHIN_S = 15.0


class SyslogReceiver:
    """Sends to one receiver. trust: made anew each time, so that certificates may be renewed."""

    kind = "syslog"

    def __init__(
        self,
        name: str,
        server: tuple[str, int],
        trust: Callable[[], ssl.SSLContext],
        host: str,
        enterprise: int,
        within_s: float = WITHIN_S,
    ) -> None:
        self._name = name
        self._server = server
        self._trust = trust
        self._host = host
        self._enterprise = enterprise
        self._within_s = within_s

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def send(self, events: Sequence[Event]) -> int:
        """Send the events, in order. Raises OutsideFault, OperatorFault."""
        data = b"".join(framed(syslog_message(one, self._host, self._enterprise)) for one in events)
        try:
            async with asyncio.timeout(self._within_s):
                await self._deliver(data)
        except TimeoutError:
            words = f"did not take all within {self._within_s:.0f} s"
            raise OutsideFault("exporter-away", f"the syslog receiver {words}") from None
        except ssl.SSLCertVerificationError as fault:
            words = f"showed a certificate that does not count: {fault.verify_message}"
            raise OutsideFault("exporter-away", f"the syslog receiver {words}") from fault
        except (OSError, asyncio.IncompleteReadError) as fault:
            words = f"cannot be reached ({type(fault).__name__})"
            raise OutsideFault("exporter-away", f"the syslog receiver {words}") from fault
        return 0

    async def _deliver(self, data: bytes) -> None:
        host, port = self._server
        _, writer = await asyncio.open_connection(
            host, port, ssl=self._trust(), ssl_shutdown_timeout=self._within_s
        )
        try:
            writer.write(data)
            await writer.drain()
            writer.close()
            # Says that we are done, and waits for the receiver to say so.
            await writer.wait_closed()
        finally:
            writer.transport.abort()
