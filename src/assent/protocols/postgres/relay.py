"""One PostgreSQL connection through the gateway, without IO: bytes and answers in, steps out.

Three phases, each a module of its own: the client's way in (`client_handshake`), the way into
the target (`target_handshake`), and the session (`conversation`).
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime

from assent.core.faults import PeerFault
from assent.core.plugins import Answer, Ask, Close, Connected, Inquired, Send, Side, Step
from assent.protocols.postgres import refusals
from assent.protocols.postgres.catalogue.knowledge import Knowledge, Reader
from assent.protocols.postgres.client_handshake import ClientHandshake, ClientState
from assent.protocols.postgres.conversation import Conversation, ShapeOf
from assent.protocols.postgres.limits import DEFAULT_LIMITS, Limits
from assent.protocols.postgres.reading import Reading
from assent.protocols.postgres.statements import shape_of as shape_of_text
from assent.protocols.postgres.target_handshake import TargetHandshake, TargetState


class PostgresRelay:
    """A `core.plugins.Relay`.

    reader_for: returns what reads statements where names are looked up in these schemas; only
    for a target that comes without `Connected.knowledge`.
    nonce: returns printable ASCII without commas, unpredictable. tls_available: the gateway
    has a certificate for clients. require_tls: a client without TLS is refused. opened_at:
    when the client connected; without it, its time begins with its first byte.
    """

    def __init__(
        self,
        reader_for: Callable[[tuple[str, ...]], Reader],
        nonce: Callable[[], str],
        *,
        tls_available: bool,
        require_tls: bool,
        opened_at: datetime | None = None,
        limits: Limits = DEFAULT_LIMITS,
        shape_of: ShapeOf = shape_of_text,
    ) -> None:
        self._reader_for = reader_for
        self._nonce = nonce
        self._limits = limits
        self._shape_of = shape_of
        self._tickets = itertools.count(1)
        self._client = ClientHandshake(
            nonce,
            self._tickets,
            limits,
            tls_available=tls_available,
            require_tls=require_tls,
            opened_at=opened_at,
        )
        self._target: TargetHandshake | None = None
        self._conversation: Conversation | None = None
        # What the client sends before the target is ready.
        self._early = b""
        # What the client is told once it can read it.
        self._said = b""
        self._closed = False

    # The shape of a relay.

    def feed(self, side: Side, data: bytes, now: datetime) -> Sequence[Step]:
        """Take bytes of one side; an empty `data` is nothing."""
        steps: list[Step] = []
        if self._closed or not data:
            return steps
        conversation = self._conversation
        try:
            if conversation is None:
                self._feed_handshake(side, data, now, steps)
            elif side is Side.CLIENT:
                conversation.feed_client(data, now, steps)
                self._closed = conversation.closed
            else:
                conversation.feed_target(data, now, steps)
                self._closed = conversation.closed
        except PeerFault as fault:
            self._fault(fault, steps)
        return steps

    def answer(self, ticket: int, answer: Answer, now: datetime) -> Sequence[Step]:
        """Take an answer; one to a question that is over is ignored."""
        steps: list[Step] = []
        if self._closed:
            return steps
        try:
            if self._conversation is not None:
                self._conversation.answer(ticket, answer, now, steps)
                self._closed = self._conversation.closed
            elif self._target is None:
                self._client.answer(ticket, answer, now, steps)
                self._go_on(now, steps)
        except PeerFault as fault:
            self._fault(fault, steps)
        return steps

    def wake(self, now: datetime) -> Sequence[Step]:
        """Act on a deadline that is over; before it, nothing."""
        steps: list[Step] = []
        wake_at = self.wake_at
        if self._closed or wake_at is None or now < wake_at:
            return steps
        try:
            if self._conversation is not None:
                self._conversation.wake(now, steps)
            elif self._target is not None:
                self._target.wake(steps)
            else:
                self._client.wake(steps)
        except PeerFault as fault:
            self._fault(fault, steps)
        self._note_close()
        return steps

    def hang_up(self, side: Side, now: datetime) -> Sequence[Step]:
        """One side is gone."""
        if self._closed:
            return []
        steps: list[Step] = []
        said = self._conversation is not None and self._conversation.target_said_goodbye
        if side is Side.TARGET and not said:
            self._tell(
                refusals.fatal(refusals.CONNECTION_FAILURE, "the target closed the connection"),
                steps,
            )
        self._closed = True
        steps.append(Close(f"the {side} closed the connection"))
        return steps

    def say(self, lines: Sequence[str], now: datetime) -> Sequence[Step]:
        """Tell the client something, as soon as that fits between what it is answered.

        At once while nothing is on its way to it, otherwise before its next ReadyForQuery.
        """
        steps: list[Step] = []
        if self._closed or not lines:
            return steps
        notice = refusals.told(lines)
        if self._conversation is not None:
            self._conversation.say(notice, steps)
        elif self._target is None and self._client.state is ClientState.CONNECTING:
            steps.append(Send(Side.CLIENT, notice))
        elif len(self._said) + len(notice) <= self._limits.buffer_bytes:
            self._said += notice
        return steps

    def tls_started(self, side: Side, now: datetime) -> Sequence[Step]:
        """Encryption with one side stands."""
        steps: list[Step] = []
        if self._closed:
            return steps
        try:
            if side is Side.CLIENT:
                self._client.tls_started(now)
            elif self._target is not None:
                self._target.tls_started(now, steps)
        except PeerFault as fault:
            self._fault(fault, steps)
        return steps

    def cut(self, message: str, now: datetime) -> Sequence[Step]:
        """End the session; the client is told why where that keeps its stream whole."""
        steps: list[Step] = []
        if not self._closed:
            # There is no session to be cut while TLS with the target is still to stand.
            encrypting = self._target is not None and self._target.state is TargetState.TLS
            sqlstate = refusals.CANNOT_REACH_TARGET if encrypting else refusals.CUT
            self._tell(refusals.fatal(sqlstate, message), steps)
            self._closed = True
            steps.append(Close(message))
        return steps

    @property
    def wake_at(self) -> datetime | None:
        """When to call `wake`; None only while peers alone are waited for, and at the end."""
        if self._closed:
            return None
        if self._conversation is not None:
            return self._conversation.deadline
        return self._target.deadline if self._target is not None else self._client.deadline

    @property
    def target_waits(self) -> bool:
        """Whether the driver is not to read from the target: what it sends may not pass yet."""
        return self._conversation is not None and self._conversation.target_waits

    @property
    def buffered_bytes(self) -> int:
        """What the client sent that waits for an answer or the target.

        Above one MiB the driver stops reading the client. A message that is not whole yet
        is not counted, since reading on is what it waits for; `kept_bytes` counts it.
        """
        if self._conversation is not None:
            return self._conversation.blocked_bytes
        return len(self._early) + self._client.buffered_bytes

    @property
    def kept_bytes(self) -> int:
        """All that is kept of either side."""
        if self._conversation is not None:
            return self._conversation.kept_bytes
        target = self._target.buffered_bytes if self._target else 0
        return len(self._early) + self._client.buffered_bytes + target

    @property
    def target_key(self) -> tuple[int, bytes] | None:
        """Process id and secret to cancel with at the target, None before it told them."""
        return self._target.key if self._target else None

    @property
    def target_at_rest(self) -> bool:
        """Whether the target is there and has nothing to do for the client now."""
        return self._conversation is not None and self._conversation.target_at_rest

    def inquire(self, number: int, queries: tuple[str, ...], now: datetime) -> Sequence[Step]:
        """Ask the target statements of the gateway's own; the question `Inquired` is the answer."""
        steps: list[Step] = []
        if self._conversation is not None and not self._closed:
            self._conversation.inquire(number, queries, steps)
        else:
            steps.append(Ask(next(self._tickets), Inquired(number, (), "there is no session")))
        return steps

    @property
    def in_transaction(self) -> bool:
        """Whether the target has a transaction open for this session."""
        return self._conversation is not None and self._conversation.in_transaction

    # Between the phases.

    def _knowledge(self, connected: Connected) -> Knowledge:
        if isinstance(connected.knowledge, Knowledge):
            return connected.knowledge
        return Knowledge(lambda path, _: self._reader_for(path), required=False)

    def _feed_handshake(self, side: Side, data: bytes, now: datetime, steps: list[Step]) -> None:
        target = self._target
        if side is Side.TARGET and target is not None:
            target.feed(data, now, steps)
        elif side is Side.TARGET:
            raise PeerFault("protocol-violation", "the target spoke before it was spoken to")
        elif target is not None:
            self._early += data
            if len(self._early) > self._limits.buffer_bytes:
                raise PeerFault("too-large", "too much was sent before the target was ready")
        else:
            self._client.feed(data, now, steps)
        self._go_on(now, steps)

    def _go_on(self, now: datetime, steps: list[Step]) -> None:
        client, target = self._client, self._target
        if target is None and client.connected is not None and client.request is not None:
            self._early = client.leftover()
            target = self._target = TargetHandshake(
                client.request, client.connected, self._nonce, self._limits
            )
            target.begin(now, steps)
        if target is not None and target.state is TargetState.READY and client.connected:
            self._conversation = Conversation(
                Reading(
                    self._knowledge(client.connected),
                    client.connected.search_path,
                    client.connected.user,
                ),
                self._shape_of,
                self._nonce,
                self._tickets,
                client.connected.epoch,
                target.settings,
                target.status,
                self._limits,
            )
            said, self._said = self._said, b""
            if said:
                self._conversation.say(said, steps)
            ahead, self._early = self._early, b""
            late = target.leftover()
            if late:
                self._conversation.feed_target(late, now, steps)
            if ahead:
                self._conversation.feed_client(ahead, now, steps)
        self._note_close()

    def _note_close(self) -> None:
        """A phase that ended the conversation has appended its Close."""
        self._closed = (
            self._client.state is ClientState.CLOSED
            or (self._target is not None and self._target.state is TargetState.CLOSED)
            or (self._conversation is not None and self._conversation.closed)
        )

    def _fault(self, fault: PeerFault, steps: list[Step]) -> None:
        sqlstate = _SQLSTATES.get(fault.code, refusals.PROTOCOL_VIOLATION)
        self._tell(refusals.fatal(sqlstate, fault.detail), steps)
        self._closed = True
        steps.append(Close(fault.detail))

    def _tell(self, data: bytes, steps: list[Step]) -> None:
        """Send a last message if the client can read one now."""
        if self._conversation is not None:
            readable = self._conversation.at_boundary
            data = self._conversation.take_said() + data
        else:
            # Before a startup message nothing but one byte is expected, in the clear or not.
            readable = self._client.request is not None
        if readable:
            steps.append(Send(Side.CLIENT, data))


_SQLSTATES = {
    "too-large": refusals.PROGRAM_LIMIT,
    "too-many": refusals.PROGRAM_LIMIT,
    "scram": refusals.PROTOCOL_VIOLATION,
    "out-of-sight": refusals.NOT_SUPPORTED,
    "cleartext": refusals.CANNOT_REACH_TARGET,
    "authentication-method": refusals.CANNOT_REACH_TARGET,
}
