"""Holding: an action waits on its live connection until people assent, or until it must not."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from assent.control.decide import Decider, Outcome
from assent.control.gather import Circumstances
from assent.control.held_words import refusal, restarting, still_waiting, waits
from assent.control.live import LiveSession, Patience
from assent.control.requests import Requests
from assent.control.resuming import NOT_STAYED, Resuming
from assent.control.waiting import Waiting
from assent.core.action import Action
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit
from assent.core.entry import Entry
from assent.core.faults import ConflictFault
from assent.core.ids import RequestId
from assent.core.impact import describe
from assent.core.plugins import Held, Permitted, Refused
from assent.core.request import Request, RequestState
from assent.risk import explain
from assent.workflow.request import RequestEvent

STOPS_WITHIN_S = 2.0
"""How long a stop waits for what is held to be set aside."""
LOOK_AGAIN_S = 10.0
"""How often it is asked who waits for the locks of a session while it waits itself."""


class Holding:
    """Holds actions of live sessions; what waits is a durable request."""

    def __init__(
        self,
        *,
        decider: Decider,
        waiting: Waiting,
        requests: Requests,
        resuming: Resuming,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._decider = decider
        self._waiting = waiting
        self._requests = requests
        self._resuming = resuming
        self._stopping = False
        self._nothing_held = asyncio.Event()
        self._held: dict[RequestId, LiveSession] = {}
        self._clock = clock
        self._public_url = public_url
        waiting.when_changed(self._changed)

    async def hold(
        self,
        live: LiveSession,
        action: Action,
        outcome: Outcome,
        circumstances: Callable[[], Circumstances],
        tell: Callable[[Held], None],
        patience: Patience | None = None,
    ) -> tuple[Permitted | Refused, Outcome]:
        """Return the final answer to a held action, once there is one.

        patience: where its client does not stay for that, the answer is WAITING, and the request
        waits without it.

        Where the same was held when an earlier process stopped, it goes on waiting in that
        request, and what is permitted in the end is that action (`acted`).
        Raises OutsideFault when the request cannot be made durable.
        """
        denial = outcome.decision
        if not isinstance(denial, Deny):
            raise TypeError("only a denial is held")
        live.cancelled = False
        # From here on a cancel is meant for what is held, and the target runs nothing.
        live.holding += 1
        live.waiting = action
        try:
            request = await self._resuming.take_up(live, action)
            if request is None:
                request = await self._waiting.open(action, outcome, denial)
            self._held[request.id] = live
            try:
                return await self._wait(
                    live, request, outcome, circumstances, tell, patience or Patience()
                )
            finally:
                self._held.pop(request.id, None)
                if not self._held:
                    self._nothing_held.set()
        finally:
            live.holding -= 1
            if live.waiting is action:
                live.waiting = None

    def acted(self, answer: Permitted | Refused, action: Action) -> Action:
        """Return the action that was permitted: `action`, or the same one that waited longer."""
        if not isinstance(answer, Permitted) or not answer.request:
            return action
        request = self._waiting.get(RequestId(answer.request))
        return request.action if request else action

    async def stop(self) -> None:
        """Set aside all that is held, and tell its clients; nothing is held from here on."""
        self._stopping = True
        for live in set(self._held.values()):
            live.nudged.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPS_WITHIN_S):
                while self._held:
                    # What was held while the others let go is waited for as well: an event that
                    # stays set would have this go round for ever, with nothing else done.
                    self._nothing_held.clear()
                    await self._nothing_held.wait()

    async def complete(self, request: RequestId, words: str, entry: Entry) -> None:
        """Settle a released request with what came of it."""
        await self._waiting.advance(request, RequestEvent.COMPLETED, outcome=words, also=(entry,))

    async def lose(self, request: RequestId, entry: Entry, *, released: bool) -> None:
        """Settle a released request whose outcome nobody will hear of."""
        words = "the connection broke " + (
            "while it ran; it ran at most once"
            if released
            else "before it was sent; it did not run"
        )
        await self._waiting.advance(request, RequestEvent.INTERRUPTED, outcome=words, also=(entry,))

    async def _wait(
        self,
        live: LiveSession,
        request: Request,
        outcome: Outcome,
        circumstances: Callable[[], Circumstances],
        tell: Callable[[Held], None],
        patience: Patience,
    ) -> tuple[Permitted | Refused, Outcome]:
        told: tuple[str, ...] = ()
        with live.nudged.heard() as nudged:
            patience.nudge = nudged.set
            while True:
                nudged.clear()
                if self._stopping and not live.gone:
                    with suppress(ConflictFault):  # It was settled already: that is what is heard.
                        return restarting(await self._resuming.let_go(request.id)), outcome
                elif live.gone or live.cancelled or patience.hung_up:
                    await self._withdraw(live, request)
                current = self._waiting.get(request.id)
                if current is None or current.state not in (
                    RequestState.PENDING,
                    RequestState.APPROVED,
                ):
                    settled = await self._waiting.find(request.id)
                    return refusal(settled or request), outcome
                # What was assented to meanwhile waits for the session, too.
                if current.state is RequestState.APPROVED and live.pause is None:
                    released = await self._release(live, current, circumstances())
                    if released is not None:
                        return released
                    continue
                if (lines := self._lines(current)) != told:
                    told = lines
                    tell(Held(lines, current.deadline_at, current.id))
                if patience.until is not None and self._clock.now() >= patience.until:
                    with suppress(ConflictFault):
                        aside = await self._resuming.let_go(request.id, NOT_STAYED)
                        return still_waiting(aside, lines), outcome
                    continue
                await self._nudge_or_deadline(live, nudged, current, patience)

    async def _nudge_or_deadline(
        self, live: LiveSession, nudged: asyncio.Event, request: Request, patience: Patience
    ) -> None:
        ends = request.deadline_at
        if patience.until is not None:
            ends = min(ends, patience.until)
        left = (ends - self._clock.now()).total_seconds()
        # Only inside of a transaction locks are held that others may come to wait for.
        looks = request.action.in_transaction and left > LOOK_AGAIN_S
        try:
            async with asyncio.timeout(LOOK_AGAIN_S if looks else max(left, 0.0)):
                await nudged.wait()
        except TimeoutError:
            if looks:
                self._waiting.look_again(request.id, await live.waiters())
            else:
                await self._waiting.expire(self._clock.now())

    async def _release(
        self, live: LiveSession, request: Request, circumstances: Circumstances
    ) -> tuple[Permitted | Refused, Outcome] | None:
        """Decide everything again on the facts of now; None when it asks people again."""
        with_request = replace(circumstances, request=request)
        try:
            outcome = await self._decider.decide(request.action, with_request)
            if not isinstance(outcome.decision, Permit):
                await self._waiting.reopen(request.id, outcome)
                return None
            # Durable before the first byte goes up: after a crash it is visibly released, and
            # nobody can release it a second time.
            await self._waiting.advance(request.id, RequestEvent.RELEASED)
        except ConflictFault:
            # Somebody was faster: withdrawn, or cut. The loop reads what it is now.
            return None
        return Permitted(outcome.entry, request.id), outcome

    async def _withdraw(self, live: LiveSession, request: Request) -> None:
        words = "the client hung up" if live.gone else "cancelled by the client"
        try:
            await self._waiting.advance(request.id, RequestEvent.WITHDRAWN, outcome=words)
        except ConflictFault:
            return  # It was settled already; that is what the client hears.

    def _lines(self, request: Request) -> tuple[str, ...]:
        """Return what the client is told while it waits, the most important line first."""
        why = "; ".join(request.messages) or "this needs assent"
        return (
            f"held by Assent: {why}",
            *(describe(request.impact) if request.impact else ()),
            *explain(request.assessment),
            *waits(
                request,
                self._requests.unmet(request),
                self._requests.asked(request),
                to_end_it="Ctrl-C",
                public_url=self._public_url,
            ),
        )

    async def _changed(self, request: Request) -> None:
        live = self._held.get(request.id)
        if live is not None:
            live.nudged.set()
