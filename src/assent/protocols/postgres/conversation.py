"""The session once the target is ready: one unit in flight, each statement decided first.

A unit is a simple Query, or an extended group up to its Sync. While one is in flight, or a
question is open, what the client sends next waits.
"""

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from typing import TypeAlias

from assent.core.action import Phase
from assent.core.faults import PeerFault
from assent.core.plugins import Answer, Ask, Close, Inquired, Send, Side, Step
from assent.core.session import Epoch
from assent.protocols.postgres import refusals
from assent.protocols.postgres.at_once import AtOnce
from assent.protocols.postgres.decisions import Attempt, Decisions
from assent.protocols.postgres.exchange import Exchange
from assent.protocols.postgres.extended import (
    Bound,
    Closed,
    Group,
    check_bound,
    read_bind,
    read_execute,
    read_named,
    read_parse,
    readable,
)
from assent.protocols.postgres.inquiries import Inquiry
from assent.protocols.postgres.limits import Limits
from assent.protocols.postgres.messages import FLUSH, IDLE, Inbox, ready, violation
from assent.protocols.postgres.names import Portal, Prepared
from assent.protocols.postgres.reading import Reading
from assent.protocols.postgres.settings import Settings
from assent.protocols.postgres.target_side import TargetSide

_LARGEST_TEXT_CACHE = 256


ShapeOf: TypeAlias = Callable[[bytes], Hashable | None]


