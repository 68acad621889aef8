"""A syslog receiver over TLS, each page of messages on a connection of its own.

Syslog confirms nothing. What comes nearest is the end of TLS: we say that we are done, and the
receiver must answer so once it has read all before that. A connection that ends in another way
means that all of it is sent again: in TLS 1.3 it may be one that never let us in.
Source: RFC 5425, sections 4.3 and 4.4.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from assent.audit.syslog_lines import framed, syslog_message
from assent.control.exporting import Event
from assent.core.faults import OutsideFault

WITHIN_S = 10.0


class SyslogReceiver:
    """Sends to one receiver. trust: made anew each time, so that certificates may be renewed.

    confirmed: ask that it ends TLS in good order; without, what is lost with a connection is lost.
    It has a thread of its own: asyncio keeps to itself what goes wrong while TLS ends.
    """

    kind = "syslog"

    def __init__(
        self,
        name: str,
        server: tuple[str, int],
        trust: Callable[[], ssl.SSLContext],
        host: str,
        enterprise: int,
        *,
        confirmed: bool = True,
        within_s: float = WITHIN_S,
    ) -> None:
        self._name = name
        self._server = server
        self._trust = trust
        self._host = host
        self._enterprise = enterprise
        self._confirmed = confirmed
        self._within_s = within_s
        self._thread = ThreadPoolExecutor(1, f"syslog-{name}")
        self._socket: socket.socket | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def close(self) -> None:
        """Cut what is under way."""
        self._cut()
        self._thread.shutdown(wait=False)

    async def send(self, events: Sequence[Event]) -> int:
        """Send the events, in order. Raises OutsideFault, OperatorFault."""
        data = b"".join(framed(syslog_message(one, self._host, self._enterprise)) for one in events)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._deliver, data)
        except asyncio.CancelledError:
            self._cut()
            raise
        except TimeoutError:
            raise self._away(f"did not take all within {self._within_s:.0f} s") from None
        except ssl.SSLCertVerificationError as fault:
            words = f"showed a certificate that does not count: {fault.verify_message}"
            raise self._away(words) from fault
        except ssl.SSLEOFError as fault:
            words = "ended the connection without a word (no `close_notify`, RFC 5425)"
            raise self._away(words) from fault
        except OSError as fault:
            raise self._away(f"cannot be reached ({type(fault).__name__})") from fault
        return 0

    def _deliver(self, data: bytes) -> None:
        host, _ = self._server
        trust = self._trust()
        with socket.create_connection(self._server, self._within_s) as plain:
            self._socket = plain
            with trust.wrap_socket(plain, server_hostname=host) as stream:
                self._socket = stream
                stream.sendall(data)
                try:
                    stream.unwrap()
                except ssl.SSLEOFError:
                    if self._confirmed:
                        raise
        self._socket = None

    def _cut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _away(self, words: str) -> OutsideFault:
        return OutsideFault("exporter-away", f"the syslog receiver {words}")
