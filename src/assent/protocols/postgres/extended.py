"""The extended query: its messages read, and the group of them that ends with a Sync."""

import hashlib
import struct
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct, field

from assent.core.action import Statement
from assent.core.faults import PeerFault
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.messages import Cursor, violation
from assent.protocols.postgres.names import Overlay, Portal, Prepared
from assent.protocols.postgres.results.cursors import Source
from assent.protocols.postgres.results.results import Results
from assent.protocols.postgres.values import text_of

# Verbs after which the target may read text by other rules than before.
_RULES = frozenset(("sql.configure", "sql.impersonate", "sql.execute", "sql.alter", "sql.unknown"))
# Verbs after which the target may hold other names than before.
_NAMES = frozenset(("sql.create", "sql.alter", "sql.drop", "sql.execute", "sql.unknown"))


class Running(Struct, gc=False):
    """A statement let through. started_position: of the target's stream, in bytes.

    entry: of its decision. results: what is done to its rows, None for nothing. declared: what
    a cursor is for once this has run. timeout: how long it may run; deadline: when that is
    over, None once it was said. overran: it was cancelled for that.
    """

    sequence: int
    started_at: datetime
    started_position: int
    rows: int = -1
    error: str = ""
    entry: str = ""
    results: Results | None = None
    declared: Source | None = None
    timeout: timedelta | None = None
    deadline: datetime | None = None
    overran: bool = False


class Parsed(Struct, frozen=True, gc=False):
    """Awaits ParseComplete."""

    name: bytes
    prepared: Prepared
    generation: int


class Bound(Struct, frozen=True, gc=False):
    """Awaits BindComplete."""

    name: bytes
    portal: Portal
    generation: int


class Closed(Struct, frozen=True, gc=False):
    """Awaits CloseComplete. kind: `S` for a statement, `P` for a portal."""

    kind: int
    name: bytes


class Marked(Struct, frozen=True, gc=False):
    """Awaits the answer to a message of the gateway's own, which tells what comes behind it."""


class Described(Struct, frozen=True, gc=False):
    """Awaits the description of a portal that the gateway asked for."""

    results: Results


Expected: TypeAlias = Parsed | Bound | Closed | Running | Marked | Described


class Group(Struct):
    """Messages up to a Sync.

    waiting: not to be sent before something in or after it is decided; with what it awaits.
    ready: may be sent. expected: sent, not confirmed yet, in order. went_up: something was
    sent. synced: the Sync was. discarding: what the client still sends before its Sync is
    dropped, as the target itself would after an error. local: the target knows nothing of
    this group. copying_next: the target is about to say whether it takes a COPY.
    rules_moved: text of this group may be read by other rules than ours. next_query: a
    simple Query that came instead of a Sync, and waits for what was sent to be confirmed.
    watched: results of it are looked at. stopped: nothing more of them may be seen.
    """

    overlay: Overlay = field(default_factory=Overlay)
    waiting: list[bytes] = []
    waiting_bytes: int = 0
    waiting_expected: list[Expected] = []
    ready: list[bytes] = []
    expected: deque[Expected] = field(default_factory=deque)
    went_up: bool = False
    executed: bool = False
    synced: bool = False
    discarding: bool = False
    local: bool = False
    copying_next: bool = False
    rules_moved: bool = False
    next_query: bytes = b""
    watched: bool = False
    stopped: bool = False

    @property
    def running(self) -> Running | None:
        """What the target runs, or runs next; None where nothing is left."""
        for expected in self.expected:
            if isinstance(expected, Running):
                return expected
        return None

    def add(self, message: bytes, expected: Expected | None = None) -> None:
        """Append a message that may go when something later in the group may."""
        self.waiting.append(message)
        self.waiting_bytes += len(message)
        if expected is not None:
            self.waiting_expected.append(expected)

    def release(self) -> None:
        """All that waits may be sent."""
        self.ready += self.waiting
        self.expected += self.waiting_expected
        self.drop()
        self.went_up = True

    def drop(self) -> None:
        """What waits will never be sent."""
        self.waiting.clear()
        self.waiting_expected.clear()
        self.waiting_bytes = 0

    def take_ready(self) -> bytes:
        """Return what is to be sent now."""
        data = self.ready[0] if len(self.ready) == 1 else b"".join(self.ready)
        self.ready.clear()
        return data