class Conversation:
    """Client and target, statement by statement. `feed…` raise PeerFault, steps are kept."""

    def __init__(
        self,
        reading: Reading,
        shape_of: ShapeOf,
        nonce: Callable[[], str],
        tickets: Iterator[int],
        epoch: Epoch,
        settings: Settings,
        status: int,
        limits: Limits,
    ) -> None:
        self._reading = reading
        self._shape_of = shape_of
        self._tickets = tickets
        self._exchange = Exchange(epoch, settings, status, limits, reading)
        self._decisions = Decisions(self._exchange, nonce, tickets)
        self._target_side = TargetSide(self._exchange, nonce, tickets)
        self._texts: dict[bytes, Prepared] = {}
        self._inbox = Inbox(self._admit)
        self._at_once = AtOnce(self._exchange, shape_of, self._prepared)
        self.closed = False

    # What the outside wants to know.

    @property
    def deadline(self) -> datetime | None:
        """When to wake: an answer is awaited, or something runs for too long. None for neither."""
        asked = self._decisions.asked
        late = self._target_side.deadline if self._exchange.obliged else None
        if asked is None:
            return late
        return asked.deadline if late is None or asked.deadline <= late else late

    @property
    def target_waits(self) -> bool:
        """Whether the target is not to be read from until a question is answered."""
        return self._exchange.obliged and self._target_side.waits

    @property
    def target_said_goodbye(self) -> bool:
        """Whether the target told the client why it ends."""
        return self._target_side.said_goodbye

    @property
    def at_boundary(self) -> bool:
        """Whether the client can be told something now."""
        return self._exchange.at_boundary

    @property
    def kept_bytes(self) -> int:
        """How much is kept, of both sides."""
        exchange = self._exchange
        group = exchange.group
        waiting = group.waiting_bytes + len(group.next_query) if group else 0
        copy = len(exchange.copy.kept) if exchange.copy else 0
        return (
            self._inbox.size
            + waiting
            + copy
            + self._target_side.kept_bytes
            + len(exchange.said)
            + exchange.stream.kept_bytes
        )

    @property
    def blocked_bytes(self) -> int:
        """How much of the client's waits for something that the client cannot give."""
        size = self._inbox.size
        return size if size and not self._takes() else 0

    # Being told, being answered, and waiting.

    def say(self, notice: bytes, steps: list[Step]) -> None:
        """Tell the client a notice between what it is answered."""
        if not self.closed:
            self._exchange.say(notice, steps)

    def take_said(self) -> bytes:
        """Return the notices that wait, to be sent before a last message."""
        return self._exchange.take_said()

    def answer(self, ticket: int, answer: Answer, now: datetime, steps: list[Step]) -> None:
        """Take an answer; one to a question that is over is ignored."""
        if self._target_side.answer(ticket, answer, now, steps):
            self._after_target(now, steps)
        elif self._decisions.answer(ticket, answer, now, steps):
            self._advance(now, steps)

    def wake(self, now: datetime, steps: list[Step]) -> None:
        """Nobody answered in time."""
        if self._target_side.wake(now, steps):
            self._after_target(now, steps)
        if self._decisions.wake(now, steps):
            self._advance(now, steps)

    # The client's side.

    def feed_client(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        """Take bytes of the client."""
        exchange = self._exchange
        at_rest = self._decisions.asked is None and self._inbox.size == 0
        if at_rest and self._at_once.passes(data, now, steps):
            return
        if exchange.tail:
            steps.append(Send(Side.TARGET, data[: exchange.tail]))
            rest = data[exchange.tail :]
            exchange.tail -= len(data) - len(rest)
            if not rest:
                return
            data = rest
        if exchange.copy is not None:
            self._feed_copy(data, steps)
        else:
            self._inbox.add(data)
        self._advance(now, steps)
        if self._inbox.size > exchange.limits.message_bytes + 4 * exchange.limits.buffer_bytes:
            raise violation("more was sent than can be kept while a statement waits")

    def _takes(self) -> bool:
        """Whether the next message of the client can be dealt with now."""
        exchange = self._exchange
        if self._decisions.asked is not None or exchange.copy is not None or self.closed:
            return False
        unit = exchange.unit
        return unit is None or (
            isinstance(unit, Group) and not (unit.synced or unit.copying_next or unit.next_query)
        )

    def _advance(self, now: datetime, steps: list[Step]) -> None:
        while self._takes():
            message = self._inbox.next()
            if message is None:
                break
            self._take(message, now, steps)
        self._exchange.send_ready(steps)

    def _admit(self, kind: int, length: int) -> None:
        """Check a header of the client's before its body is waited for."""
        exchange = self._exchange
        if kind in b"QPBdF":
            most = exchange.limits.message_bytes
        elif kind in b"DECHSXfc":
            most = exchange.limits.small_bytes
        else:
            raise violation(f"the message type `{chr(kind)!r}` is not known")
        if length < 4:
            raise violation("a message has an impossible length")
        if length > most:
            raise PeerFault("too-large", f"a message of {length} bytes is over {most} bytes")

    def _take(self, message: bytes, now: datetime, steps: list[Step]) -> None:
        exchange = self._exchange
        kind = message[0]
        unit = exchange.unit
        if kind == 88:
            exchange.send_ready(steps)
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
                self._decisions.refuse_with(_function_call(), steps)
        else:
            if not isinstance(unit, Group):
                exchange.types.begin()
            group = unit if isinstance(unit, Group) else Group()
            exchange.unit = group
            self._extended(kind, message, group, now, steps)

    def _end_group_with(
        self, group: Group, message: bytes, now: datetime, steps: list[Step]
    ) -> None:
        """A Query without a Sync before it goes on with what the group began."""
        exchange = self._exchange
        if message[0] != 81:
            raise violation("a FunctionCall came before the Sync of its group")
        if group.waiting:
            group.release()
        if group.expected:
            group.next_query = message
            group.ready.append(FLUSH)
            return
        exchange.send_ready(steps)
        exchange.unfinished = exchange.unfinished or group.went_up
        exchange.unit = None
        if group.rules_moved and not readable(message[5:].decode("utf-8", "replace")):
            self._decisions.refuse_with(_sync_first(), steps)
        else:
            self._query(message, now, steps)

    def _query(self, message: bytes, now: datetime, steps: list[Step]) -> None:
        exchange = self._exchange
        body = message[5:]
        if body.find(b"\0") != len(body) - 1:
            raise violation("the text of a Query does not end where it should")
        prepared = self._prepared(body[:-1])
        if prepared is None:
            self._decisions.refuse_with(_not_utf8(), steps)
        else:
            exchange.sequence += 1
            attempt = Attempt(Phase.EXECUTE, prepared, message, exchange.sequence)
            self._decisions.authorize(attempt, now, steps)

    def _prepared(self, text: bytes) -> Prepared | None:
        """Return a text with its reading to come, None where it is not valid UTF-8."""
        found = self._texts.get(text)
        if found is not None:
            return found
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError:
            return None
        reading = self._reading
        prepared = Prepared(
            decoded, self._shape_of(text), reading.read, version=lambda: reading.version
        )
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
                self._bind(message, body, group, now, steps)
            case 69:
                self._execute(message, body, group, now, steps)
            case 68:
                described, name = read_named(body)
                if described == 83:
                    self._exchange.types.asked(name)
                group.add(message)
            case 67:
                self._close_name(message, body, group)
            case _:
                if body:
                    raise violation("a Flush or Sync has something in it")
                group.add(message)
                group.release()
                group.synced = kind == 83
        if group.waiting_bytes > self._exchange.limits.buffer_bytes:
            # Nothing in it runs anything; it was only kept back so that no locks are taken.
            group.release()

    def _parse(
        self, message: bytes, body: bytes, group: Group, now: datetime, steps: list[Step]
    ) -> None:
        name, text, kinds = read_parse(body)
        self._exchange.types.declare(name, kinds)
        prepared = self._prepared(text)
        if prepared is None:
            self._decisions.refuse_with(_not_utf8(), steps)
        elif group.rules_moved and not readable(prepared.text):
            self._decisions.refuse_with(_sync_first(), steps)
        else:
            sequence = self._exchange.sequence + 1
            attempt = Attempt(Phase.PREPARE, prepared, message, sequence, name=name)
            self._decisions.authorize(attempt, now, steps)

    def _bind(
        self, message: bytes, body: bytes, group: Group, now: datetime, steps: list[Step]
    ) -> None:
        exchange = self._exchange
        portal_name, name, parameters = read_bind(
            body, exchange.limits.parameter_bytes, exchange.types_of
        )
        prepared = exchange.names.prepared(name, group.overlay)
        portal = Portal(prepared, parameters)
        if not portal_name:
            group.overlay.portals[b""] = portal
            group.add(message, Bound(b"", portal, exchange.names.portal_generation))
            return
        # A portal with a name can be run by a FETCH in SQL too: it is decided before it is.
        attempt = Attempt(
            Phase.EXECUTE,
            prepared,
            message,
            exchange.sequence + 1,
            parameters(),
            portal,
            portal_name,
            binds=True,
        )
        self._decisions.authorize(attempt, now, steps)

    def _close_name(self, message: bytes, body: bytes, group: Group) -> None:
        kind, name = read_named(body)
        if kind == 83:
            self._exchange.types.forget(name)
            group.overlay.statements[name] = None
        else:
            group.overlay.portals[name] = None
        check_bound(group, self._exchange.limits)
        group.add(message, Closed(kind, name))

    def _execute(
        self, message: bytes, body: bytes, group: Group, now: datetime, steps: list[Step]
    ) -> None:
        exchange = self._exchange
        portal = exchange.names.portal(read_execute(body), group.overlay)
        exchange.sequence += 1
        attempt = Attempt(
            Phase.EXECUTE,
            portal.prepared,
            message,
            exchange.sequence,
            portal.parameters(),
            portal,
        )
        if portal.permitted is None or portal.is_counted:
            self._decisions.authorize(attempt, now, steps)
        else:
            # Fetching on from a portal is the action that was decided for it.
            attempt.statement = portal.statement
            self._decisions.let_through(attempt, "permit", portal.permitted, now, steps)

    def _sync_discarded(self, group: Group, message: bytes, steps: list[Step]) -> None:
        exchange = self._exchange
        if group.local:
            exchange.unit = None
            exchange.tell_client(exchange.take_said() + ready(IDLE), steps)
            return
        group.add(message)
        group.release()
        group.synced = True

    def _feed_copy(self, data: bytes, steps: list[Step]) -> None:
        exchange = self._exchange
        if exchange.copy is None:
            return
        passing, rest = exchange.copy.feed(data)
        if passing:
            steps.append(Send(Side.TARGET, passing))
        if rest is not None:
            exchange.copy = None
            self._inbox.add(rest)

    # The target's side.

    def inquire(self, number: int, queries: tuple[str, ...], steps: list[Step]) -> None:
        """Ask the target these statements of the gateway's own; `Inquired` tells what came of it.

        At once with an error where the target has something to do for the client.
        """
        exchange = self._exchange
        if not exchange.target_at_rest or self.closed:
            busy = Inquired(number, (), "the target is busy with this session")
            steps.append(Ask(next(self._tickets), busy))
            return
        exchange.inquiry = Inquiry(number, queries, exchange.status)
        steps.append(Send(Side.TARGET, exchange.inquiry.messages))

    @property
    def target_at_rest(self) -> bool:
        """Whether the target has nothing to do for this session now."""
        return self._exchange.target_at_rest

    @property
    def in_transaction(self) -> bool:
        """Whether the target has a transaction open for this session."""
        return self._exchange.status != IDLE

    def _feed_inquiry(self, inquiry: Inquiry, data: bytes, steps: list[Step]) -> bytes:
        exchange = self._exchange
        passed, rest = inquiry.feed(data)
        if passed:
            steps.append(Send(Side.CLIENT, passed))
        if inquiry.over:
            exchange.inquiry = None
            if exchange.status == IDLE != inquiry.status:
                # What the client runs next would be in a transaction that it never began.
                raise violation("the target did not end a transaction of the gateway's own")
            exchange.status = inquiry.status
            steps.append(Ask(next(self._tickets), inquiry.inquired()))
        return rest

    def feed_target(self, data: bytes, now: datetime, steps: list[Step]) -> None:
        """Take bytes of the target, and go on with what waited for them."""
        exchange = self._exchange
        if exchange.inquiry is not None:
            data = self._feed_inquiry(exchange.inquiry, data, steps)
            if not data:
                return
        self._target_side.feed(data, now, steps)
        self._after_target(now, steps)

    def _after_target(self, now: datetime, steps: list[Step]) -> None:
        """Go on with what waited for the target."""
        exchange = self._exchange
        if exchange.names_moved_on and exchange.unit is None and exchange.status == IDLE:
            # Only now others can see it, and so can the gateway's own connection.
            exchange.names_moved_on = False
            exchange.reading.committed()
        if exchange.copy_rest:
            self._inbox.add(exchange.copy_rest)
            exchange.copy_rest = b""
        unit = exchange.unit
        if isinstance(unit, Group) and unit.next_query and not unit.expected:
            message, unit.next_query = unit.next_query, b""
            self._end_group_with(unit, message, now, steps)
        if self._inbox.size:
            if exchange.copy is not None:
                self._feed_copy(self._inbox.drain(), steps)
            self._advance(now, steps)


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
