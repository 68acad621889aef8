"""What the target answers: what was sent is confirmed, results are counted, all of it passes."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from assent.core.faults import PeerFault
from assent.core.frame import ResultFrame
from assent.core.plugins import Answer, Ask, Overrun, Record, Send, Side, Step
from assent.protocols.postgres import refusals
from assent.protocols.postgres.copying import CopyIn
from assent.protocols.postgres.exchange import Exchange, Simple
from assent.protocols.postgres.extended import Bound, Closed, Expected, Group, Parsed, Running
from assent.protocols.postgres.messages import (
    BIND_COMPLETE,
    IDLE,
    PARSE_COMPLETE,
    READY_HEADER,
    ready,
    violation,
)
from assent.protocols.postgres.target_stream import LARGEST_READ_BYTES, Found
from assent.protocols.postgres.watched import Handled, Watched
from assent.protocols.postgres.whole import completed_at

_MICROSECOND = timedelta(microseconds=1)
_PARSED_AND_BOUND = PARSE_COMPLETE + BIND_COMPLETE
_READY_BYTES = len(READY_HEADER) + 1
_E = TypeVar("_E", Parsed, Bound, Closed, Running)


class TargetSide:
    """The target's half of a session. said_goodbye: it told the client why it ends."""

    def __init__(
        self, exchange: Exchange, nonce: Callable[[], str], tickets: Iterator[int]
    ) -> None:
        self._exchange = exchange
        self._tickets = tickets
        self._watched = Watched(exchange, self, nonce, tickets)
        self.said_goodbye = False

    # What the outside wants to know, and answers.

    @property
    def waits(self) -> bool:
        """Whether the target is not to be read from until a question is answered."""
        return self._watched.exceeding is not None

    @property
    def kept_bytes(self) -> int:
        """How much of the target's is kept until it may pass."""
        return self._watched.kept_bytes

    @property
    def deadline(self) -> datetime | None:
        """When to wake, None for never."""
        if not self._exchange.obliged:
            return None
        exceeding = self._watched.exceeding
        if exceeding is not None:
            return exceeding.deadline
        unit = self._exchange.unit
        running = unit.running if unit is not None else None
        return running.deadline if running is not None else None

    def answer(self, ticket: int, answer: Answer, now: datetime, steps: list[Step]) -> bool:
        """Take an answer; return whether it was one to this side's question."""
        rest = self._watched.answer(ticket, answer, now, steps)
        if rest is not None:
            self.feed(rest, now, steps)
        return rest is not None

    def wake(self, now: datetime, steps: list[Step]) -> bool:
        """Act on a deadline; return whether what waited goes on."""
        rest = self._watched.time_out(now, steps)
        if rest is not None:
            self.feed(rest, now, steps)
            return True
        unit = self._exchange.unit
        running = unit.running if unit is not None and not self.waits else None
        if running is not None and running.deadline is not None and running.deadline <= now:
            running.deadline, running.overran = None, True
            steps.append(Ask(next(self._tickets), Overrun(running.entry)))
        return False

    def _watches(self) -> bool:
        unit = self._exchange.unit
        return self.waits or (unit is not None and unit.watched)

    def feed(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        """Take bytes of the target."""
        if self._exchange.obliged and self._watches():
            data = self._watched.feed(data, now, steps)
            if not data:
                return
        elif self._passes_at_once(data, now, steps):
            return
        exchange = self._exchange
        stream = exchange.stream
        chunk = Handled()
        if exchange.deferred and stream.skip <= len(data):
            chunk.edits.append((stream.skip, stream.skip, exchange.deferred))
            exchange.deferred = b""
        found = stream.walk(data)
        fault = stream.fault
        for message in found:
            try:
                self.found(message, now, chunk)
            except PeerFault as raised:
                # What came before it still goes on: how the bytes were cut changes nothing.
                stream.stop_at(message.start)
                fault = raised
                break
        if found:
            exchange.read_position = stream.position + found[-1].end
        whole, passed = stream.data, stream.passed
        passing = whole if passed == len(whole) else whole[:passed]
        if chunk.edits:
            passing = _edited(passing, chunk.edits)
        if passing:
            steps.append(Send(Side.CLIENT, passing))
        steps += chunk.records
        if fault is not None:
            raise fault

    def _passes_at_once(self, data: bytes, now: datetime, steps: list[Step]) -> bool:
        """The hot path: exactly one whole answer of one statement that went well.

        Leads to the same as its messages one by one; if it is anything else, nothing is
        touched and they are looked at one by one.
        """
        # 1. Nothing before it is left over, and nothing is to be put in or taken out.
        exchange = self._exchange
        stream = exchange.stream
        if data[-6:-1] != READY_HEADER or data[-1] not in b"ITE" or len(data) > LARGEST_READ_BYTES:
            return False
        if not stream.at_rest or exchange.deferred or exchange.said or exchange.poison is not None:
            return False
        # 2. It answers all that is in flight, in order, and no copy is under way.
        answered = None if exchange.copy is not None else _answered(exchange.unit, data)
        if answered is None:
            return False
        parsed, bound, running, at = answered
        tag = completed_at(data, at)
        if tag is None:
            return False
        # 3. Then what it confirms is true from now on.
        _count(running, _rows(tag))
        stream.pass_whole(data)
        steps.append(Send(Side.CLIENT, data))
        # The result of a Query is counted with its ReadyForQuery.
        end = stream.position + len(data)
        position = end if bound is None else end - _READY_BYTES
        steps.append(_result(running, position, now))
        names = exchange.names
        if parsed is not None:
            names.confirm_statement(parsed.name, parsed.prepared, parsed.generation)
        if bound is not None:
            names.confirm_portal(bound.name, bound.portal, bound.generation)
        exchange.read_position = end
        self._unit_over(data[-1])
        return True

    def _unit_over(self, status: int) -> None:
        """The target awaits the next unit."""
        exchange = self._exchange
        exchange.status = status
        if status == IDLE:
            exchange.names.transaction_ended()
            exchange.keeping.cursors.transaction_ended()
        exchange.obliged = self.waits
        exchange.poison = None
        exchange.unfinished = False
        exchange.unit = None

    def found(self, found: Found, now: datetime, chunk: Handled) -> None:
        """Take a message that tells how far the target is. Raises PeerFault."""
        exchange = self._exchange
        kind = found.kind
        if kind == 67:
            self._completed(found, now, chunk)
        elif kind == 90:
            self._ready(found, now, chunk)
        elif kind == 83:
            exchange.settings.changed(found.body)
            path = exchange.settings.search_path
            if exchange.settings.names_moved or (path is not None and exchange.reading.told(path)):
                exchange.reuse.forget()
        elif kind == 69:
            self._failed(found, now, chunk)
        elif kind == 71:
            self._copy_begins()
        elif kind == 116:
            exchange.types.told(found.body)
        else:
            self._confirmed(found, now, chunk)

    def _completed(self, found: Found, now: datetime, chunk: Handled) -> None:
        rows = _rows(found.body)
        unit = self._exchange.unit
        if isinstance(unit, Simple):
            if unit.running is not None:
                _count(unit.running, rows)
                self._declared(unit.running)
            return
        running = self._expected(Running)
        running.rows = rows
        self._declared(running)
        self._result(running, found, now, chunk)

    def _declared(self, running: Running) -> None:
        """The target has opened the cursor that it was to open."""
        source = running.declared
        if source is not None:
            self._exchange.keeping.cursors.put(source.declares, source)

    def _confirmed(self, found: Found, now: datetime, chunk: Handled) -> None:
        exchange = self._exchange
        match found.kind:
            case 49:
                parsed = self._expected(Parsed)
                exchange.names.confirm_statement(parsed.name, parsed.prepared, parsed.generation)
            case 50:
                bound = self._expected(Bound)
                exchange.names.confirm_portal(bound.name, bound.portal, bound.generation)
                source = bound.portal.source
                if source is not None:
                    exchange.keeping.cursors.put(bound.name.decode("utf-8", "replace"), source)
            case 51:
                closed = self._expected(Closed)
                if closed.kind == 83:
                    exchange.names.confirm_statement(closed.name, None, 0)
                else:
                    exchange.names.confirm_portal(closed.name, None, 0)
            case 73 if isinstance(exchange.unit, Simple):
                pass
            case _:
                self._result(self._expected(Running), found, now, chunk)

    def _expected(self, kind: type[_E]) -> _E:
        """Return what the target confirms; anything else than the next one is its fault."""
        unit = self._exchange.unit
        if isinstance(unit, Group) and unit.expected:
            expected = unit.expected.popleft()
            if isinstance(expected, kind):
                return expected
        raise violation("the target confirmed something that it was not asked for")

    def _result(self, running: Running, found: Found, now: datetime, chunk: Handled) -> None:
        exchange = self._exchange
        position = exchange.stream.position + found.end
        chunk.records.append(_result(running, position, now))
        unit = exchange.unit
        if isinstance(unit, Group):
            # Nothing was sent after the copy, so it is the last one that is awaited.
            unit.copying_next = unit.copying_next and bool(unit.expected)
            # What follows belongs to the next one.
            later = unit.running
            if later is not None:
                later.started_position = position
                if later.timeout is not None:
                    later.deadline = now + later.timeout

    def _failed(self, found: Found, now: datetime, chunk: Handled) -> None:
        exchange = self._exchange
        if exchange.poison is not None and exchange.poison.token in found.body:
            chunk.edits.append((found.start, found.end, exchange.poison.error))
            exchange.poison = None
            return
        fields = refusals.read_error(found.body)
        if fields.severity in ("FATAL", "PANIC"):
            self.said_goodbye = True
        self._copy_over()
        error = f"{fields.sqlstate} {fields.message}".strip() or "an error too long to be read"
        unit = exchange.unit
        late = unit.running if unit is not None else None
        if late is not None and late.overran and fields.sqlstate == refusals.CANCELLED:
            words = f"took longer than the {_seconds(late.timeout)} that policy allows"
            error = f"{fields.sqlstate} {words}"
            shown = refusals.error(fields.sqlstate, words, severity=fields.severity)
            chunk.edits.append((found.start, found.end, shown))
        if isinstance(unit, Simple) and unit.running is not None:
            unit.running.error = error
        elif isinstance(unit, Group):
            unit.discarding = True
            # It drops a Query too until the Sync.
            unit.copying_next, unit.next_query = False, b""
            unit.drop()
            self._skipped(unit, error, found, now, chunk)

    def stopped(self, error: str, at: int, now: datetime, chunk: Handled) -> None:
        """Nothing more of what is in flight may be seen: the client was told an error."""
        unit = self._exchange.unit
        if isinstance(unit, Simple) and unit.running is not None:
            unit.running.error = error
        elif isinstance(unit, Group):
            unit.discarding = True
            unit.copying_next, unit.next_query = False, b""
            unit.drop()
            self._skipped(unit, error, Found(69, at, at, b""), now, chunk)

    def _skipped(
        self, group: Group, error: str, found: Found, now: datetime, chunk: Handled
    ) -> None:
        """The target runs nothing more of this group; `error` is of the first one left."""
        first = True
        while group.expected:
            expected: Expected = group.expected.popleft()
            if isinstance(expected, Running):
                expected.error = error if first else "skipped"
                self._result(expected, found, now, chunk)
            first = False

    def _ready(self, found: Found, now: datetime, chunk: Handled) -> None:
        exchange = self._exchange
        unit = exchange.unit
        if unit is None or exchange.copy is not None or found.body not in (b"I", b"T", b"E"):
            raise violation("the target says that it is ready where it cannot be")
        if isinstance(unit, Simple):
            if unit.running is not None:
                self._result(unit.running, found, now, chunk)
        elif unit.synced:
            self._skipped(unit, "skipped", found, now, chunk)
        else:
            raise violation("the target says that it is ready before the Sync")
        if exchange.said:
            whole = exchange.take_said() + ready(found.body[0])
            chunk.edits.append((found.start, found.end, whole))
        self._unit_over(found.body[0])

    def _copy_begins(self) -> None:
        exchange = self._exchange
        unit = exchange.unit
        if isinstance(unit, Group):
            if not unit.copying_next or exchange.copy is not None:
                raise violation("the target starts a COPY where none was seen")
            unit.copying_next = False
        elif unit is None or unit.running is None:
            raise violation("the target starts a COPY where none was seen")
        exchange.copy = CopyIn()

    def _copy_over(self) -> None:
        """The target stopped copying; what of a CopyData is on its way is still sent."""
        exchange = self._exchange
        if exchange.copy is not None:
            exchange.tail = exchange.copy.skip
            exchange.copy_rest = exchange.copy.kept
            exchange.copy = None


def _answered(
    unit: Simple | Group | None, data: bytes
) -> tuple[Parsed | None, Bound | None, Running, int] | None:
    """Return what of a unit `data` begins to answer and where its rows are to begin.

    None where that is not all of the unit, or not one statement.
    """
    if isinstance(unit, Simple):
        return None if unit.running is None else (None, None, unit.running, 0)
    if unit is None or not unit.synced or unit.discarding or unit.copying_next:
        return None
    if len(unit.expected) > 3:
        return None
    match list(unit.expected):
        case [Bound() as bound, Running() as running] if data.startswith(BIND_COMPLETE):
            return None, bound, running, len(BIND_COMPLETE)
        case [Parsed() as parsed, Bound() as bound, Running() as running]:
            if data.startswith(_PARSED_AND_BOUND):
                return parsed, bound, running, len(_PARSED_AND_BOUND)
    return None


def _result(running: Running, position: int, now: datetime) -> Record:
    """Return the step that records what came of a statement. position: where that ended."""
    duration = (now - running.started_at) // _MICROSECOND
    size = position - running.started_position
    return Record(ResultFrame(running.sequence, now, duration, running.rows, size, running.error))


def _count(running: Running, rows: int) -> None:
    """Add the rows of one more command; -1 where the target did not say."""
    if rows >= 0:
        running.rows = rows if running.rows < 0 else running.rows + rows


def _edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    pieces: list[bytes] = []
    at = 0
    for start, end, replacement in edits:
        pieces += (data[at:start], replacement)
        at = end
    pieces.append(data[at:])
    return b"".join(pieces)


def _seconds(duration: timedelta | None) -> str:
    return f"{duration.total_seconds():g} s" if duration is not None else "time"


def _rows(tag: bytes) -> int:
    """Return the count at the end of a CommandComplete tag, -1 if there is none."""
    digits = tag[:-1].rpartition(b" ")[2]
    return int(digits) if digits.isdigit() and len(digits) < 19 else -1