def read_parse(body: bytes) -> tuple[bytes, bytes, tuple[int, ...]]:
    """Return the name, the text and the declared types of a Parse. Raises PeerFault."""
    cursor = Cursor(body)
    name, text = cursor.string(), cursor.string()
    kinds = cursor.take(4 * cursor.short())
    cursor.end()
    return name, text, struct.unpack(f"!{len(kinds) // 4}I", kinds)


def no_types(name: bytes) -> tuple[int, ...]:
    """Return that no types are known."""
    return ()


def read_bind(
    body: bytes, most_bytes: int, types_of: Callable[[bytes], tuple[int, ...]] = no_types
) -> tuple[bytes, bytes, Callable[[], tuple[str | None, ...]]]:
    """Return the portal, the statement and what shows the parameters. Raises PeerFault.

    most_bytes: of parameters are shown in full; longer ones by their SHA-256. types_of: a
    statement's parameters, to show binary ones by; asked now, not when they are shown.
    """
    cursor = Cursor(body)
    portal, name = cursor.string(), cursor.string()
    formats = [cursor.short() for _ in range(cursor.short())]
    values: list[bytes | None] = []
    for _ in range(cursor.short()):
        size = cursor.signed()
        if size < -1:
            raise violation("a parameter has a negative length")
        values.append(None if size == -1 else cursor.take(size))
    cursor.take(2 * cursor.short())
    cursor.end()
    if len(formats) > 1 and len(formats) != len(values):
        raise violation("a Bind gives formats for other parameters than it has")
    types = types_of(name)
    return portal, name, lambda: _shown(values, formats, types, most_bytes)


def read_execute(body: bytes) -> bytes:
    """Return the portal of an Execute. Raises PeerFault."""
    cursor = Cursor(body)
    portal = cursor.string()
    cursor.take(4)
    cursor.end()
    return portal


def read_named(body: bytes) -> tuple[int, bytes]:
    """Return `S` or `P` as a number and the name of a Describe or Close. Raises PeerFault."""
    cursor = Cursor(body)
    kind, name = cursor.byte(), cursor.string()
    cursor.end()
    if kind not in b"SP":
        raise violation("a Describe or Close names neither a statement nor a portal")
    return kind, name


def moves_rules(statement: Statement) -> bool:
    """Return whether the target may read text by other rules after this statement."""
    return (
        not statement.complete
        or any(touch.verb in _RULES for touch in statement.touches)
        or any(name.endswith("set_config") for name in statement.functions)
    )


def may_change_names(statement: Statement) -> bool:
    """Return whether the target may hold other names, or other columns, after this statement."""
    return not statement.complete or any(touch.verb in _NAMES for touch in statement.touches)


def readable(text: str) -> bool:
    """Return whether a text means the same by all rules: encodings and string escapes."""
    return text.isascii() and "\\" not in text


def check_bound(group: Group, limits: Limits) -> None:
    """Raise PeerFault for a pipeline that uses too many names to be remembered."""
    if len(group.overlay.statements) + len(group.overlay.portals) > 2 * limits.names:
        raise PeerFault("too-many", "too many names are used before a Sync")


def _shown(
    values: list[bytes | None], formats: list[int], types: tuple[int, ...], most_bytes: int
) -> tuple[str | None, ...]:
    left = most_bytes
    shown: list[str | None] = []
    for index, value in enumerate(values):
        if value is None:
            shown.append(None)
            continue
        left -= len(value)
        if left < 0:
            # An approval is bound to the whole of it all the same.
            shown.append(f"sha256:{hashlib.sha256(value).hexdigest()} ({len(value)} bytes)")
            continue
        code = formats[index if len(formats) > 1 else 0] if formats else 0
        kind = types[index] if index < len(types) else 0
        shown.append(_as_text(value) if code == 0 else text_of(kind, value))
    return tuple(shown)


def _as_text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "\\x" + value.hex()
