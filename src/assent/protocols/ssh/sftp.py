"""SFTP between a client and a server: what is decided on is held back, what was permitted passes.

Sans-IO (draft-ietf-secsh-filexfer-02, version 3, with what OpenSSH adds). Bytes go in by
`from_client` and `from_target`, answers by `permit` and `refuse`; what is to be sent, asked and
written down comes out as `Moves`. It never raises for what a peer sent: `broken` says why it is
over. Each request of the client is answered exactly once, in whatever order.

Reading and writing are not looked at again: the file was decided on when it was opened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from assent.protocols.ssh.sftp_answers import bounded, names_in, welcome
from assent.protocols.ssh.sftp_names import Missing, Names
from assent.protocols.ssh.sftp_reading import Reading, opens_for, read_files, sets_more
from assent.protocols.ssh.sftp_requests import Request, Unsupported, read_request
from assent.protocols.ssh.sftp_wire import (
    LONGEST_HANDLE,
    VERSION,
    Fields,
    Kind,
    Status,
    Unreadable,
    each_packet,
    number,
    packet,
    status,
    string,
)

MOST_HANDLES: Final = 256
MOST_WAITING: Final = 256
MOST_UNDER_WAY: Final = 1_024

_PASSES = frozenset(
    {"realpath", "limits", "expand-path", "home-directory", "users-groups-by-id", "fstat"}
    | {"fstatvfs", "fsync", "readdir"}
)
"""What passes as it is: questions that say nothing of what is in a file, or of what is open."""

_CODES: Mapping[int, str] = {
    Status.OK: "",
    Status.EOF: "eof",
    Status.NO_SUCH_FILE: "no-such-file",
    Status.PERMISSION_DENIED: "permission-denied",
}


@dataclass(frozen=True, slots=True)
class Question:
    """May this be done? Answer by `permit` or `refuse`."""

    ticket: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of something that was permitted. error: a short code, empty where it went well."""

    ticket: int
    bytes: int
    error: str = ""


@dataclass(slots=True)
class Moves:
    """What is to be done now. shown: what the client gets to see of what a ticket permitted.

    ended comes before what is sent: it is written down first.
    """

    to_client: bytearray = field(default_factory=bytearray)
    to_target: bytearray = field(default_factory=bytearray)
    questions: list[Question] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    shown: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Opened:
    """A file or folder that is open. passed: bytes in both directions."""

    ticket: int
    path: bytes
    reads: bool
    writes: bool
    shows: bool
    passed: int = 0


@dataclass(slots=True, eq=False)
class _Operation:
    """A request that is decided on. decided: the names that it was, None before."""

    request: Request
    names: Names | None
    ticket: int = 0
    decided: tuple[bytes, ...] | None = None
    shows: bool = False


@dataclass(slots=True, eq=False)
class _Closing:
    opened: _Opened


class _Limits:
    """The question how much a server takes at once."""


_LIMITS = _Limits()
_Pending = _Opened | _Operation | _Closing | _Limits | None


