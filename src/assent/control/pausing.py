"""A paused session: what is sent to it waits on its connection until somebody resumes it.

So does what is sent to one that somebody has to watch, while nobody does.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from assent.control import steered
from assent.control.decide import Decider, Outcome
from assent.control.four_eyes import FourEyes
from assent.control.live import LiveSession, Pause
from assent.control.session_words import denied
from assent.control.surroundings import Surroundings
from assent.core.action import Action
from assent.core.clock import Clock
from assent.core.decision import Deny
from assent.core.plugins import Held, RefusalKind, Refused

_KINDS = {
    "nobody resumed it in time": RefusalKind.TIMED_OUT,
    "nobody came in time": RefusalKind.TIMED_OUT,
    "you withdrew what waited": RefusalKind.WITHDRAWN,
    "its client hung up": RefusalKind.WITHDRAWN,
}
_TOO_LATE, _NOBODY_CAME, _WITHDRAWN, _GONE = _KINDS


class Pausing:
    """Holds what is attempted in paused sessions; what never runs is in the log as refused."""

    def __init__(
        self, *, decider: Decider, surroundings: Surroundings, four_eyes: FourEyes, clock: Clock
    ) -> None:
        self._decider = decider
        self._four_eyes = four_eyes
        self._surroundings = surroundings
        self._clock = clock

    async def passed(
        self, live: LiveSession, action: Action, tell: Callable[[Held], None]
    ) -> tuple[Refused, Outcome] | None:
        """Return None once the session goes on, or why this does not run in it.

        Raises OutsideFault when the refusal cannot be made durable.
        """
        pause = live.pause
        if pause is None:
            return None
        why = await self._waited(live, action, pause, tell)
        if not why:
            return None
        denial = steered.not_resumed(self._decider.policies.revision, pause, why)
        circumstances = replace(self._surroundings.of(live), standing=denial)
        outcome = await self._decider.decide(action, circumstances)
        if not isinstance(outcome.decision, Deny):
            raise TypeError("a session that is paused lets nothing through")
        refused = denied(live.target, action, outcome.decision, outcome)
        return replace(refused, kind=_KINDS[why]), outcome

    async def _waited(
        self, live: LiveSession, action: Action, pause: Pause, tell: Callable[[Held], None]
    ) -> str:
        """Return why it waits no longer, empty when the session was resumed."""
        now = self._clock.now()
        lasts = steered.WAITS_IN_TRANSACTION_FOR if action.in_transaction else steered.WAITS_FOR
        until = min(now + lasts, live.session.ends_at)
        live.cancelled = False
        # From here on a cancel is meant for what waits, and the target runs nothing.
        live.holding += 1
        live.waiting = action
        told: Pause | None = None
        try:
            with live.nudged.heard() as nudged:
                while True:
                    nudged.clear()
                    pause, now = live.pause or pause, self._clock.now()
                    if live.gone:
                        return _GONE
                    if live.cancelled:
                        return _WITHDRAWN
                    if live.pause is None:
                        return ""
                    if now >= until:
                        return _NOBODY_CAME if pause.groups else _TOO_LATE
                    if pause != told:
                        told = pause
                        tell(Held(steered.waits(live, pause, until), until, ""))
                        if pause.groups:
                            await self._four_eyes.ask(live, pause)
                            continue
                    await _nudged(nudged, (until - now).total_seconds())
        finally:
            live.holding -= 1
            if live.waiting is action:
                live.waiting = None


async def _nudged(nudged: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(max(seconds, 0.0)):
            await nudged.wait()
    except TimeoutError:
        return
