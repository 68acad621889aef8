"""What the log says, counted by the hour and kept in memory: made from it again at each start.

Nothing is counted on the road of a statement for it: entries are read after the fact, and others
come first. It proves nothing; each number can be found again in the log.
"""

import asyncio
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import structlog
from msgspec import Struct

from assent.control.directory import Directory
from assent.control.following import DAMAGED, GATHER_S, Progress, Resting
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import Fault
from assent.core.ports import Store, StoredEntry

KEPT_FOR = timedelta(days=30)
MOST_ENTRIES = 400_000
"""No more are read at a start, however many there are of the last 30 days."""
MOST_SURPRISES = 500
HOUR = timedelta(hours=1)
_PAGE = 256
_RESTS = 1.0
_MOST_WAITING = 20_000
_PAUSE_S = 5.0
_ASSENTED = frozenset({"approved", "released", "completed"})
_OVER = frozenset({"rejected", "withdrawn", "expired", "interrupted", "completed"})

_log = structlog.get_logger("rollups")


class _Head(Struct):
    kind: str
    at: datetime
    id: str
    facts: msgspec.Raw
    subject: str | None = None
    session: str | None = None
    request: str | None = None
    target: str | None = None


class _Decided(Struct):
    outcome: str
    phase: str
    score: int
    level: str
    policies: list[str] = []
    remedies: list[str] = []


class _Stands(Struct):
    state: str = ""
    verdict: str = ""


class _Factor(Struct):
    name: str
    points: int
    reason: str = ""


class _Assessed(Struct):
    factors: list[_Factor] = []


class _Said(Struct):
    assessment: _Assessed | None = None


_head = msgspec.json.Decoder(_Head)
_decided = msgspec.json.Decoder(_Decided)
_stands = msgspec.json.Decoder(_Stands)
_said = msgspec.json.Decoder(_Said)