class SftpRelay:
    """One SFTP session. broken: why it is over, empty while it is not."""

    def __init__(self) -> None:
        self.broken = ""
        self._client = bytearray()
        self._target = bytearray()
        self._moves = Moves()
        self._greeted = False
        self._answered = False
        self._under_way: dict[int, _Pending] = {}
        self._own: dict[int, _Operation] = {}
        self._next_own = 0xFFFF_FFFF
        self._waiting: dict[int, _Operation] = {}
        self._resolving: set[int] = set()
        self._tickets = 0
        self._handles: dict[bytes, _Opened] = {}
        self._opening = 0

    @property
    def full(self) -> bool:
        """Whether nothing more should be read from the client before the server has answered."""
        return len(self._under_way) >= MOST_UNDER_WAY

    def from_client(self, data: bytes) -> Moves:
        """Take what the client sent."""
        self._client += data
        self._guarded(lambda: each_packet(self._client, self._asked, self._moves.to_target))
        return self._taken()

    def from_target(self, data: bytes) -> Moves:
        """Take what the server sent."""
        self._target += data
        self._guarded(lambda: each_packet(self._target, self._replied, self._moves.to_client))
        return self._taken()

    def permit(self, ticket: int, *, look_again: bool = False, shows: bool = False) -> Moves:
        """Let a question's request through.

        look_again: time went by, so that its names may lead elsewhere now. shows: what the client
        gets to see of it comes out as `shown`.
        """
        operation = self._waiting.get(ticket)
        if operation is None or operation.names is None:
            raise ValueError(f"nothing waits with ticket {ticket}")
        operation.shows = shows
        operation.decided = tuple(operation.names.found)
        if look_again and operation.request.paths:
            operation.names = Names(operation.request)
            self._guarded(lambda: self._resolve(operation))
        else:
            self._guarded(lambda: self._release(operation))
        return self._taken()

    def refuse(self, ticket: int, words: str) -> Moves:
        """Answer a question's request with words instead."""
        operation = self._waiting.pop(ticket, None)
        if operation is None:
            raise ValueError(f"nothing waits with ticket {ticket}")
        self._drop(operation)
        self._say(operation.request.id, Status.PERMISSION_DENIED, words)
        return self._taken()

    def end(self) -> list[Ended]:
        """Return what was permitted and has not ended: files that nobody closed.

        What was released and not answered is among them, with the error `unanswered`.
        """
        ended = [Ended(one.ticket, one.passed, "not-closed") for one in self._handles.values()]
        for pending in self._under_way.values():
            if isinstance(pending, _Operation) and pending.ticket:
                ended.append(Ended(pending.ticket, 0, "unanswered"))
            elif isinstance(pending, _Closing):
                ended.append(Ended(pending.opened.ticket, pending.opened.passed, "unanswered"))
        ended += [
            Ended(one.ticket, 0, "not-released")
            for one in self._waiting.values()
            if one.decided is not None
        ]
        self._handles.clear()
        self._under_way.clear()
        self._waiting.clear()
        return ended

    # Bytes.

    def _taken(self) -> Moves:
        moves, self._moves = self._moves, Moves()
        return moves

    def _guarded(self, work: Callable[[], None]) -> None:
        if self.broken:
            return
        try:
            work()
        except Unreadable as error:
            self.broken = str(error)

    # What the client asks.

    def _asked(self, kind: int, body: memoryview) -> bool:
        if not self._answered:
            return self._greet(kind, body)
        if len(body) < 4:
            raise Unreadable("a request without a number")
        id = int.from_bytes(body[:4])
        if id in self._under_way or id in self._resolving:
            raise Unreadable(f"request {id} was asked twice")
        if id in self._own:
            self._say(id, Status.FAILURE, "this number is in use by the gateway; try another one")
            return False
        if kind in (Kind.READ, Kind.WRITE):
            return self._moved(kind, id, body)
        try:
            request = read_request(kind, bytes(body))
        except Unsupported as error:
            self._say(id, Status.OP_UNSUPPORTED, str(error))
            return False
        except Unreadable as error:
            self._say(id, Status.BAD_MESSAGE, str(error))
            return False
        return self._requested(request)

    def _greet(self, kind: int, body: memoryview) -> bool:
        if kind != Kind.INIT or len(body) < 4 or self._greeted:
            raise Unreadable("the client did not begin as SFTP does")
        if int.from_bytes(body[:4]) < VERSION:
            raise Unreadable("the client speaks an older version than 3")
        self._greeted = True
        # What clients add to it means nothing to servers of version 3.
        self._moves.to_target += packet(Kind.INIT, number(VERSION))
        return False

    def _moved(self, kind: int, id: int, body: memoryview) -> bool:
        """Let bytes of a file pass that was decided on when it was opened."""
        behind = 8 + int.from_bytes(body[4:8]) + 8 + 4
        if len(body) < behind:
            self._say(id, Status.BAD_MESSAGE, "it ends too soon")
            return False
        opened = self._handles.get(bytes(body[8 : behind - 12]))
        if opened is None or not (opened.reads if kind == Kind.READ else opened.writes):
            self._say(id, Status.FAILURE, "nothing of this name is open for that")
            return False
        if kind == Kind.READ:
            if len(body) != behind:
                self._say(id, Status.BAD_MESSAGE, "it is longer than what it says")
                return False
            self._under_way[id] = opened
            return True
        if int.from_bytes(body[behind - 4 : behind]) != len(body) - behind:
            self._say(id, Status.BAD_MESSAGE, "it does not hold as much as it says")
            return False
        opened.passed += len(body) - behind
        self._under_way[id] = None
        return True

    def _requested(self, request: Request) -> bool:
        found = [self._handles.get(handle) for handle in request.handles]
        opened = [one for one in found if one is not None]
        if len(opened) != len(found):
            self._say(request.id, Status.FAILURE, "nothing of this name is open")
            return False
        if request.verb == "close":
            self._under_way[request.id] = _Closing(self._handles.pop(request.handles[0]))
            return True
        if request.verb == "copy-data":
            return self._copied(request, *opened)
        if request.verb in _PASSES:
            usual = _LIMITS if request.verb == "limits" else None
            self._under_way[request.id] = opened[0] if request.verb == "readdir" else usual
            return True
        if request.verb == "fsetstat":
            return self._set(request, opened[0])
        return self._held(_Operation(request, Names(request)))

    def _copied(self, request: Request, source: _Opened, into: _Opened) -> bool:
        if not (source.reads and into.writes):
            self._say(request.id, Status.FAILURE, "they are not open for copying")
            return False
        into.passed += request.copies
        self._under_way[request.id] = None
        return True

    def _set(self, request: Request, opened: _Opened) -> bool:
        if not sets_more(request.attributes, may_write=opened.writes):
            self._under_way[request.id] = None
            return True
        names = Names(request, [opened.path])
        return self._held(_Operation(request, names))

    def _held(self, operation: _Operation) -> bool:
        request = operation.request
        opens = request.verb in ("open", "opendir")
        if len(self._resolving) >= MOST_WAITING:
            self._say(request.id, Status.FAILURE, f"{MOST_WAITING} requests wait already")
            return False
        if opens and len(self._handles) + self._opening >= MOST_HANDLES:
            self._say(request.id, Status.FAILURE, f"{MOST_HANDLES} files are open already")
            return False
        self._opening += opens
        self._resolving.add(request.id)
        self._resolve(operation)
        return False

    # Names, and what is decided on.

    def _resolve(self, operation: _Operation) -> None:
        names = operation.names
        if names is None or operation.request.verb == "fsetstat" or names.done:
            self._named(operation)
            return
        kind, name = names.question()
        while self._next_own in self._under_way or self._next_own in self._resolving:
            self._next_own -= 1
        id, self._next_own = self._next_own, self._next_own - 1
        if self._next_own < 0x8000_0000:
            self._next_own = 0xFFFF_FFFF
        self._own[id] = operation
        self._moves.to_target += packet(kind, number(id), string(name))

    def _named(self, operation: _Operation) -> None:
        names = operation.names
        found = tuple(names.found) if names else ()
        if operation.decided is not None:
            if found == operation.decided:
                self._release(operation)
                return
            self._waiting.pop(operation.ticket, None)
            self._drop(operation)
            self._moves.ended.append(Ended(operation.ticket, 0, "moved"))
            words = "it leads to another file than when it was decided on; try again"
            self._say(operation.request.id, Status.PERMISSION_DENIED, words)
            return
        self._tickets += 1
        operation.ticket = self._tickets
        self._waiting[operation.ticket] = operation
        reading = read_files(operation.request, found)
        self._moves.questions.append(Question(operation.ticket, reading))

    def _release(self, operation: _Operation) -> None:
        request = operation.request
        self._waiting.pop(operation.ticket, None)
        self._resolving.discard(request.id)
        self._under_way[request.id] = operation
        if request.verb == "fsetstat":
            handle = request.handles[0]
            if handle not in self._handles:
                del self._under_way[request.id]
                self._moves.ended.append(Ended(operation.ticket, 0, "closed"))
                self._say(request.id, Status.FAILURE, "it was closed meanwhile")
                return
            sent = packet(request.kind, number(request.id), string(handle), request.rest)
        else:
            sent = request.packet(operation.decided or ())
        self._moves.to_target += sent

    def _drop(self, operation: _Operation) -> None:
        self._resolving.discard(operation.request.id)
        self._opening -= operation.request.verb in ("open", "opendir")

    def _say(self, id: int, code: Status, words: str) -> None:
        self._moves.to_client += status(id, code, words)

    # What the server answers.

    def _replied(self, kind: int, body: memoryview) -> bool:
        if not self._answered:
            return self._greeted_back(kind, body)
        if len(body) < 4:
            raise Unreadable("the server answered without a number")
        id = int.from_bytes(body[:4])
        own = self._own.pop(id, None)
        if own is not None:
            self._found_out(own, kind, bytes(body[4:]))
            return False
        if id not in self._under_way:
            raise Unreadable(f"the server answered to {id}, which nobody asked")
        pending = self._under_way.pop(id)
        if pending is None:
            return True
        if pending is _LIMITS:
            self._moves.to_client += bounded(id, kind, bytes(body[4:]))
            return False
        if isinstance(pending, _Opened):
            if kind in (Kind.DATA, Kind.NAME):
                self._read(pending, kind, body)
            return True
        if isinstance(pending, _Closing):
            opened = pending.opened
            self._moves.ended.append(Ended(opened.ticket, opened.passed, _error(kind, body)))
            return True
        if isinstance(pending, _Operation):
            self._done(pending, kind, body)
        return True

    def _greeted_back(self, kind: int, body: memoryview) -> bool:
        if kind != Kind.VERSION or not self._greeted:
            raise Unreadable("the server did not begin as SFTP does")
        self._moves.to_client += welcome(bytes(body))
        self._answered = True
        return False

    def _read(self, opened: _Opened, kind: int, body: memoryview) -> None:
        opened.passed += max(0, len(body) - 8)
        if opened.shows:
            seen = bytes(body[8:]) if kind == Kind.DATA else names_in(bytes(body[4:]))
            self._moves.shown.append((opened.ticket, seen))

    def _found_out(self, operation: _Operation, kind: int, body: bytes) -> None:
        names = operation.names
        if names is None:
            raise Unreadable("the server answered to what was not asked")
        missing = names.answer(kind, body)
        if missing is None:
            self._resolve(operation)
            return
        self._waiting.pop(operation.ticket, None)
        self._drop(operation)
        if operation.decided is not None:
            self._moves.ended.append(Ended(operation.ticket, 0, "moved"))
        self._failed(operation.request.id, missing)

    def _failed(self, id: int, missing: Missing) -> None:
        try:
            code = Status(missing.status)
        except ValueError:
            code = Status.FAILURE
        self._say(id, code, "the server knows no such file")

    def _done(self, operation: _Operation, kind: int, body: memoryview) -> None:
        """Hear what came of a request that was decided on."""
        request = operation.request
        opens = request.verb in ("open", "opendir")
        self._opening -= opens
        if not opens or kind != Kind.HANDLE:
            size = max(0, len(body) - 4) if kind != Kind.STATUS else 0
            self._moves.ended.append(Ended(operation.ticket, size, _error(kind, body)))
            return
        handle = Fields(bytes(body[4:])).string(LONGEST_HANDLE)
        if handle in self._handles:
            raise Unreadable("the server gave out the same name twice")
        reads, writes = opens_for(request.flags) if request.verb == "open" else (False, False)
        path = operation.decided[0] if operation.decided else b""
        self._handles[handle] = _Opened(operation.ticket, path, reads, writes, operation.shows)


def _error(kind: int, body: memoryview) -> str:
    if kind != Kind.STATUS:
        return ""
    if len(body) < 8:
        return "failure"
    return _CODES.get(int.from_bytes(body[4:8]), "failure")
