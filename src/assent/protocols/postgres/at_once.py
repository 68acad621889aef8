"""The hot path: a chunk that is exactly one whole unit, or its whole answer, passes in one look.

It leads to the steps and leaves the state that its messages would one by one, but only where
all of it was permitted before and nothing is unusual; else nothing is touched, and they are
looked at one by one. So each check comes before the first change.
"""

from collections import deque
from collections.abc import Callable, Hashable
from datetime import datetime

from assent.core.action import Phase
from assent.core.frame import StatementFrame
from assent.core.plugins import Permitted, Record, Send, Side, Step
from assent.protocols.postgres.exchange import Exchange, Simple
from assent.protocols.postgres.extended import Bound, Expected, Group, Parsed, Running
from assent.protocols.postgres.messages import HEADER, SYNC
from assent.protocols.postgres.names import Portal, Prepared
from assent.protocols.postgres.whole import bind_at, parse_at, types_at

_unpack = HEADER.unpack_from
_PREPARE, _EXECUTE = Phase.PREPARE, Phase.EXECUTE

# Of the unnamed portal: `Describe`, and an `Execute` but for its number of rows.
_EXECUTES = b"E\x00\x00\x00\x09\x00"
_DESCRIBES_AND_EXECUTES = b"D\x00\x00\x00\x06P\x00" + _EXECUTES
_EXECUTE_TO_SYNC_BYTES = len(_EXECUTES) + 4 + len(SYNC)
_DESCRIBE_TO_SYNC_BYTES = len(_DESCRIBES_AND_EXECUTES) + 4 + len(SYNC)


class AtOnce:
    """What passes at once of the client's. prepared: of a text, None if it is not UTF-8."""

    __slots__ = ("_exchange", "_most_bytes", "_prepared", "_shape_of")

    def __init__(
        self,
        exchange: Exchange,
        shape_of: Callable[[bytes], Hashable | None],
        prepared: Callable[[bytes], Prepared | None],
    ) -> None:
        limits = exchange.limits
        self._exchange = exchange
        self._shape_of = shape_of
        self._prepared = prepared
        # No limit of a message, of parameters or of what waits can be met below this.
        self._most_bytes = min(
            limits.message_bytes, limits.small_bytes, limits.buffer_bytes, limits.parameter_bytes
        )

    def passes(self, data: bytes, now: datetime, steps: list[Step]) -> bool:
        """Return whether `data` was all of a unit and is dealt with; if not, nothing was done.

        Nothing of the client's may wait, and no question be open. data: not empty.
        """
        exchange = self._exchange
        if exchange.unit is not None or exchange.tail or len(data) > self._most_bytes:
            return False
        kind = data[0]
        if kind == 81:
            return self._query(data, now, steps)
        if kind == 66 or kind == 80:
            return self._group(data, now, steps)
        return False

    def _query(self, data: bytes, now: datetime, steps: list[Step]) -> bool:
        """Exactly one Query."""
        if len(data) < 6 or _unpack(data)[1] + 1 != len(data) or data[-1]:
            return False
        body = data[5:-1]
        shape = self._shape_of(body)
        if shape is None:
            return False
        exchange = self._exchange
        permitted = exchange.reuse.find(_EXECUTE, shape, now)
        if permitted is None or permitted.enforcement is not None:
            return False
        exchange.sequence = sequence = exchange.sequence + 1
        text = body.decode("ascii")
        frame = StatementFrame(sequence, now, text, (), "reuse", permitted.entry, permitted.request)
        steps += (Record(frame), Send(Side.TARGET, data))
        exchange.unit = Simple(Running(sequence, now, exchange.read_position))
        return True

    def _group(self, data: bytes, now: datetime, steps: list[Step]) -> bool:
        """Exactly `[Parse] Bind [Describe] Execute Sync`, all of the unnamed portal."""
        # 1. Its last messages, since no read of those before can go beyond the end then.
        if len(data) < 5 + _EXECUTE_TO_SYNC_BYTES or data[-5:] != SYNC:
            return False
        # 2. Its messages, one after the other and nothing between them.
        name, parsed, at = b"", None, 0
        if data[0] == 80:
            parse = parse_at(data, _EXECUTE_TO_SYNC_BYTES)
            if parse is None:
                return False
            name, text, at = parse
            parsed = self._prepared(text)
            if parsed is None:
                return False
        types_of: Callable[[bytes], tuple[int, ...]] = self._exchange.types_of
        if parsed is not None:
            after_text = 7 + len(name) + len(text)
            types_of = self._declared(data, name, after_text)
        bind = bind_at(data, at, _EXECUTE_TO_SYNC_BYTES, types_of)
        if bind is None:
            return False
        bound_name, parameters, at = bind
        left = len(data) - at
        if not (
            (left == _DESCRIBE_TO_SYNC_BYTES and data.startswith(_DESCRIBES_AND_EXECUTES, at))
            or (left == _EXECUTE_TO_SYNC_BYTES and data.startswith(_EXECUTES, at))
        ):
            return False
        # 3. What it runs: what it has just parsed, or what a name can mean and nothing else.
        if parsed is not None and bound_name != name:
            return False
        prepared = self._exchange.names.sure(bound_name, parsed)
        if prepared is None:
            return False
        # 4. Whether that was permitted.
        permitted = self._permitted(prepared, parsed, now)
        if permitted is None:
            return False
        self._let_through(name, parsed, prepared, parameters, permitted, now, steps)
        steps.append(Send(Side.TARGET, data))
        return True

    def _declared(
        self, data: bytes, parsed: bytes, after_text: int
    ) -> Callable[[bytes], tuple[int, ...]]:
        """Return what knows the types that the Parse at the start of `data` declares."""

        def types_of(name: bytes) -> tuple[int, ...]:
            certain = self._exchange.names.certain and name == parsed
            return types_at(data, after_text) if certain else ()

        return types_of

    def _permitted(
        self, prepared: Prepared, parsed: Prepared | None, now: datetime
    ) -> Permitted | None:
        """Return the permit to run it, None where something has to be asked or awaited."""
        shape = prepared.shape
        # After what may copy the target is listened to before its Sync is sent.
        if shape is None or prepared.may_copy_in:
            return None
        reuse = self._exchange.reuse
        if parsed is not None and reuse.find(_PREPARE, shape, now) is None:
            return None
        permitted = reuse.find(_EXECUTE, shape, now)
        # What must be done to its results is prepared message by message.
        return permitted if permitted is None or permitted.enforcement is None else None

    def _let_through(
        self,
        name: bytes,
        parsed: Prepared | None,
        prepared: Prepared,
        parameters: tuple[str | None, ...],
        permitted: Permitted,
        now: datetime,
        steps: list[Step],
    ) -> None:
        exchange = self._exchange
        names = exchange.names
        exchange.types.begin()
        if parsed is not None:
            exchange.types.forget(name)
        exchange.sequence = sequence = exchange.sequence + 1
        steps.append(
            Record(
                StatementFrame(
                    sequence,
                    now,
                    prepared.text,
                    parameters,
                    "reuse",
                    permitted.entry,
                    permitted.request,
                )
            )
        )
        # Names mean what the target confirms: until then these are only awaited.
        portal = Portal(prepared, lambda: parameters, permitted)
        bound = Bound(b"", portal, names.portal_generation)
        running = Running(sequence, now, exchange.read_position)
        expected: deque[Expected]
        if parsed is None:
            expected = deque((bound, running))
        else:
            expected = deque((Parsed(name, parsed, names.statement_generation), bound, running))
        exchange.unit = Group(expected=expected, went_up=True, executed=True, synced=True)
