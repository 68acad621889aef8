"""How much of an answer may pass: what a permit lets, and what people let pass besides."""

import asyncio

from assent.control.live import Patience
from assent.core.enforcement import Enforcement, Limit
from assent.core.plugins import Refused
from assent.gateway.sessions import Attempt, GatewaySession

_NAME = "max_bytes"


class LimitReached(Exception):
    """More would pass than may; its text says why no more does."""


class Meter:
    """Counts what a client is sent of one answer. bytes: so far."""

    def __init__(self, session: GatewaySession, attempt: Attempt) -> None:
        self.bytes = 0
        self._session = session
        self._attempt = attempt
        self._limits = _limits(attempt.permitted.enforcement)

    async def check(self, size: int) -> None:
        """Return once so many bytes may pass in all. Raises LimitReached where they may not.

        People may be asked for it, and then the answer waits at the target meanwhile.
        """
        while self._limits:
            limit = min(self._limits, key=lambda one: one.most)
            if size <= limit.most:
                return
            await self._exceed(limit)

    async def _exceed(self, limit: Limit) -> None:
        patience = Patience()
        work = self._session.exceed(self._attempt, limit, self.bytes, patience=patience)
        asking = asyncio.ensure_future(work)
        try:
            answer = await asyncio.shield(asking)
        except asyncio.CancelledError:
            patience.hang_up()
            raise
        if isinstance(answer, Refused):
            raise LimitReached(f"no more than {limit.most} bytes may pass: {answer.message}")
        more = _limits(answer.enforcement) if limit.counted else ()
        self._limits = (*(one for one in self._limits if one is not limit), *more)


def _limits(enforcement: Enforcement | None) -> tuple[Limit, ...]:
    found = enforcement.limits if enforcement is not None else ()
    return tuple(limit for limit in found if limit.name == _NAME)
