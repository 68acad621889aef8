"""The session once the target is ready: one unit in flight, each statement decided first.

A unit is a simple Query, or an extended group up to its Sync. While one is in flight, or a
question is open, what the client sends next waits.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias, TypeVar

from assent.core.action import Phase, Statement
from assent.core.faults import PeerFault
from assent.core.frame import MarkFrame, ResultFrame, StatementFrame
from assent.core.plugins import (
    Answer,
    Ask,
    Authorize,
    Close,
    Held,
    Permitted,
    Record,
    RefusalKind,
    Refused,
    Send,
    Side,
    Step,
)
from assent.core.session import Epoch
from assent.protocols.postgres import refusals
from assent.protocols.postgres.copying import CopyIn
from assent.protocols.postgres.extended import (
    Bound,
    Closed,
    Expected,
    Group,
    Parsed,
    Running,
    copies_in,
    moves_rules,
    read_bind,
    read_execute,
    read_named,
    read_parse,
    readable,
)
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.messages import (
    FLUSH,
    HEADER,
    IDLE,
    Inbox,
    parse,
    query,
    ready,
    violation,
)
from assent.protocols.postgres.names import Names, Overlay, Portal, Prepared, moved_names
from assent.protocols.postgres.reuse import Reuse
from assent.protocols.postgres.settings import Settings
from assent.protocols.postgres.target_stream import Found, TargetStream

_MICROSECOND = timedelta(microseconds=1)
_LARGEST_TEXT_CACHE = 256
_E = TypeVar("_E", Parsed, Bound, Closed, Running)


class Reader(Protocol):
    """Reads a statement."""

    def classify(self, text: str) -> Statement: ...


ShapeOf: TypeAlias = Callable[[bytes], Hashable | None]


@dataclass(slots=True)
class Simple:
    """A simple Query in flight. running: None for one that stands in for a refused one."""

    running: Running | None


@dataclass(slots=True)
class Attempt:
    """A message to be let through. statement: None where a decision is reused.

    portal: of an Execute. name: of a Parse.
    """

    phase: Phase
    prepared: Prepared
    message: bytes
    sequence: int
    parameters: tuple[str | None, ...] = ()
    portal: Portal | None = None
    name: bytes = b""
    statement: Statement | None = None


@dataclass(slots=True)
class Asked:
    """An open question. held: the last that was heard, None while nobody is waited for."""

    ticket: int
    attempt: Attempt
    deadline: datetime
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Poison:
    """A statement that must fail stands in for a refused one; its error becomes `error`."""

    token: bytes
    error: bytes


@dataclass(slots=True)
class Chunk:
    """What one chunk of the target led to. edits: (start, end, replacement), in order."""

    edits: list[tuple[int, int, bytes]] = field(default_factory=list)
    records: list[Step] = field(default_factory=list)


class Conversation:
    """Client and target, statement by statement. `feed…` raise PeerFault, steps are kept."""

    def __init__(
        self,
        reader: Reader,
        shape_of: ShapeOf,
        nonce: Callable[[], str],
        tickets: Iterator[int],
        epoch: Epoch,
        settings: Settings,
        status: int,
        limits: Limits,
    ) -> None:
        self._read = reader.classify
        self._shape_of = shape_of
        self._nonce = nonce
        self._tickets = tickets
        self._settings = settings
        self._status = status
        self._limits = limits
        self._reuse = Reuse(epoch, limits.reusable_shapes)
        self._names = Names(limits.names)
        self._texts: dict[bytes, Prepared] = {}
        self._inbox = Inbox(self._admit)
        self._stream = TargetStream()
        self._unit: Simple | Group | None = None
        self._asked: Asked | None = None
        self._copy: CopyIn | None = None
        # Bytes of a CopyData that the target awaits although the copy is over.
        self._tail = 0
        self._poison: Poison | None = None
        # A group went up that no Sync has ended: its transaction is still open.
        self._unfinished = False
        self._deferred = b""
        # Where the last message of the target that was read ended; results are counted from
        # there, so that their size does not depend on how the bytes were cut.
        self._read_position = 0
        self._sequence = 0
        self.closed = False
        self.target_said_goodbye = False

    # What the outside wants to know.

    @property
    def deadline(self) -> datetime | None:
        """When to wake: an answer is awaited. None while only peers are."""
        return self._asked.deadline if self._asked else None

    @property
    def held(self) -> bool:
        """Whether people are awaited."""
        return self._asked is not None and self._asked.held is not None

    @property
    def at_boundary(self) -> bool:
        """Whether the client can be told something."""
        return self._stream.at_boundary and not self._deferred

    @property
    def kept_bytes(self) -> int:
        """How much is kept, of both sides."""
        group = self._unit.waiting_bytes if isinstance(self._unit, Group) else 0
        copy = len(self._copy.kept) if self._copy else 0
        return self._inbox.size + group + copy + self._stream.kept_bytes

    @property
    def blocked_bytes(self) -> int:
        """How much of the client's waits for something that the client cannot give."""
        return self._inbox.size if not self._takes() else 0

    # The client's side.

    def feed_client(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        """Take bytes of the client."""
        at_rest = self._unit is None and self._asked is None and self._inbox.size == 0
        if at_rest and self._passes_at_once(data, now, steps):
            return
        if self._tail:
            steps.append(Send(Side.TARGET, data[: self._tail]))
            rest = data[self._tail :]
            self._tail -= len(data) - len(rest)
            if not rest:
                return
            data = rest
        if self._copy is not None:
            self._feed_copy(data, steps)
        else:
            self._inbox.add(data)
        self._advance(now, steps)
        if self._inbox.size > self._limits.message_bytes + 4 * self._limits.buffer_bytes:
            raise violation("more was sent than can be kept while a statement waits")

    def _passes_at_once(self, data: bytes, now: datetime, steps: list[Step]) -> bool:
        """The hot path: exactly one whole Query whose shape has been permitted."""
        if len(data) < 6 or self._tail or data[0] != 81:
            return False
        if HEADER.unpack_from(data)[1] + 1 != len(data) or data[-1]:
            return False
        body = data[5:-1]
        shape = self._shape_of(body)
        if shape is None:
            return False
        permitted = self._reuse.find(Phase.EXECUTE, shape, now)
        if permitted is None:
            return False
        self._sequence = sequence = self._sequence + 1
        text = body.decode("ascii")
        frame = StatementFrame(sequence, now, text, (), "reuse", permitted.entry, permitted.request)
        steps += (Record(frame), Send(Side.TARGET, data))
        self._unit = Simple(Running(sequence, now, self._read_position))
        return True

    def _takes(self) -> bool:
        """Whether the next message of the client can be dealt with now."""
        if self._asked is not None or self._copy is not None or self.closed:
            return False
        unit = self._unit
        return unit is None or (
            isinstance(unit, Group) and not (unit.synced or unit.copying_next or unit.next_query)
        )

    def _advance(self, now: datetime, steps: list[Step]) -> None:
        while self._takes():
            message = self._inbox.next()
            if message is None:
                break
            self._take(message, now, steps)
        self._send_ready(steps)

    def _send_ready(self, steps: list[Step]) -> None:
        if isinstance(self._unit, Group) and self._unit.ready:
            steps.append(Send(Side.TARGET, self._unit.take_ready()))

    def _admit(self, kind: int, length: int) -> None:
        """Check a header of the client's before its body is waited for."""
        if kind in b"QPBdF":
            most = self._limits.message_bytes
        elif kind in b"DECHSXfc":
            most = self._limits.small_bytes
        else:
            raise violation(f"the message type `{chr(kind)!r}` is not known")
        if length < 4:
            raise violation("a message has an impossible length")
        if length > most:
            raise PeerFault("too-large", f"a message of {length} bytes is over {most} bytes")

    def _take(self, message: bytes, now: datetime, steps: list[Step]) -> None:
        kind = message[0]
        unit = self._unit
        if kind == 88:
            self._send_ready(steps)
            steps += (Send(Side.TARGET, message), Close("the client said goodbye"))
            self.closed = True
        elif kind in b"dcf":
            # A copy that failed while its data was on the way: the target drops it too.
            pass
        elif isinstance(unit, Group) and unit.discarding:
            if kind == 83:
                self._sync_discarded(unit, message, steps)
        elif kind == 81 or kind == 70:
            if isinstance(unit, Group):
                self._end_group_with(unit, message, now, steps)
            elif kind == 81:
                self._query(message, now, steps)
            else:
                self._refuse_with(_function_call(), steps)
        else:
            group = unit if isinstance(unit, Group) else Group()
            self._unit = group
            self._extended(kind, message, group, now, steps)

    def _end_group_with(
        self, group: Group, message: bytes, now: datetime, steps: list[Step]
    ) -> None:
        """A Query without a Sync before it goes on with what the group began."""
        if message[0] != 81:
            raise violation("a FunctionCall came before the Sync of its group")
        if group.waiting:
            group.release()
        if group.expected:
            group.next_query = message
            group.ready.append(FLUSH)
            return
        self._send_ready(steps)
        self._unfinished = self._unfinished or group.went_up
        self._unit = None
        self._query(message, now, steps)

    def _query(self, message: bytes, now: datetime, steps: list[Step]) -> None:
        body = message[5:]
        if body.find(b"\0") != len(body) - 1:
            raise violation("the text of a Query does not end where it should")
        prepared = self._prepared(body[:-1])
        if prepared is None:
            self._refuse_with(_not_utf8(), steps)
        else:
            self._sequence += 1
            attempt = Attempt(Phase.EXECUTE, prepared, message, self._sequence)
            self._authorize(attempt, now, steps)

    def _prepared(self, text: bytes) -> Prepared | None:
        """Return a text with its reading to come, None where it is not valid UTF-8."""
        found = self._texts.get(text)
        if found is not None:
            return found
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError:
            return None
        prepared = Prepared(decoded, self._shape_of(text), self._read)
        if len(text) <= 8192:
            if len(self._texts) >= _LARGEST_TEXT_CACHE:
                self._texts.clear()
            self._texts[text] = prepared
        return prepared

    def _extended(
        self, kind: int, message: bytes, group: Group, now: datetime, steps: list[Step]
    ) -> None:
        body = message[5:]
        match kind:
            case 80:
                self._parse(message, body, group, now, steps)
            case 66:
                self._bind(message, body, group)
            case 69:
                self._execute(message, body, group, now, steps)
            case 68:
                read_named(body)
                group.add(message)
            case 67:
                self._close_name(message, body, group)
            case _:
                if body:
                    raise violation("a Flush or Sync has something in it")
                group.add(message)
                group.release()
                group.synced = kind == 83
        if group.waiting_bytes > self._limits.buffer_bytes:
            # Nothing in it runs anything; it was only kept back so that no locks are taken.
            group.release()

    def _parse(
        self, message: bytes, body: bytes, group: Group, now: datetime, steps: list[Step]
    ) -> None:
        name, text = read_parse(body)
        prepared = self._prepared(text)
        if prepared is None:
            self._refuse_with(_not_utf8(), steps)
        elif group.rules_moved and not readable(prepared.text):
            self._refuse_with(_sync_first(), steps)
        else:
            attempt = Attempt(Phase.PREPARE, prepared, message, self._sequence, name=name)
            self._authorize(attempt, now, steps)

    def _bind(self, message: bytes, body: bytes, group: Group) -> None:
        portal_name, name, parameters = read_bind(body, self._limits.parameter_bytes)
        portal = Portal(self._names.prepared(name, group.overlay), parameters)
        group.overlay.portals[portal_name] = portal
        _check_bound(group, self._limits)
        group.add(message, Bound(portal_name, portal, self._names.portal_generation))

    def _close_name(self, message: bytes, body: bytes, group: Group) -> None:
        kind, name = read_named(body)
        if kind == 83:
            group.overlay.statements[name] = None
        else:
            group.overlay.portals[name] = None
        _check_bound(group, self._limits)
        group.add(message, Closed(kind, name))

    def _execute(
        self, message: bytes, body: bytes, group: Group, now: datetime, steps: list[Step]
    ) -> None:
        portal = self._names.portal(read_execute(body), group.overlay)
        self._sequence += 1
        attempt = Attempt(
            Phase.EXECUTE, portal.prepared, message, self._sequence, portal.parameters(), portal
        )
        if portal.permitted is None:
            self._authorize(attempt, now, steps)
        else:
            # Fetching on from a portal is the action that was decided when it was first run.
            self._let_through(attempt, "permit", portal.permitted, now, steps)

    # Asking and being answered.

    def _authorize(self, attempt: Attempt, now: datetime, steps: list[Step]) -> None:
        prepared = attempt.prepared
        if prepared.shape is not None:
            permitted = self._reuse.find(attempt.phase, prepared.shape, now)
            if permitted is not None:
                self._permitted(attempt, "reuse", permitted, now, steps)
                return
        group = self._unit if isinstance(self._unit, Group) else None
        overlay = group.overlay if group else Overlay()
        statement = self._names.resolved(prepared.statement, overlay)
        if self._settings.names_moved:
            statement = moved_names(statement)
        attempt.statement = statement
        in_transaction = self._in_transaction(group)
        ticket = next(self._tickets)
        self._asked = Asked(ticket, attempt, now + self._limits.answer_for)
        self._send_ready(steps)
        question = Authorize(
            statement, prepared.text, attempt.parameters, attempt.phase, in_transaction
        )
        steps.append(Ask(ticket, question))

    def _in_transaction(self, group: Group | None) -> bool:
        """Whether locks may be held: also by what ran before in a group without a Sync."""
        executed = group is not None and group.executed
        return self._status != IDLE or self._unfinished or executed

    def answer(self, ticket: int, answer: Answer, now: datetime, steps: list[Step]) -> None:
        """Take an answer; one to a question that is over is ignored."""
        asked = self._asked
        if asked is None or asked.ticket != ticket:
            return
        if isinstance(answer, Held):
            self._hold(asked, answer, now, steps)
            return
        self._asked = None
        group = self._unit
        if isinstance(answer, Refused):
            self._refused(asked.attempt, answer, now, steps)
        elif not isinstance(answer, Permitted):
            raise PeerFault("unfitting-answer", "the gateway answered another question")
        elif isinstance(group, Group) and group.discarding:
            why = "an earlier statement of its pipeline failed, so it was not run"
            steps.append(Record(MarkFrame(asked.attempt.sequence, now, "skipped", why)))
        else:
            if asked.held is not None:
                mark = MarkFrame(asked.attempt.sequence, now, "released", answer.request)
                steps.append(Record(mark))
            self._permitted(asked.attempt, "permit", answer, now, steps)
        self._advance(now, steps)

    def wake(self, now: datetime, steps: list[Step]) -> None:
        """Nobody answered in time."""
        asked = self._asked
        if asked is None or now < asked.deadline:
            return
        if asked.held is not None:
            refused = Refused(
                RefusalKind.TIMED_OUT, "nobody assented in time", request=asked.held.request
            )
        else:
            refused = Refused(
                RefusalKind.UNAVAILABLE, "no decision could be had in time", hint="try again"
            )
        self.answer(asked.ticket, refused, now, steps)

    def _hold(self, asked: Asked, held: Held, now: datetime, steps: list[Step]) -> None:
        if asked.held is None:
            mark = MarkFrame(asked.attempt.sequence, now, "held", held.request)
            steps.append(Record(mark))
            group = self._unit
            if isinstance(group, Group) and group.went_up:
                # So that the results of what ran before arrive while this one waits.
                steps.append(Send(Side.TARGET, FLUSH))
        asked.held = held
        asked.deadline = held.deadline_at + self._limits.grace_for
        self._tell_client(refusals.notice(held), steps)

    def _permitted(
        self, attempt: Attempt, verdict: str, permitted: Permitted, now: datetime, steps: list[Step]
    ) -> None:
        group = self._unit if isinstance(self._unit, Group) else None
        statement = attempt.statement
        if statement is not None:
            self._reuse.keep(attempt.phase, attempt.prepared.shape, statement, permitted)
        if attempt.phase is Phase.PREPARE and group is not None:
            prepared, name = attempt.prepared, attempt.name
            group.overlay.statements[name] = prepared
            _check_bound(group, self._limits)
            expected = Parsed(name, prepared, self._names.statement_generation)
            group.add(attempt.message, expected)
            return
        if statement is not None:
            # What is reused only reads, and moves neither names nor rules.
            overlay = group.overlay if group else Overlay()
            self._names.ran(attempt.prepared.text, statement, overlay)
            if group is not None and moves_rules(statement):
                group.rules_moved = True
        if attempt.portal is not None:
            attempt.portal.permitted = permitted
        self._let_through(attempt, verdict, permitted, now, steps)

    def _let_through(
        self, attempt: Attempt, verdict: str, permitted: Permitted, now: datetime, steps: list[Step]
    ) -> None:
        text = attempt.prepared.text
        frame = StatementFrame(
            attempt.sequence,
            now,
            text,
            attempt.parameters,
            verdict,
            permitted.entry,
            permitted.request,
        )
        steps.append(Record(frame))
        running = Running(attempt.sequence, now, self._read_position)
        group = self._unit
        if not isinstance(group, Group):
            self._unit = Simple(running)
            steps.append(Send(Side.TARGET, attempt.message))
            return
        group.add(attempt.message, running)
        group.executed = True
        if copies_in(text):
            # The target reads a Sync that follows as part of the copy, if it takes the copy:
            # nothing more is sent before it has said so.
            group.add(FLUSH)
            group.copying_next = True
        group.release()

    # Refusing.

    def _refused(
        self, attempt: Attempt, refused: Refused, now: datetime, steps: list[Step]
    ) -> None:
        if attempt.phase is Phase.PREPARE:
            self._sequence = attempt.sequence = self._sequence + 1
        frame = StatementFrame(
            attempt.sequence,
            now,
            attempt.prepared.text,
            attempt.parameters,
            "refuse",
            refused.entry,
            refused.request,
        )
        steps.append(Record(frame))
        group = self._unit
        if not (isinstance(group, Group) and group.discarding):
            self._refuse_with(refusals.refusal(refused), steps)

    def _refuse_with(self, error: bytes, steps: list[Step]) -> None:
        """Make the client see `error`, and the target what it would see of an error of its own."""
        group = self._unit if isinstance(self._unit, Group) else None
        went_up = self._unfinished or (group is not None and group.went_up)
        at_rest = self._status == IDLE and not went_up
        if at_rest and group is None:
            self._tell_client(error + ready(IDLE), steps)
            return
        if at_rest and group is not None:
            group.drop()
            group.discarding = group.local = True
            self._tell_client(error, steps)
            return
        # A transaction must be left failed, and only the target can do that: it is given a
        # statement that cannot be parsed, and its error is replaced by ours.
        token = "assent_refused_" + hashlib.sha256(self._nonce().encode()).hexdigest()[:24]
        self._poison = Poison(token.encode(), error)
        if group is None:
            self._unit = Simple(None)
            steps.append(Send(Side.TARGET, query(token)))
            return
        group.drop()
        group.discarding = True
        group.add(parse(token, token))
        group.release()
        self._send_ready(steps)

    def _sync_discarded(self, group: Group, message: bytes, steps: list[Step]) -> None:
        if group.local:
            self._unit = None
            self._tell_client(ready(IDLE), steps)
            return
        group.add(message)
        group.release()
        group.synced = True

    def _tell_client(self, data: bytes, steps: list[Step]) -> None:
        """Send the client a message of our own, between two of the target's."""
        if self.at_boundary:
            steps.append(Send(Side.CLIENT, data))
        else:
            self._deferred += data

    # The target's side.

    def feed_target(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        """Take bytes of the target."""
        stream = self._stream
        chunk = Chunk()
        if self._deferred and stream.skip <= len(data):
            chunk.edits.append((stream.skip, stream.skip, self._deferred))
            self._deferred = b""
        found = stream.walk(data)
        fault = stream.fault
        for message in found:
            try:
                self._found(message, now, chunk)
            except PeerFault as raised:
                # What came before it still goes on: how the bytes were cut changes nothing.
                stream.stop_at(message.start)
                fault = raised
                break
        if found:
            self._read_position = stream.position + found[-1].end
        whole, passed = stream.data, stream.passed
        passing = whole if passed == len(whole) else whole[:passed]
        if chunk.edits:
            passing = _edited(passing, chunk.edits)
        if passing:
            steps.append(Send(Side.CLIENT, passing))
        steps += chunk.records
        if fault is not None:
            raise fault
        unit = self._unit
        if isinstance(unit, Group) and unit.next_query and not unit.expected:
            message, unit.next_query = unit.next_query, b""
            self._end_group_with(unit, message, now, steps)
        if self._inbox.size:
            if self._copy is not None:
                self._feed_copy(self._inbox.drain(), steps)
            self._advance(now, steps)

    def _found(self, found: Found, now: datetime, chunk: Chunk) -> None:
        kind = found.kind
        if kind == 67:
            self._completed(found, now, chunk)
        elif kind == 90:
            self._ready(found, now, chunk)
        elif kind == 83:
            self._settings.changed(found.body)
            if self._settings.names_moved:
                self._reuse.forget()
        elif kind == 69:
            self._failed(found, now, chunk)
        elif kind == 71:
            self._copy_begins()
        else:
            self._confirmed(found, now, chunk)

    def _completed(self, found: Found, now: datetime, chunk: Chunk) -> None:
        rows = _rows(found.body)
        unit = self._unit
        if isinstance(unit, Simple):
            running = unit.running
            if running is not None and rows >= 0:
                running.rows = rows if running.rows < 0 else running.rows + rows
            return
        running = self._expected(Running)
        running.rows = rows
        self._result(running, found, now, chunk)

    def _confirmed(self, found: Found, now: datetime, chunk: Chunk) -> None:
        match chr(found.kind):
            case "1":
                parsed = self._expected(Parsed)
                self._names.confirm_statement(parsed.name, parsed.prepared, parsed.generation)
            case "2":
                bound = self._expected(Bound)
                self._names.confirm_portal(bound.name, bound.portal, bound.generation)
            case "3":
                closed = self._expected(Closed)
                if closed.kind == 83:
                    self._names.confirm_statement(closed.name, None, 0)
                else:
                    self._names.confirm_portal(closed.name, None, 0)
            case "I" if isinstance(self._unit, Simple):
                pass
            case _:
                self._result(self._expected(Running), found, now, chunk)

    def _expected(self, kind: type[_E]) -> _E:
        """Return what the target confirms; anything else than the next one is its fault."""
        unit = self._unit
        if isinstance(unit, Group) and unit.expected:
            expected = unit.expected.popleft()
            if isinstance(expected, kind):
                return expected
        raise violation("the target confirmed something that it was not asked for")

    def _result(self, running: Running, found: Found, now: datetime, chunk: Chunk) -> None:
        position = self._stream.position + found.end
        size = position - running.started_position
        duration = (now - running.started_at) // _MICROSECOND
        frame = ResultFrame(running.sequence, now, duration, running.rows, size, running.error)
        chunk.records.append(Record(frame))
        unit = self._unit
        if isinstance(unit, Group):
            unit.copying_next = False
            # What follows belongs to the next one.
            for later in unit.expected:
                if isinstance(later, Running):
                    later.started_position = position
                    break

    def _failed(self, found: Found, now: datetime, chunk: Chunk) -> None:
        if self._poison is not None and self._poison.token in found.body:
            chunk.edits.append((found.start, found.end, self._poison.error))
            self._poison = None
            return
        fields = refusals.read_error(found.body)
        if fields.severity in ("FATAL", "PANIC"):
            self.target_said_goodbye = True
        self._copy_over()
        error = f"{fields.sqlstate} {fields.message}".strip() or "an error too long to be read"
        unit = self._unit
        if isinstance(unit, Simple) and unit.running is not None:
            unit.running.error = error
        elif isinstance(unit, Group):
            unit.discarding = True
            # It drops a Query too until the Sync.
            unit.copying_next, unit.next_query = False, b""
            unit.drop()
            self._skipped(unit, error, found, now, chunk)

    def _skipped(self, group: Group, error: str, found: Found, now: datetime, chunk: Chunk) -> None:
        """The target runs nothing more of this group; `error` is of the first one left."""
        first = True
        while group.expected:
            expected: Expected = group.expected.popleft()
            if isinstance(expected, Running):
                expected.error = error if first else "skipped"
                self._result(expected, found, now, chunk)
            first = False

    def _ready(self, found: Found, now: datetime, chunk: Chunk) -> None:
        unit = self._unit
        if unit is None or self._copy is not None or found.body not in (b"I", b"T", b"E"):
            raise violation("the target says that it is ready where it cannot be")
        if isinstance(unit, Simple):
            if unit.running is not None:
                self._result(unit.running, found, now, chunk)
        elif unit.synced:
            self._skipped(unit, "skipped", found, now, chunk)
        else:
            raise violation("the target says that it is ready before the Sync")
        self._status = found.body[0]
        if self._status == IDLE:
            self._names.transaction_ended()
        self._poison = None
        self._unfinished = False
        self._unit = None

    def _copy_begins(self) -> None:
        unit = self._unit
        if isinstance(unit, Group):
            if not unit.copying_next or self._copy is not None:
                raise violation("the target starts a COPY where none was seen")
            unit.copying_next = False
        elif unit is None or unit.running is None:
            raise violation("the target starts a COPY where none was seen")
        self._copy = CopyIn()

    def _feed_copy(self, data: bytes, steps: list[Step]) -> None:
        if self._copy is None:
            return
        passing, rest = self._copy.feed(data)
        if passing:
            steps.append(Send(Side.TARGET, passing))
        if rest is not None:
            self._copy = None
            self._inbox.add(rest)

    def _copy_over(self) -> None:
        """The target stopped copying; what of a CopyData is on its way is still sent."""
        if self._copy is not None:
            self._tail = self._copy.skip
            if self._copy.kept:
                self._inbox.add(self._copy.kept)
            self._copy = None


def _check_bound(group: Group, limits: Limits) -> None:
    if len(group.overlay.statements) + len(group.overlay.portals) > 2 * limits.names:
        raise PeerFault("too-many", "too many names are used before a Sync")


def _edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for start, end, replacement in edits:
        pieces += (data[at:start], replacement)
        at = end
    pieces.append(data[at:])
    return b"".join(pieces)


def _rows(tag: bytes) -> int:
    """Return the count at the end of a CommandComplete tag, -1 if there is none."""
    digits = tag[:-1].rpartition(b" ")[2]
    return int(digits) if digits.isdigit() and len(digits) < 19 else -1


def _function_call() -> bytes:
    return refusals.error(
        refusals.NOT_SUPPORTED,
        "the function call protocol cannot pass the gateway",
        hint="call the function in a statement: SELECT function(…)",
    )


def _not_utf8() -> bytes:
    return refusals.error(
        refusals.BAD_ENCODING, "the statement is not valid UTF-8, so it cannot be read"
    )


def _sync_first() -> bytes:
    return refusals.error(
        refusals.NOT_SUPPORTED,
        "this statement cannot be read: an earlier one of its pipeline may have changed how",
        hint="send a Sync in between",
    )
