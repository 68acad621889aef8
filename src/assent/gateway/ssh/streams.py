"""The bytes of one channel, as whoever relays a subsystem reads and writes them."""

from typing import Protocol


class ByteStream(Protocol):
    """One end of a channel: the client's, or the target's. Back-pressure both ways."""

    async def read(self) -> bytes:
        """Return the next bytes, as they came; empty at their end, or when the channel is gone."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes; what is written to a channel that is gone is dropped."""
        ...

    async def drain(self) -> None:
        """Wait until what was written is on its way; returns at once when the channel is gone."""
        ...

    def write_eof(self) -> None:
        """Say that no more bytes come."""
        ...
