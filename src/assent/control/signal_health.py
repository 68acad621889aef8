"""How well risk is measured here: each signal, the thresholds, and where scores fell lately.

Signals are pure, and their evidence is kept with each decision: so what each of them says lately
is measured anew from the log, and nothing is counted while people work.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from assent.control.decided import recorded_pairs
from assent.control.directory import Directory
from assent.control.gather import segment_of
from assent.control.reading import Readers
from assent.control.replay import action_of
from assent.control.rollups import HOUR, Rollups, Surprise
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.evidence import evidence_from_json
from assent.core.faults import Fault
from assent.core.ids import SubjectId, TargetId
from assent.core.plugins import SignalPlugin
from assent.core.ports import NetworkBook, Store
from assent.core.role import Permission
from assent.core.security_event import SecurityEvent
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import Subject
from assent.risk.budget import Budget, Thresholds

LATELY, BEFORE = timedelta(days=1), timedelta(days=7)
MOST_MEASURED = 300
"""Decisions that are measured anew, of lately and of a week ago."""
_PAGE = 300
_MOST_PAGES = 8
_KEPT_FOR = timedelta(minutes=1)
_SCORES_OF = timedelta(days=7)
_MOST_SHOWN = 20
_DRIFTS_FROM = 0.2
_ENOUGH = 20
# What was kept by another version makes no sense to signals, and is left out.
_NOT_EVIDENCE = (msgspec.ValidationError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Spread:
    """What one signal said. at: of the newest evidence that named a time. source: its last."""

    counts: Mapping[SignalStatus, int]
    at: datetime | None = None
    source: str = ""
    missing: str = ""
    most_bits: float = 0.0
    most_harm: int = 0

    @property
    def total(self) -> int:
        """How many times it was measured."""
        return sum(self.counts.values())

    def share(self, status: SignalStatus) -> float:
        """Return how often it said that, 0 to 1."""
        return self.counts.get(status, 0) / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class SignalState:
    """One signal. words: what it measures. needs: kinds of evidence. then: of a week ago."""

    name: str
    words: str
    family: str
    needs: tuple[str, ...]
    now: Spread
    then: Spread

    @property
    def drift(self) -> float | None:
        """How much more often it found something than a week ago, None where too few were seen."""
        if min(self.now.total, self.then.total) < _ENOUGH:
            return None
        observed = SignalStatus.OBSERVED
        return self.now.share(observed) - self.then.share(observed)

    @property
    def drifts(self) -> bool:
        """Whether somebody should look why."""
        return self.drift is not None and abs(self.drift) >= _DRIFTS_FROM


@dataclass(frozen=True, slots=True)
class EnvironmentScores:
    """Where scores fell lately in one environment. scores: how many of each, 0 to 100."""

    name: str
    medium_from: int
    high_from: int
    scores: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many there were."""
        return sum(self.scores)

    def reached(self, score: int) -> float:
        """Return which share reached that score."""
        return sum(self.scores[score:]) / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class RiskHealth:
    """All of it. measured, before: how many decisions were measured anew; since: of when.

    dates: how old the files are that say where addresses are.
    """

    at: datetime
    budget: Budget | None
    environments: Sequence[EnvironmentScores]
    signals: Sequence[SignalState]
    surprises: Sequence[Surprise]
    dates: Mapping[str, datetime]
    problems: Sequence[str]
    measured: int
    measured_before: int


@dataclass(slots=True)
class _Measured:
    at: datetime
    count: int = 0
    said: dict[str, list[Signal]] = field(default_factory=dict)


