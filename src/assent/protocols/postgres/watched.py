"""What the target answers where results are looked at: message by message, each of them whole.

What a limit keeps back waits here until people have assented to it, or is never seen.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from assent.core.enforcement import Limit
from assent.core.faults import PeerFault
from assent.core.frame import MarkFrame
from assent.core.plugins import (
    Answer,
    Ask,
    Exceed,
    Held,
    Overrun,
    Permitted,
    Record,
    RefusalKind,
    Refused,
    Send,
    Side,
    Step,
)
from assent.protocols.postgres import refusals
from assent.protocols.postgres.exchange import Exchange, Poison, Simple
from assent.protocols.postgres.extended import Described, Group, Marked, Running
from assent.protocols.postgres.messages import frame, query, violation
from assent.protocols.postgres.results.results import MOST_ROW_BYTES, Results
from assent.protocols.postgres.results.withheld import withheld
from assent.protocols.postgres.target_stream import Found

_unpack = struct.Struct("!BI").unpack_from

# What tells how far the target is; read as it is where nothing is looked at, too.
_TOLD = frozenset(b"CEZSG123Ist")
_KNOWN = _TOLD | frozenset(b"DdTnNAHc")
_COPY_FAILED = frame(b"f", b"the rest of this is not wanted\0")
_CANNOT_BE_MASKED = Refused(
    RefusalKind.DENIED, "this result cannot be masked: the gateway does not understand its form"
)


class Handled(Struct):
    """What messages led to. edits: (start, end, replacement), in order."""

    edits: list[tuple[int, int, bytes]] = []
    records: list[Step] = []


class TargetState(Protocol):
    """The rest of the target's side: what its messages mean for the session."""

    said_goodbye: bool

    def found(self, found: Found, now: datetime, chunk: Handled) -> None:
        """Take a message that tells how far the target is."""
        ...

    def stopped(self, error: str, at: int, now: datetime, chunk: Handled) -> None:
        """Nothing more of what is in flight may be seen. at: where that is in the chunk."""
        ...


class Exceeding(Struct):
    """A limit was reached, and people are asked. rest: of the target's, it may not pass yet."""

    ticket: int
    deadline: datetime
    asked_at: datetime
    limit: Limit
    running: Running
    results: Results
    rest: list[bytes]
    held: Held | None = None


