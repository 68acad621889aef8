"""Continuous evaluation: a change of facts decides every open session that it touches again.

What takes something away is done at once, and what gives something back once the log has it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from assent.control import entries
from assent.control.decide import Decider, Outcome
from assent.control.gather import Circumstances
from assent.control.live import LiveSession, LiveSessions
from assent.control.revocation import cut
from assent.control.standing import (
    Standing,
    StandingKind,
    bound,
    cut_words,
    denial_json,
    lowered,
    standing_of,
    told,
    undecided,
)
from assent.core.action import Action, Phase
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.decision import Obligation, Permit
from assent.core.entry import Entry, EntryKind
from assent.core.faults import Fault
from assent.core.ids import ActionId, EntryId, GrantId, Ids, RequestId, SubjectId, TargetId
from assent.core.ports import Store
from assent.core.request import Request

EVERY = timedelta(seconds=30)
"""How often a session is decided again although nothing is known to have changed: time has."""
REFUSED_AFTER = timedelta(seconds=5)
"""A session that could not be decided again for so long does nothing until it could be."""

_TICK_S = 0.2
_AT_ONCE = 64
_KEPT_AT_ONCE = 32
_DECIDED_WITHIN_S = 2.0
_TIME = "time has passed"

_log = structlog.get_logger("continuous")


@dataclass(slots=True)
class _Due:
    """A session to be decided again. because: in words. since: when the facts changed."""

    live: LiveSession
    because: str
    since: datetime


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the log must be told. then: what is done once it was, None for nothing."""

    entries: Callable[[], tuple[Entry, ...]]
    then: Callable[[], None] | None