@dataclass(slots=True)
class Hour:
    """What happened in one hour, or in several together.

    automatic: permitted at once. held: something was asked for. refused: nothing could help.
    released: permitted after people, or a proof. statements: permitted ones of sessions that were
    decided on. waits: seconds from asking to assent, of requests that people assented to.
    factors: points that each added to scores; times: how often. denied_by: policies of what was
    held or refused. scores: (target, score) → how often.
    """

    automatic: int = 0
    held: int = 0
    refused: int = 0
    released: int = 0
    sessions: int = 0
    statements: int = 0
    waits: list[float] = field(default_factory=list)
    factors: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)
    denied_by: Counter[str] = field(default_factory=Counter)
    scores: Counter[tuple[str, int]] = field(default_factory=Counter)

    def add(self, other: "Hour") -> None:
        """Count what another one counted, too."""
        for name in ("automatic", "held", "refused", "released", "sessions", "statements"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.waits += other.waits
        for name in ("factors", "times", "denied_by", "scores"):
            getattr(self, name).update(getattr(other, name))


@dataclass(frozen=True, slots=True)
class Surprise:
    """A decision above low risk. reason: of the factor that added most, empty where not kept."""

    entry: str
    at: datetime
    subject: str
    target: str | None
    score: int
    level: str
    reason: str


class Rollups:
    """Reads the log from 30 days ago on, and goes on as it grows. since: of its first entry."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._sleep = sleep
        self._resting = Resting(_RESTS, sleep)
        self._hours: dict[datetime, Hour] = {}
        self._asked: OrderedDict[str, tuple[datetime, bool]] = OrderedDict()
        self._surprises: deque[Surprise] = deque(maxlen=MOST_SURPRISES)
        self._position: int | None = None
        self._end = 0
        self.first = 0
        self.since: datetime | None = None

    @property
    def progress(self) -> Progress:
        """How far it has read."""
        position = self._position or 0
        return Progress("overview", position, max(self._end, position), 0, "")

    @property
    def surprises(self) -> Sequence[Surprise]:
        """The newest decisions above low risk, the newest first."""
        return tuple(reversed(self._surprises))

    def hours(self, since: datetime, until: datetime) -> Mapping[datetime, Hour]:
        """Return the hours that begin within a span, by when they begin."""
        return {at: hour for at, hour in self._hours.items() if since <= at < until}

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                if not await self.step():
                    self._end = await self._store.wait_beyond(self._position or 0)
                    await self._sleep(GATHER_S)
            except Fault as fault:
                _log.warning("rollups-wait", code=fault.code)
                await self._sleep(_PAUSE_S)

    async def catch_up(self) -> None:
        """Read to the end of the log as it is now. Raises OutsideFault."""
        while await self.step():
            pass

    async def step(self) -> int:
        """Read the next page; return how many entries it had, 0 at the end. Raises OutsideFault."""
        if self._position is None:
            await self._begin()
        assert self._position is not None
        began = time.perf_counter()
        try:
            found = await self._store.entries(self._position, _PAGE)
        except Fault as fault:
            if fault.code not in DAMAGED:
                raise
            # A page with a damaged payload still has its leaves.
            leaves = await self._store.leaves(self._position, _PAGE)
            found = [
                StoredEntry(index, leaf, None) for index, leaf in enumerate(leaves, self._position)
            ]
        for stored in found:
            self._take(stored)
        if found:
            self._position = found[-1].index + 1
            self._end = max(self._end, self._position)
            self._forget()
            await self._resting.after(time.perf_counter() - began)
        return len(found)

    async def _begin(self) -> None:
        checkpoint = await self._store.checkpoint()
        size = self._end = checkpoint.size if checkpoint else 0
        oldest = self._clock.now() - KEPT_FOR
        low, high = min(await self._store.minimum(), size), size
        low = max(low, size - MOST_ENTRIES)
        while low < high:
            middle = (low + high) // 2
            leaves = await self._store.leaves(middle, 1)
            if leaves and _head.decode(leaves[0]).at < oldest:
                low = middle + 1
            else:
                high = middle
        self._position = self.first = low

    def _forget(self) -> None:
        oldest = _hour_of(self._clock.now() - KEPT_FOR)
        for at in [at for at in self._hours if at < oldest]:
            del self._hours[at]

    def _take(self, stored: StoredEntry) -> None:
        head = _head.decode(stored.leaf)
        if self.since is None:
            self.since = head.at
        if head.subject == self._directory.own:
            return
        match head.kind:
            case EntryKind.DECISION:
                self._decision(head, _decided.decode(head.facts), stored.content)
            case EntryKind.SESSION_OPENED:
                self._hour(head.at).sessions += 1
            case EntryKind.REQUEST_OPENED if head.request:
                self._asked[head.request] = (head.at, False)
                while len(self._asked) > _MOST_WAITING:
                    self._asked.popitem(last=False)
            case EntryKind.APPROVAL if head.request and head.request in self._asked:
                if _stands.decode(head.facts).verdict == "approve":
                    self._asked[head.request] = (self._asked[head.request][0], True)
            case EntryKind.REQUEST_CHANGED | EntryKind.REQUEST_SETTLED if head.request:
                self._settled(head, _stands.decode(head.facts).state)

    def _decision(self, head: _Head, decided: _Decided, content: bytes | None) -> None:
        hour = self._hour(head.at)
        if decided.outcome == "permit":
            if head.request:
                hour.released += 1
            else:
                hour.automatic += 1
            if head.session and decided.phase == "execute":
                hour.statements += 1
        elif head.request is None:
            if decided.remedies:
                hour.held += 1
            else:
                hour.refused += 1
            hour.denied_by.update(decided.policies)
        hour.scores[(head.target or "", decided.score)] += 1
        worst = self._factors(hour, content)
        if decided.level != "low" and head.subject:
            self._surprises.append(
                Surprise(
                    head.id, head.at, head.subject, head.target, decided.score, decided.level, worst
                )
            )

    def _factors(self, hour: Hour, content: bytes | None) -> str:
        """Count the factors of a decision; return the reason of the one that added most."""
        said = _said.decode(content).assessment if content else None
        adding = [one for one in said.factors if one.points > 0] if said else []
        for one in adding:
            hour.factors[one.name] += one.points
            hour.times[one.name] += 1
        return max(adding, key=lambda one: one.points).reason if adding else ""

    def _settled(self, head: _Head, state: str) -> None:
        asked = self._asked.get(head.request or "")
        if asked is None or head.request is None:
            return
        began, by_people = asked
        if state in _ASSENTED and by_people:
            self._hour(head.at).waits.append((head.at - began).total_seconds())
            del self._asked[head.request]
        elif state in _OVER:
            del self._asked[head.request]

    def _hour(self, at: datetime) -> Hour:
        return self._hours.setdefault(_hour_of(at), Hour())


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
