"""What a permit obliges to, kept in a stream: its bytes recorded, and no more than so many."""

import asyncio
from base64 import b64encode
from collections.abc import Callable

import structlog

from assent.core.clock import Clock
from assent.core.enforcement import Enforcement, Limit
from assent.core.faults import Fault
from assent.core.frame import InputFrame, OutputFrame
from assent.gateway.sessions import Attempt, GatewaySession
from assent.gateway.tcp.splice import End, Splice

# In base64 it fits into one frame, whole.
_RECORDED_AT_ONCE = 12 * 1024
_UNRECORDED = "the recording cannot be kept, and nothing is done unrecorded"

_log = structlog.get_logger("gateway")


class Obliged:
    """Looks at each piece of a stream. cut: ends the stream, with a reason."""

    def __init__(
        self,
        splice: Splice,
        attempt: Attempt,
        enforcement: Enforcement,
        clock: Clock,
        cut: Callable[[str], None],
    ) -> None:
        self._splice = splice
        self._session: GatewaySession = attempt.session
        self._sequence = attempt.sequence
        self._records = enforcement.record_results
        self._limit = _fewest(enforcement.limits)
        self._clock = clock
        self._cut = cut
        self._catching_up: asyncio.Task[None] | None = None

    def passes(self, end: End, data: bytes) -> bool:
        """Return whether a piece may pass; it is recorded by then."""
        limit, from_target = self._limit, end is self._splice.target
        if limit is not None and from_target and end.passed + len(data) > limit.most:
            self._cut(f"more than the {limit.most} bytes that this may return")
            return False
        if self._records:
            try:
                self._record(data, from_target=from_target)
            except Fault as fault:
                _log.error("recording-failed", code=fault.code)
                self._cut(_UNRECORDED)
                return False
        return True

    def _record(self, data: bytes, *, from_target: bool) -> None:
        make = OutputFrame if from_target else InputFrame
        for start in range(0, len(data), _RECORDED_AT_ONCE):
            text = b64encode(data[start : start + _RECORDED_AT_ONCE]).decode("ascii")
            self._session.record(make(self._sequence, self._clock.now(), text))
        if self._session.behind and self._catching_up is None:
            self._splice.pause(on=True)
            self._catching_up = asyncio.ensure_future(self._caught_up())

    async def _caught_up(self) -> None:
        try:
            await self._session.ready()
        except Fault as fault:
            _log.error("recording-failed", code=fault.code)
            self._cut(_UNRECORDED)
        self._catching_up = None
        self._splice.pause(on=False)


def unkept(enforcement: Enforcement | None) -> str:
    """Return why what is obliged to cannot be kept in a stream, empty where it can."""
    if enforcement is None:
        return ""
    if enforcement.masks or enforcement.scan:
        return "what a stream carries is not understood here, so nothing in it can be masked"
    if enforcement.timeout is not None:
        return "a stream has no statements whose time could be limited"
    if any(limit.name != "max_bytes" for limit in enforcement.limits):
        return "a stream has no rows that could be counted"
    return ""


def watches(enforcement: Enforcement | None) -> bool:
    """Return whether the pieces of a stream must be looked at."""
    return enforcement is not None and bool(enforcement.limits or enforcement.record_results)


def _fewest(limits: tuple[Limit, ...]) -> Limit | None:
    return min(limits, key=lambda one: one.most, default=None)
