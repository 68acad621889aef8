"""Pins of tools: a tool is its definition, and one that nobody assented to is called by nobody.

The first session that sees a new definition asks for it, once: each tool that policies let in is
let in at once, and for the others their people are asked, in one request.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from assent.control import entries
from assent.control.asked_proof import proof_of
from assent.control.decide import Decider, Outcome
from assent.control.gather import Circumstances
from assent.control.live import LiveSession
from assent.control.sign_in import SignIn
from assent.control.surroundings import Surroundings
from assent.control.waiting import Waiting
from assent.core.action import Action
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.decision import Deny, Permit
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault
from assent.core.ids import ActionId, Ids, RequestId, TargetId
from assent.core.ports import Store
from assent.core.request import Request, RequestState
from assent.core.tool_pin import PutToolPin, ToolPin
from assent.protocols.mcp.definitions import Definition
from assent.protocols.mcp.reading import ADMIT, read_admission

NOT_AGAIN_FOR = timedelta(days=1)
"""What was rejected is not asked for again for so long, unless it changes."""
MOST = 2_000
"""Tools that are known of one target; whatever else its server names is no tool."""
MOST_AT_ONCE = 50
"""Tools that one request asks for: more of them nobody reads."""

Listener = Callable[[TargetId], Awaitable[None]]


@dataclass(slots=True)
class _Known:
    pins: dict[str, ToolPin]
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    # name → digest and revision of the policies that would let it in by no means.
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)

    def has(self, tool: Definition) -> bool:
        """Return whether a tool was assented to as it is."""
        pin = self.pins.get(tool.name)
        return pin is not None and pin.digest == tool.digest


class ToolPins:
    """Keeps them, and has people asked."""

    def __init__(
        self,
        *,
        store: Store,
        decider: Decider,
        waiting: Waiting,
        sign_in: SignIn,
        surroundings: Surroundings,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._decider = decider
        self._waiting = waiting
        self._sign_in = sign_in
        self._surroundings = surroundings
        self._clock = clock
        self._ids = ids
        self._known: dict[TargetId, _Known] = {}
        self._listeners: list[Listener] = []
        waiting.when_changed(self._changed)

    def when_admitted(self, listener: Listener) -> None:
        """Await `listener` with the target after some of its tools were admitted."""
        self._listeners.append(listener)

    async def of(self, target: TargetId) -> Mapping[str, ToolPin]:
        """Return what is known of the tools of a target, by name. Raises OutsideFault."""
        return (await self._of(target)).pins

    async def look(self, live: LiveSession, tools: Sequence[Definition]) -> Mapping[str, ToolPin]:
        """Return the pins after what a session's server says of its tools was looked at.

        What is new is asked for. Raises Fault where that cannot be found out; then nothing of it
        may be called.
        """
        known = await self._of(live.target.id)
        if all(map(known.has, tools)):
            return known.pins
        async with known.lock:
            wanted = [one for one in tools if await self._is_to_be_asked(known, one)]
            if wanted:
                await self._ask(live, known, wanted)
        return known.pins

    async def _of(self, target: TargetId) -> _Known:
        if target not in self._known:
            found = await self._store.tool_pins(target)
            self._known.setdefault(target, _Known({pin.name: pin for pin in found}))
        return self._known[target]

    async def _is_to_be_asked(self, known: _Known, tool: Definition) -> bool:
        pin = known.pins.get(tool.name)
        if pin is None:
            return len(known.pins) < MOST
        if pin.digest == tool.digest:
            return False
        if pin.waiting_digest != tool.digest:
            return True
        if pin.request is None:
            revision = self._decider.policies.revision
            return known.refused.get(tool.name) != (tool.digest, revision)
        request = await self._waiting.find(pin.request)
        if request is None or self._waiting.get(pin.request) is not None:
            return request is None
        if request.state is RequestState.REJECTED:
            return self._clock.now() >= request.changed_at + NOT_AGAIN_FOR
        return True

    async def _ask(self, live: LiveSession, known: _Known, wanted: Sequence[Definition]) -> None:
        """Admit what policies let in, and have people asked for what they leave to them."""
        circumstances = self._circumstances(live)
        groups: dict[object, list[Definition]] = {}
        for tool in wanted:
            action = self._action(live, known, [tool])
            outcome = await self._decider.consider(action, circumstances)
            decision = outcome.decision
            if isinstance(decision, Permit):
                await self._admit_at_once(live, known, tool, action, circumstances)
            elif decision.remedies:
                groups.setdefault((decision.remedies, decision.denied_by), []).append(tool)
            else:
                known.refused[tool.name] = (tool.digest, decision.revision)
                await self._keep(live.target.id, known, tool, None)
        for group in groups.values():
            for start in range(0, len(group), MOST_AT_ONCE):
                some = group[start : start + MOST_AT_ONCE]
                await self._ask_people(live, known, some, circumstances)

    async def _admit_at_once(
        self,
        live: LiveSession,
        known: _Known,
        tool: Definition,
        action: Action,
        circumstances: Circumstances,
    ) -> None:
        outcome = await self._decider.decide(action, circumstances)
        if isinstance(outcome.decision, Permit):
            pin = self._admitted(known.pins.get(tool.name), live.target.id, tool)
            facts: dict[str, Json] = {"outcome": "done", "tools": 1}
            entry = entries.result(self._ids, action, self._clock.now(), None, facts)
            await self._store.commit((PutToolPin(pin),), (entry,))
            known.pins[tool.name] = pin

    async def _ask_people(
        self,
        live: LiveSession,
        known: _Known,
        some: Sequence[Definition],
        circumstances: Circumstances,
    ) -> None:
        action = self._action(live, known, some)
        outcome = await self._decider.decide(action, circumstances)
        request = await self._opened(action, outcome)
        for tool in some:
            await self._keep(live.target.id, known, tool, request)

    async def _opened(self, action: Action, outcome: Outcome) -> RequestId | None:
        if not isinstance(outcome.decision, Deny) or not outcome.decision.remedies:
            return None
        # Too many wait already: it is asked for when it is seen again.
        with suppress(ConflictFault):
            return (await self._waiting.open(action, outcome, outcome.decision)).id
        return None

    async def _keep(
        self, target: TargetId, known: _Known, tool: Definition, request: RequestId | None
    ) -> None:
        before = known.pins.get(tool.name)
        same = before is not None and before.waiting_digest == tool.digest
        if same and before is not None and before.request == request:
            return
        now = self._clock.now()
        pin = replace(
            before or ToolPin(target, tool.name, now),
            seen_at=before.seen_at if same and before else now,
            waiting_digest=tool.digest,
            waiting_definition=tool.text,
            request=request,
        )
        await self._store.commit((PutToolPin(pin),), ())
        known.pins[tool.name] = pin

    def _admitted(self, before: ToolPin | None, target: TargetId, tool: Definition) -> ToolPin:
        now = self._clock.now()
        pin = before or ToolPin(target, tool.name, now)
        return admitted(replace(pin, waiting_digest=tool.digest, waiting_definition=tool.text), now)

    def _circumstances(self, live: LiveSession) -> Circumstances:
        # It is the target's affair: neither the session's grant nor what binds it says anything.
        around = self._surroundings.of(live)
        return replace(around, obliged=(), standing=None, session=None)

    def _action(self, live: LiveSession, known: _Known, tools: Sequence[Definition]) -> Action:
        before = {tool.name: known.pins[tool.name] for tool in tools if tool.name in known.pins}
        reading = read_admission(
            [(tool, before[tool.name].definition if tool.name in before else "") for tool in tools],
            live.target.name,
        )
        digests = {name: pin.digest for name, pin in before.items() if pin.digest}
        return Action(
            id=ActionId(self._ids.mint("action")),
            subject=live.subject.id,
            statement=reading.statement,
            target=live.target.id,
            text=reading.text,
            details={
                "before": json.dumps(digests, sort_keys=True),
                "proved_by": live.authentication.method,
                "tools": json.dumps({one.name: one.digest for one in tools}, sort_keys=True),
            },
            salt=self._ids.token(16),
        )

    async def _changed(self, request: Request) -> None:
        """Admit what people assented to, if that is still what the server says."""
        action = request.action
        if request.state is not RequestState.APPROVED or action.verb != ADMIT:
            return
        if action.target is None:
            return
        known = await self._of(action.target)
        # Somebody may be faster: withdrawn, or expired.
        with suppress(ConflictFault):
            async with known.lock:
                await self._carry_out(request, action.target, known)
            for listener in self._listeners:
                await listener(action.target)

    async def _carry_out(self, request: Request, target: TargetId, known: _Known) -> None:
        circumstances = Circumstances(
            authentication=proof_of(self._sign_in, request),
            connection=Connection(door="gateway"),
            request=request,
        )
        outcome = await self._decider.decide(request.action, circumstances)
        if isinstance(outcome.decision, Deny):
            await self._waiting.reopen(request.id, outcome)
            return
        pins = self._assented(request.action, target, known)
        facts: dict[str, Json] = {"outcome": "done", "tools": len(pins)}
        entry = entries.result(self._ids, request.action, self._clock.now(), request.id, facts)
        words = f"{len(pins)} tool{'' if len(pins) == 1 else 's'} can be called"
        await self._waiting.finish(request.id, tuple(map(PutToolPin, pins)), (entry,), words)
        known.pins.update({pin.name: pin for pin in pins})

    def _assented(self, action: Action, target: TargetId, known: _Known) -> list[ToolPin]:
        """Return the pins of what people have seen; what was changed meanwhile is none of it."""
        digests: Mapping[str, str] = json.loads(action.details["tools"])
        now = self._clock.now()
        return [
            admitted(pin, now)
            for name, digest in digests.items()
            if (pin := known.pins.get(name)) is not None and pin.waiting_digest == digest
        ]


def admitted(pin: ToolPin, now: datetime) -> ToolPin:
    """Return the pin of a tool that may be called as it is now."""
    return ToolPin(
        pin.target, pin.name, pin.seen_at, pin.waiting_digest, pin.waiting_definition, now
    )
