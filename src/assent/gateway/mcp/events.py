"""Events in a stream of text (WHATWG HTML, 9.2), as servers of tools answer with them."""

from collections.abc import Iterator

from assent.core.faults import OutsideFault

MEDIA_TYPE = "text/event-stream"
PING = b": waiting\n\n"


def event(data: bytes) -> bytes:
    """Return an event with one message, which has no line breaks."""
    return b"event: message\ndata: " + data + b"\n\n"


class Cutter:
    """Cuts a stream into the data of its events that are messages. most: bytes of one event."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = b""
        self._lines: list[bytes] = []
        self._kind = b"message"
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what is whole by now. Raises OutsideFault `too-large`."""
        *whole, self._kept = (self._kept + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in whole:
            if not line:
                if self._lines and self._kind == b"message":
                    yield b"\n".join(self._lines)
                self._lines, self._kind, self._size = [], b"message", 0
            elif line.startswith(b"data:"):
                self._lines.append(line[5:].removeprefix(b" "))
                self._size += len(line)
            elif line.startswith(b"event:"):
                self._kind = line[6:].strip()
            self._check()
        self._check()

    def _check(self) -> None:
        if self._size + len(self._kept) > self._most:
            raise OutsideFault("too-large", f"an event has more than {self._most} bytes")
