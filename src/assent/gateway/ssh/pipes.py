"""Two channels that are coupled: what comes at one goes out at the other, no faster than it goes.

No task stands between them: the one that cannot take more stops the reading of the other.
"""

import asyncio
from typing import Any

import asyncssh
from asyncssh.channel import SSHChannel

_MOST_KEPT = 256 * 1024


class End:
    """One end. other: the one that it is coupled to, None while what comes is kept for `read`.

    received: bytes that came here. ended: it said that no more come. gone: it is closed.
    keeps_end: the other end does not hear that no more come before it hears how it ended.
    """

    keeps_end = False

    def __init__(self) -> None:
        self.channel: SSHChannel[bytes] | None = None
        self.other: End | None = None
        self.received = 0
        self.ended = False
        self.gone = asyncio.Event()
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._brakes: set[str] = set()
        self._news = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    # As whoever relays reads and writes it: `streams.ByteStream`.

    async def read(self) -> bytes:
        """Return the next bytes, empty at their end."""
        while not self._kept and not self.ended and not self.gone.is_set():
            self._news.clear()
            await self._news.wait()
        return self.take()

    def take(self) -> bytes:
        """Return what was kept, and go on reading."""
        taken = b"".join(self._kept)
        self._kept.clear()
        self._kept_bytes = 0
        self.release("kept")
        return taken

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.send(data)

    async def drain(self) -> None:
        """Wait until more may be written."""
        await self._writable.wait()

    def write_eof(self) -> None:
        """Say that no more bytes come."""
        if self.channel is not None and not self.channel.is_closing():
            try:
                self.channel.write_eof()
            except OSError:
                # It was closed by its peer meanwhile, who hears nothing any more.
                return

    # What the channel calls.

    def begin(self, channel: SSHChannel[Any]) -> None:
        """Hear of the channel that it is the end of."""
        self.channel = channel

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Pass bytes on, or keep them while there is nobody to pass them to."""
        self.received += len(data)
        self.passing(data, datatype)

    def passing(self, data: bytes, datatype: int | None) -> None:
        """Pass bytes on; ends that look at them first do so here."""
        if self.other is not None:
            self.other.send(data, datatype)
        elif datatype is None:
            self.keep(data)

    def keep(self, data: bytes) -> None:
        """Keep bytes for later, and read no more once there are many."""
        self._kept.append(data)
        self._kept_bytes += len(data)
        self._news.set()
        if self._kept_bytes > _MOST_KEPT:
            self.brake("kept")

    def eof_received(self) -> bool:
        """Hear that no more come; what goes the other way still does."""
        self.ended = True
        self._news.set()
        if self.other is not None and not self.keeps_end:
            self.other.write_eof()
        return True

    def pause_writing(self) -> None:
        """Hear that the peer takes no more for now."""
        self._writable.clear()
        if self.other is not None:
            self.other.brake("peer")

    def resume_writing(self) -> None:
        """Hear that it does again."""
        self._writable.set()
        if self.other is not None:
            self.other.release("peer")

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that the channel is closed."""
        self.gone.set()
        self._news.set()
        self._writable.set()
        if self.other is not None:
            self.other.release("peer")

    # What whoever couples them calls.

    def couple(self, other: "End") -> None:
        """Pass on what comes at each of the two to the other, from what was kept on."""
        self.other, other.other = other, self
        for one, to in ((self, other), (other, self)):
            if not to._writable.is_set():
                one.brake("peer")
            kept = b"".join(one._kept)
            one._kept.clear()
            if kept:
                one.passing(kept, None)
            # Only now: what comes by this must not overtake what was kept.
            one._kept_bytes = 0
            one.release("kept")
            if one.ended and not one.keeps_end:
                to.write_eof()

    def send(self, data: bytes, datatype: int | None = None) -> None:
        """Send bytes to the peer. What comes too late for it is dropped."""
        if self.channel is not None and not self.channel.is_closing():
            try:
                self.channel.write(data, datatype)
            except OSError:
                # The peer closed its end meanwhile.
                return

    def brake(self, reason: str) -> None:
        """Read no more here, until every reason for that is gone."""
        if not self._brakes and self.channel is not None and not self.gone.is_set():
            self.channel.pause_reading()
        self._brakes.add(reason)

    def release(self, reason: str) -> None:
        """Take back one reason."""
        if reason not in self._brakes:
            return
        self._brakes.discard(reason)
        if not self._brakes and self.channel is not None and not self.gone.is_set():
            self.channel.resume_reading()

    def close(self) -> None:
        """Close the channel, once what was written has gone."""
        if self.channel is not None and not self.gone.is_set():
            self.channel.close()


class Stream(End, asyncssh.SSHTCPSession[bytes]):
    """The end of a forwarded connection, or of one to an agent: when it closes, so does the other.

    total: of the two, once they are coupled.
    """

    def connection_made(self, chan: SSHChannel[bytes]) -> None:
        """Hear of the channel."""
        self.begin(chan)

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end too."""
        End.connection_lost(self, exc)
        if self.other is not None:
            self.other.close()

    @property
    def total(self) -> int:
        """Bytes both ways."""
        return self.received + (self.other.received if self.other is not None else 0)