class SignalHealth:
    """Looks at it when it is asked, at most once a minute."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        rollups: Rollups,
        thresholds: Thresholds,
        signals: Sequence[SignalPlugin],
        families: Mapping[str, str],
        network: NetworkBook | None,
        readers: Readers,
        clock: Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._rollups = rollups
        self._thresholds = thresholds
        self._signals = signals
        self._families = families
        self._network = network
        self._readers = readers
        self._clock = clock
        self._kept: tuple[_Measured, _Measured] | None = None
        self._measuring = asyncio.Lock()

    async def report(self, caller: Caller) -> RiskHealth:
        """Return how risk is measured. Raises ForbiddenFault, OutsideFault."""
        caller.check(Permission.READ_RISK)
        await self._readers.read(caller, "risk")
        async with self._measuring:
            if self._kept is None or self._clock.now() - self._kept[0].at >= _KEPT_FOR:
                self._kept = await self._measure()
        now, then = self._kept
        return RiskHealth(
            at=now.at,
            budget=self._thresholds.budget,
            environments=self._environments(),
            signals=[self._state(one, now, then) for one in self._signals],
            surprises=self._rollups.surprises[:_MOST_SHOWN],
            dates=self._network.dates if self._network else {},
            problems=tuple(getattr(self._network, "problems", ())),
            measured=now.count,
            measured_before=then.count,
        )

    async def surprises_of(
        self, caller: Caller, subject: Subject
    ) -> tuple[Sequence[Surprise], Sequence[SecurityEvent]]:
        """Return what was above low risk of somebody lately, and what was said of them.

        For themselves, and those who see what is usual for others. Raises ForbiddenFault.
        """
        if caller.subject.id != subject.id:
            caller.check(Permission.READ_RISK)
        found = [one for one in self._rollups.surprises if one.subject == subject.id]
        since = self._clock.now() - timedelta(days=90)
        events = await self._store.security_events(SubjectId(subject.id), since, _MOST_SHOWN)
        return found[:_MOST_SHOWN], events

    def _environments(self) -> Sequence[EnvironmentScores]:
        now = self._clock.now()
        counts: dict[str, list[int]] = {}
        for hour in self._rollups.hours(now - _SCORES_OF, now + HOUR).values():
            for (target, score), many in hour.scores.items():
                row = counts.setdefault(self._segment(target), [0] * 101)
                row[max(0, min(100, score))] += many
        for known in self._directory.targets():
            counts.setdefault(segment_of(known), [0] * 101)
        return [
            EnvironmentScores(name, *self._thresholds.of(name), tuple(scores))
            for name, scores in sorted(counts.items(), key=lambda one: (-sum(one[1]), one[0]))
        ]

    def _segment(self, target: str) -> str:
        try:
            return segment_of(self._directory.target(TargetId(target)) if target else None)
        except Fault:
            # It was retired since; what it was is not kept.
            return "retired"

    def _state(self, plugin: SignalPlugin, now: _Measured, then: _Measured) -> SignalState:
        return SignalState(
            plugin.name,
            _words(plugin),
            self._families.get(plugin.name, plugin.name),
            tuple(sorted(plugin.needs)),
            _spread(now.said.get(plugin.name, ())),
            _spread(then.said.get(plugin.name, ())),
        )

    async def _measure(self) -> tuple[_Measured, _Measured]:
        now = self._clock.now()
        checkpoint = await self._store.checkpoint()
        end = checkpoint.size if checkpoint else 0
        week_ago = await self._index_of(now - BEFORE, end)
        lately = await self._anew(now, end, now - LATELY)
        before = await self._anew(now, week_ago, now - BEFORE - LATELY)
        return lately, before

    async def _anew(self, now: datetime, end: int, since: datetime) -> _Measured:
        """Return what signals say of the newest decisions before an entry, but none before then."""
        measured = _Measured(now)
        oldest = await self._store.minimum()
        for _ in range(_MOST_PAGES):
            start = max(oldest, end - _PAGE)
            if start >= end or measured.count >= MOST_MEASURED:
                break
            found = await self._store.entries(start, end - start)
            pairs, _ = recorded_pairs(found) if found else ((), 0)
            await asyncio.to_thread(self._take, pairs, measured, since)
            if found and datetime.fromisoformat(json.loads(found[0].leaf)["at"]) < since:
                break
            end = start
        return measured

    def _take(
        self, pairs: Sequence[Mapping[str, Any]], measured: _Measured, since: datetime
    ) -> None:
        for pair in reversed(pairs):
            decision, own = pair["decision"], self._directory.own
            at = datetime.fromisoformat(decision["at"])
            if measured.count >= MOST_MEASURED or at < since or decision["subject"] == own:
                continue
            try:
                evidence = evidence_from_json((decision.get("payload") or {}).get("evidence") or {})
                action = action_of(pair["attempt"], evidence)
                said = [one.measure(action, evidence, evidence.at) for one in self._signals]
            except _NOT_EVIDENCE:
                continue
            measured.count += 1
            for signal in said:
                measured.said.setdefault(signal.name, []).append(signal)

    async def _index_of(self, at: datetime, size: int) -> int:
        """Return the index of the first entry of that time or later."""
        low, high = min(await self._store.minimum(), size), size
        while low < high:
            middle = (low + high) // 2
            leaves = await self._store.leaves(middle, 1)
            if leaves and datetime.fromisoformat(json.loads(leaves[0])["at"]) < at:
                low = middle + 1
            else:
                high = middle
        return low


def _spread(said: Sequence[Signal]) -> Spread:
    """Return what one signal said; newest first."""
    missing = Counter(one.reason for one in said if one.status is SignalStatus.UNAVAILABLE)
    return Spread(
        Counter(one.status for one in said),
        max((one.at for one in said if one.at is not None), default=None),
        next((one.source for one in said if one.source), ""),
        missing.most_common(1)[0][0] if missing else "",
        max((max(one.weights) / 1000 for one in said if one.weights), default=0.0),
        max((one.harm for one in said), default=0),
    )


def _words(plugin: SignalPlugin) -> str:
    """Return what a signal measures: the first line of what its module says of itself."""
    module = sys.modules.get(getattr(plugin.measure, "__module__", ""))
    return (module.__doc__ or "").strip().split("\n", 1)[0] if module else ""