class Watched:
    """Looks at results. exceeding: the open question, None while there is none."""

    def __init__(
        self,
        exchange: Exchange,
        state: TargetState,
        nonce: Callable[[], str],
        tickets: Iterator[int],
    ) -> None:
        self._exchange = exchange
        self._state = state
        self._nonce = nonce
        self._tickets = tickets
        self._pieces: list[bytes] = []
        self._wanted = 0
        self._dropping = 0
        self.exceeding: Exceeding | None = None

    @property
    def kept_bytes(self) -> int:
        """How much of the target's waits here."""
        waiting = sum(map(len, self.exceeding.rest)) if self.exceeding else 0
        return waiting + sum(map(len, self._pieces))

    def feed(self, data: bytes, now: datetime, steps: list[Step]) -> bytes:
        """Take bytes of the target; return what follows what is watched. Raises PeerFault."""
        if self.exceeding is not None:
            self.exceeding.rest.append(data)
            if self.kept_bytes > MOST_ROW_BYTES:
                raise PeerFault("too-large", "more of a result waits than can be kept")
            return b""
        if self._wanted:
            self._pieces.append(data)
            self._wanted -= len(data)
            if self._wanted > 0:
                return b""
            data = b"".join(self._pieces)
            self._pieces.clear()
            self._wanted = 0
        return self._walk(self._exchange.stream.take(data), now, steps)

    def _walk(self, data: bytes, now: datetime, steps: list[Step]) -> bytes:
        exchange = self._exchange
        stream = exchange.stream
        walk = _Walk(data, now)
        # 1. What has begun to pass passes; what is dropped goes on being dropped.
        skip = min(stream.skip, len(data))
        walk.at = skip
        walk.passed.append(data[:skip])
        drop = min(self._dropping, len(data) - skip)
        self._dropping -= drop
        walk.at += drop
        if exchange.deferred and stream.skip <= len(data):
            walk.passed.append(exchange.deferred)
            exchange.deferred = b""
        skip_left = stream.skip - skip
        # 2. Then message by message.
        fault = None
        beyond = 0
        try:
            while not skip_left and not beyond and self._is_watched and self._one(walk, steps):
                beyond = max(walk.at - len(data), 0)
        except PeerFault as raised:
            fault = raised
        at = min(walk.at, len(data))
        stream.taken(at, skip_left or (0 if self._dropping else beyond))
        passing = b"".join(walk.passed)
        steps += walk.before
        if passing:
            steps.append(Send(Side.CLIENT, passing))
        steps += walk.handled.records
        steps += walk.after
        if fault is not None:
            raise fault
        # 3. What is left is less than one message, or belongs to what is not watched.
        if self.exceeding is not None:
            self.exceeding.rest.append(data[at:])
            return b""
        if not self._is_watched:
            return data[at:]
        stream.keep(data[at:])
        if at < len(data):
            self._await(data, at)
        return b""

    @property
    def _is_watched(self) -> bool:
        unit = self._exchange.unit
        return unit is not None and unit.watched and self.exceeding is None

    def _await(self, data: bytes, at: int) -> None:
        """Wait until the message at `at` is whole, so that a long one is joined once."""
        if at + 5 <= len(data):
            length = _unpack(data, at)[1]
            self._wanted = at + length + 1 - len(data)

    def _one(self, walk: "_Walk", steps: list[Step]) -> bool:
        """Deal with the next message, or rows in a row; return whether there was one."""
        data, at = walk.data, walk.at
        size = len(data)
        if at + 5 > size:
            return False
        kind, length = _unpack(data, at)
        if length < 4 or kind not in _KNOWN:
            raise violation("the target sent a message that is not expected of one")
        unit = self._exchange.unit
        if unit is None:
            return False
        end = at + length + 1
        if unit.stopped:
            return self._drop(walk, kind, end)
        running = unit.running
        results = running.results if running is not None else None
        if kind == 68 or kind == 100:
            if running is not None and results is not None and (kind == 100 or results.whole):
                return self._rows(walk, kind, running, results, end)
            if results is not None and not results.described:
                raise violation("the target sent rows before it said what they are")
            walk.at = end
            walk.passed.append(data[at:end])
            return True
        if end > size:
            _bounded(length)
            return False
        walk.at = end
        self._message(walk, Found(kind, at, end, data[at + 5 : end]), results)
        return True

    def _rows(self, walk: "_Walk", kind: int, running: Running, results: Results, end: int) -> bool:
        data, size = walk.data, len(walk.data)
        take = results.rows if kind == 68 else results.copied
        through = take(data, walk.at, size)
        moved = through.end > walk.at
        walk.at = through.end
        if through.data:
            walk.passed.append(through.data)
        frames = results.take_recorded(running.sequence, walk.now)
        walk.before += [Record(recorded) for recorded in frames]
        if through.held:
            self._exceed(running, results, walk)
        elif not moved:
            _bounded(end - walk.at)
        return moved and not through.held

    def _describe(self, results: Results, body: bytes) -> None:
        results.describe(body)
        if results.newer:
            # It is masked as if it were anything; the next time it is known.
            self._exchange.knowledge.when_missed()

    def _message(self, walk: "_Walk", found: Found, results: Results | None) -> None:
        kind = found.kind
        unit = self._exchange.unit
        whole = walk.data[found.start : found.end]
        if kind == 69 or kind == 78:
            words = withheld(kind, found.body) if results and results.withholds else None
            if words is not None:
                whole, found = words, Found(kind, found.start, found.end, words[5:])
        elif kind == 84 or kind == 110:
            if isinstance(unit, Simple) and results is not None and kind == 84:
                self._describe(results, found.body)
            elif isinstance(unit, Group) and unit.expected:
                expected = unit.expected[0]
                if isinstance(expected, Described):
                    unit.expected.popleft()
                    if kind == 84:
                        self._describe(expected.results, found.body)
                    else:
                        expected.results.describe_nothing()
                    return
        elif kind == 51 and isinstance(unit, Group) and unit.expected:
            if isinstance(unit.expected[0], Marked):
                unit.expected.popleft()
                return
        elif kind == 72 and results is not None and not results.copy_begins(found.body):
            running = unit.running if unit is not None else None
            if running is not None:
                self._stop(_CANNOT_BE_MASKED, running, walk)
                return
        elif kind == 99 and results is not None:
            results.copy_ends()
        if kind in _TOLD:
            whole = self._tell(walk, found, whole)
        walk.passed.append(whole)

    def _tell(self, walk: "_Walk", found: Found, whole: bytes) -> bytes:
        """Tell the session of a message; return what the client gets in its place."""
        exchange = self._exchange
        edits = walk.handled.edits
        self._state.found(found, walk.now, walk.handled)
        exchange.read_position = exchange.stream.position + found.end
        if edits:
            whole = edits[-1][2]
            edits.clear()
        return whole

    # Limits.

    def _exceed(self, running: Running, results: Results, walk: "_Walk") -> None:
        limit = results.passed.reached()
        if limit is None:
            raise violation("a row is kept back by no limit")
        ticket = next(self._tickets)
        now = walk.now
        deadline = now + self._exchange.limits.answer_for
        self.exceeding = Exceeding(ticket, deadline, now, limit, running, results, [])
        passed = results.passed
        question = Exceed(
            running.entry, limit.name, limit.most, passed.rows, passed.bytes, limit.counted
        )
        walk.after.append(Ask(ticket, question))

    def answer(self, ticket: int, answer: Answer, now: datetime, steps: list[Step]) -> bytes | None:
        """Take an answer; return what waited for it, None where it answers nothing of this.

        What waited is then to be fed again.
        """
        exceeding = self.exceeding
        if exceeding is None or exceeding.ticket != ticket:
            return None
        running = exceeding.running
        if isinstance(answer, Held):
            if exceeding.held is None:
                steps.append(Record(MarkFrame(running.sequence, now, "held", answer.request)))
            exceeding.held = answer
            exceeding.deadline = answer.deadline_at + self._exchange.limits.grace_for
            self._exchange.tell_client(refusals.notice(answer), steps)
            return None
        if not isinstance(answer, Permitted | Refused):
            raise PeerFault("unfitting-answer", "the gateway answered another question")
        self.exceeding = None
        if running.deadline is not None:
            # It did not run while it waited.
            running.deadline += now - exceeding.asked_at
        if isinstance(answer, Refused):
            walk = _Walk(b"", now)
            self._stop(answer, running, walk)
            steps.append(Send(Side.CLIENT, b"".join(walk.passed)))
            steps += [*walk.handled.records, *walk.after]
        else:
            if exceeding.held is not None:
                mark = MarkFrame(running.sequence, now, "released", answer.request)
                steps.append(Record(mark))
            exceeding.results.passed.lift(exceeding.limit)
            if answer.enforcement is not None:
                exceeding.results.passed.also(answer.enforcement.limits)
        return b"".join(exceeding.rest)

    def _stop(self, refused: Refused, running: Running, walk: "_Walk") -> None:
        """The client is told, the target is to be cancelled, and the rest is never seen."""
        unit = self._exchange.unit
        if unit is None:
            return
        walk.passed.append(refusals.refusal(refused))
        sqlstate = refusals.SQLSTATES[refused.kind]
        self._state.stopped(f"{sqlstate} {refused.message}", walk.at, walk.now, walk.handled)
        unit.stopped = True
        walk.after.append(Ask(next(self._tickets), Overrun(running.entry)))

    def _drop(self, walk: "_Walk", kind: int, end: int) -> bool:
        """Let nothing of a unit pass that was stopped, but that it is over."""
        data, at = walk.data, walk.at
        size = len(data)
        if kind not in b"SZEGA":
            self._dropping = max(end - size, 0)
            walk.at = end
            return True
        if end > size:
            _bounded(end - at)
            return False
        walk.at = end
        found = Found(kind, at, end, data[at + 5 : end])
        if kind == 71:
            walk.after.append(Send(Side.TARGET, _COPY_FAILED))
        elif kind == 65:
            walk.passed.append(data[at:end])
        elif kind == 83:
            walk.passed.append(self._tell(walk, found, data[at:end]))
        elif kind == 90:
            said = self._exchange.said
            whole = self._tell(walk, found, data[at:end])
            if found.body == b"T":
                # The client sees another ReadyForQuery than this one, and hears them with it.
                self._exchange.said = said
                self._fail_transaction(walk)
            else:
                walk.passed.append(whole)
        elif refusals.read_error(found.body).severity in ("FATAL", "PANIC"):
            self._state.said_goodbye = True
            walk.passed.append(data[at:end])
        return True

    def _fail_transaction(self, walk: "_Walk") -> None:
        """It was over before it could be cancelled: what the client takes for failed must be."""
        token = "assent_refused_" + hashlib.sha256(self._nonce().encode()).hexdigest()[:24]
        self._exchange.poison = Poison(token.encode(), b"")
        self._exchange.unit = Simple(None)
        walk.after.append(Send(Side.TARGET, query(token)))

    def time_out(self, now: datetime, steps: list[Step]) -> bytes | None:
        """Nobody answered in time; return what `answer` does."""
        exceeding = self.exceeding
        if exceeding is None or now < exceeding.deadline:
            return None
        if exceeding.held is not None:
            refused = Refused(
                RefusalKind.TIMED_OUT,
                "nobody assented to more of it in time",
                request=exceeding.held.request,
            )
        else:
            words = "whether more of it may pass could not be decided in time"
            refused = Refused(RefusalKind.UNAVAILABLE, words, hint="try again")
        return self.answer(exceeding.ticket, refused, now, steps)


class _Walk(Struct):
    """One walk through a chunk. before, after: steps on both sides of what passes."""

    data: bytes
    now: datetime
    at: int = 0
    passed: list[bytes] = []
    before: list[Step] = []
    after: list[Step] = []
    handled: Handled = field(default_factory=Handled)


def _bounded(length: int) -> None:
    if length > MOST_ROW_BYTES:
        raise PeerFault(
            "too-large",
            f"a row of {length} bytes is over {MOST_ROW_BYTES} bytes, more than can be looked at",
        )