class Continuous:
    """Decides open sessions again, and lets each hear what has changed for it.

    circumstances: what is known now of a session's opening. request: finds the one that an
    opening waited in.
    """

    def __init__(
        self,
        *,
        store: Store,
        decider: Decider,
        live: LiveSessions,
        circumstances: Callable[[LiveSession], Circumstances],
        request: Callable[[RequestId], Awaitable[Request | None]],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._decider = decider
        self._live = live
        self._circumstances = circumstances
        self._request = request
        self._clock = clock
        self._ids = ids
        self._due: dict[LiveSession, _Due] = {}
        self._failed: list[_Due] = []
        self._to_keep: list[_Kept] = []
        self._wake = asyncio.Event()
        self._keep = asyncio.Event()

    def touched(
        self,
        because: str,
        *,
        subject: SubjectId | None = None,
        target: TargetId | None = None,
        grant: GrantId | None = None,
        everybody: bool = False,
    ) -> None:
        """Have the open sessions decided again that this concerns, within a second.

        because: what has changed, in words for their clients. Nothing is reused from here on.
        """
        self._live.changes += 1
        for live in self._live:
            session = live.session
            if (
                everybody
                or (subject is not None and session.subject == subject)
                or (target is not None and session.target == target)
                or (grant is not None and session.grant == grant)
            ):
                live.epoch.bump()
                live.nudged.set()
                self._enqueue(live, because)

    def touched_one(self, live: LiveSession, because: str) -> None:
        """Have one session decided again; as `touched`."""
        self._live.changes += 1
        live.epoch.bump()
        self._enqueue(live, because)

    def device_reported(self, subject: SubjectId) -> None:
        """Hear that something was said of the state of a person's device."""
        self.touched("your device reported another state", subject=subject)

    def tick(self) -> None:
        """Have the sessions decided again that nobody looked at for EVERY, or that must be."""
        now = self._clock.now()
        failed, self._failed = self._failed, []
        for due in failed:
            self._due.setdefault(due.live, due)
            self._wake.set()
        for live in self._live:
            if live.looked_at is None:
                self._enqueue(live, "what it was opened on has changed")
            elif now - live.looked_at >= EVERY:
                self._enqueue(live, _TIME)

    async def run(self) -> None:
        """Decide again, keep and tick until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._decide_on())
            tasks.create_task(self._keep_on())
            tasks.create_task(self._tick_on())

    async def settle(self) -> None:
        """Do all that is due now."""
        self.tick()
        await self._decide_due()
        await self._keep_due()

    def _enqueue(self, live: LiveSession, because: str) -> None:
        due = self._due.get(live)
        if due is None:
            self._due[live] = _Due(live, because, self._clock.now())
        elif due.because == _TIME:
            due.because = because
        self._wake.set()

    async def _decide_on(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._decide_due()
            # Behind all that is taken away, and at every tick if that takes long.
            self._keep.set()

    async def _keep_on(self) -> None:
        while True:
            await self._keep.wait()
            self._keep.clear()
            await self._keep_due()

    async def _tick_on(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            self.tick()
            if self._to_keep:
                self._keep.set()

    async def _decide_due(self) -> None:
        while self._due:
            batch = [self._due.pop(live) for live in tuple(self._due)[:_AT_ONCE]]
            await asyncio.gather(*map(self._guarded, batch))
            # Statements take their turn between two batches.
            await asyncio.sleep(0)

    async def _guarded(self, due: _Due) -> None:
        live = due.live
        try:
            async with asyncio.timeout(_DECIDED_WITHIN_S):
                await self._decide(due)
        except (Fault, TimeoutError) as fault:
            code = fault.code if isinstance(fault, Fault) else "timeout"
            _log.warning("not-decided-again", session=live.session.id, code=code)
            self._failing(due)
        except Exception:
            # A fault of ours in one session must not leave the others as they were.
            _log.exception("deciding-again-broke", session=live.session.id)
            self._failing(due)

    def _failing(self, due: _Due) -> None:
        live = due.live
        live.epoch.bump()
        self._failed.append(due)
        if self._clock.now() - due.since >= REFUSED_AFTER:
            revision = live.permitted.revision if live.permitted is not None else ""
            live.standing = undecided(revision)

    async def _decide(self, due: _Due) -> None:
        live = due.live
        if live.opening is None or self._live.get(live.session.id) is not live:
            return
        action = replace(
            live.opening,
            id=ActionId(self._ids.mint("action")),
            # Nothing is run by it: the session is open already.
            phase=Phase.PREPARE,
        )
        circumstances = self._circumstances(live)
        request = live.opened.request if live.opened is not None else None
        if request is not None:
            circumstances = replace(circumstances, request=await self._request(request))
        changes = self._live.changes
        outcome = await self._decider.consider(action, circumstances)
        if self._live.get(live.session.id) is not live:
            return
        live.looked_at = outcome.evidence.at
        if changes != self._live.changes and not live.gone:
            # Something changed while it was looked at; whoever it concerns is queued again.
            live.epoch.bump()
        self._apply(due, action, outcome)

    def _apply(self, due: _Due, action: Action, outcome: Outcome) -> None:
        live, decision = due.live, outcome.decision
        obliged = live.obliged
        if isinstance(decision, Permit):
            obliged = bound(live.obliged, live.permitted, decision)
        before, after = live.standing, lowered(standing_of(decision), obliged)
        if after == before and set(obliged) == set(live.obliged):
            return
        if _same_but_revision(before, after):
            live.standing = after
            return

        def change() -> None:
            self._change(due, before, after, obliged, decision)

        def logged() -> tuple[Entry, ...]:
            return self._entries(due, action, outcome, before, after)

        loosens = after.kind.rank < before.kind.rank or not set(obliged) >= set(live.obliged)
        if not loosens or after.kind.rank > before.kind.rank:
            change()
            self._to_keep.append(_Kept(logged, None))
        else:
            number = self._live.changes

            def give_back() -> None:
                if live.standing != before or number != self._live.changes:
                    # Something else happened meanwhile: it is looked at again, from the start.
                    self._enqueue(live, due.because)
                else:
                    change()

            self._to_keep.append(_Kept(logged, give_back))

    def _change(
        self,
        due: _Due,
        before: Standing,
        after: Standing,
        obliged: tuple[Obligation, ...],
        decision: object,
    ) -> None:
        live = due.live
        live.standing = after
        if isinstance(decision, Permit):
            live.obliged, live.permitted = obliged, decision
        live.epoch.bump()
        live.nudged.set()
        if after.kind is StandingKind.OVER and after.denial is not None:
            cut(live, due.since, cut_words(after.denial, live.target.name, due.because))
        elif after.kind is not before.kind or after.denial is not None:
            live.say(told(before, after, live.target.name, due.because))

    def _entries(
        self, due: _Due, action: Action, outcome: Outcome, before: Standing, after: Standing
    ) -> tuple[Entry, ...]:
        live, at = due.live, outcome.evidence.at
        payload: dict[str, Json] = {"because": due.because}
        if after.denial is not None:
            payload["denial"] = denial_json(after.denial)
        return (
            entries.attempt(self._ids, action, at, outcome.request),
            entries.decision(
                outcome.entry,
                action,
                outcome.decision,
                outcome.assessment,
                outcome.evidence,
                request=outcome.request,
                reusable=False,
                findings=outcome.findings,
            ),
            Entry(
                id=EntryId(self._ids.mint("entry")),
                kind=EntryKind.SESSION_STANDING,
                at=at,
                subject=live.session.subject,
                target=live.session.target,
                session=live.session.id,
                facts={
                    "before": before.kind.value,
                    "decision": outcome.entry,
                    "standing": after.kind.value,
                },
                payload=payload,
            ),
        )

    async def _keep_due(self) -> None:
        """Tell the log of all changes at once; what it cannot take now is tried again."""
        while keeping := self._to_keep[:_KEPT_AT_ONCE]:
            del self._to_keep[:_KEPT_AT_ONCE]
            if not await self._kept(keeping):
                self._to_keep = [*keeping, *self._to_keep]
                return

    async def _kept(self, keeping: list[_Kept]) -> bool:
        """Return whether the log has taken these; then what was given back is."""
        try:
            await self._store.commit((), [entry for kept in keeping for entry in kept.entries()])
            for kept in keeping:
                if kept.then is not None:
                    kept.then()
        except Fault as fault:
            _log.warning("standing-not-logged", sessions=len(keeping), code=fault.code)
            return False
        except Exception:
            # A fault of ours: what was taken away stays so, and nothing more is given back on it.
            _log.exception("keeping-standings-broke", sessions=len(keeping))
        return True


def _same_but_revision(before: Standing, after: Standing) -> bool:
    """Return whether nothing changed for anybody but which policies say so."""
    return (
        before.kind is after.kind
        and before.denial is not None
        and after.denial is not None
        and replace(before.denial, revision=after.denial.revision) == after.denial
    )
