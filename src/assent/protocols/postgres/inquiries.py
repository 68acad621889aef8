"""Statements of the gateway's own on the client's connection, while nothing of the client's runs.

What they answer never reaches the client: it is kept, bounded, until the last of them is over.
"""

from assent.core.faults import PeerFault
from assent.core.plugins import Inquired
from assent.protocols.postgres import refusals
from assent.protocols.postgres.messages import Cursor, Inbox, query, violation

MOST_BYTES = 1 << 20
"""Of rows that are kept; what is more is an error of the inquiry."""

_LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024
# For the client all the same: what it listens for, and parameters that changed.
_PASSED = frozenset(b"AS")

Rows = tuple[tuple[str | None, ...], ...]


class Inquiry:
    """One after the other, each in a message of its own, so that what cleans up always runs.

    status: of the transaction, as the last answer said.
    """

    def __init__(self, number: int, queries: tuple[str, ...], status: int) -> None:
        self.number = number
        self.status = status
        self._left = len(queries)
        self._queries = queries
        self._inbox = Inbox(_admit)
        self._rows: list[tuple[str | None, ...]] = []
        self._results: list[Rows] = []
        self._error = ""
        self._size = 0

    @property
    def messages(self) -> bytes:
        """What the target is sent."""
        return b"".join(query(text) for text in self._queries)

    @property
    def over(self) -> bool:
        """Whether the last of them was answered."""
        return self._left == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take bytes of the target; return what the client gets, and what follows the end.

        Raises PeerFault for what cannot be the answer to a query.
        """
        self._inbox.add(data)
        passed = b""
        while not self.over:
            message = self._inbox.next()
            if message is None:
                return passed, b""
            if message[0] in _PASSED:
                passed += message
            else:
                self._take(message[0], message[5:])
        return passed, self._inbox.drain()

    def inquired(self) -> Inquired:
        """Return what came of them; only when it is over."""
        return Inquired(self.number, tuple(self._results), self._error)

    def _take(self, kind: int, body: bytes) -> None:
        match kind:
            case 68:
                self._row(body)
            case 67:
                if not self._error:
                    self._results.append(tuple(self._rows))
                self._rows.clear()
            case 69:
                fields = refusals.read_error(body)
                if fields.severity in ("FATAL", "PANIC"):
                    raise PeerFault("target-ended", f"the target ended: {fields.message}"[:200])
                # The first is the reason; those behind it follow from it.
                self._error = self._error or f"{fields.sqlstate} {fields.message}"
            case 90:
                self._left -= 1
                self.status = body[0] if len(body) == 1 else 0
            case 84 | 78 | 73:
                pass
            case _:
                raise violation("the target sent a message that is not expected of one")

    def _row(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > MOST_BYTES:
            self._error = self._error or "54000 the answer is too large to be kept"
            return
        cursor = Cursor(body)
        values: list[str | None] = []
        for _ in range(cursor.short()):
            size = cursor.signed()
            values.append(None if size < 0 else cursor.take(size).decode("utf-8", "replace"))
        cursor.end()
        self._rows.append(tuple(values))


def _admit(kind: int, length: int) -> None:
    if length < 4 or length > _LARGEST_MESSAGE_BYTES:
        raise violation("a message of the target has an impossible length")
