"""How the work goes: what was asked, held and refused, how fast, and what to look at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assent.control.directory import Directory
from assent.control.exporting import Exporting, Standing
from assent.control.health import Check, Health, HowWell, Report, in_words
from assent.control.rollups import HOUR, Hour, Rollups
from assent.control.sign_in import Caller
from assent.control.waiting import Waiting
from assent.core.clock import Clock
from assent.core.faults import Fault
from assent.core.grant import Grant
from assent.core.ports import Recorder, Store
from assent.core.request import Request
from assent.core.role import Permission
from assent.core.session import Session

RANGES = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_DAY = timedelta(days=1)
_MOST_NAMED = 8
_LONG_WAIT = timedelta(minutes=10)
_MOST_OWN = 10


@dataclass(frozen=True, slots=True)
class Span:
    """A step of a plot: an hour, or a day. at: when it begins."""

    at: datetime
    counted: Hour

    @property
    def median_s(self) -> float | None:
        """How long half of those took at most whom people assented to."""
        return share_of(self.counted.waits, 0.5)


@dataclass(frozen=True, slots=True)
class Attention:
    """Something to look at, and the page on which it is done."""

    how: HowWell
    says: str
    to_do: str
    link: str


@dataclass(frozen=True, slots=True)
class Whole:
    """How it went. spans: the oldest first, without gaps. complete: whether all of it was read.

    read, size: how many entries were read so far, of how many. since: how far back what was read
    reaches, None where there is nothing.
    """

    at: datetime
    step: timedelta
    spans: Sequence[Span]
    total: Hour
    report: Report | None
    exporters: Sequence[Standing]
    attention: Sequence[Attention]
    recorder_is_behind: bool
    since: datetime | None
    read: int
    size: int

    @property
    def complete(self) -> bool:
        """Whether all that was logged before this page was opened is counted, nearly."""
        return self.size - self.read <= _ALMOST

    @property
    def decided(self) -> int:
        """How many actions were decided on, each once."""
        return self.total.automatic + self.total.held + self.total.refused

    @property
    def automatic_share(self) -> float | None:
        """Which part was permitted at once."""
        return self.total.automatic / self.decided if self.decided else None

    def top_factors(self) -> Sequence[tuple[str, int, int]]:
        """Return what added most points: its name, its points, how often."""
        found = self.total.factors.most_common(_MOST_NAMED)
        return [(name, points, self.total.times[name]) for name, points in found]

    def top_rules(self) -> Sequence[tuple[str, int]]:
        """Return the policies that held or refused most, and how often."""
        return self.total.denied_by.most_common(_MOST_NAMED)


_ALMOST = 64


@dataclass(frozen=True, slots=True)
class Own:
    """What one person has and waits for."""

    grants: Sequence[Grant]
    requests: Sequence[Request]
    sessions: Sequence[Session]


class Overview:
    """Puts it together when it is asked, of what was counted before."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        rollups: Rollups,
        health: Health,
        exporting: Exporting,
        waiting: Waiting,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._store = store
        self._directory = directory
        self._rollups = rollups
        self._health = health
        self._exporting = exporting
        self._waiting = waiting
        self._recorder = recorder
        self._clock = clock

    async def whole(self, caller: Caller, span: str) -> Whole:
        """Return how it went lately. span: a key of RANGES. Raises ForbiddenFault, OutsideFault."""
        caller.check(Permission.READ_HEALTH, Permission.READ_ACCESS)
        now = self._clock.now()
        spans = self._spans(now, span)
        total = Hour()
        for one in spans:
            total.add(one.counted)
        sees_health = caller.may(Permission.READ_HEALTH)
        report = await self._health.report(caller) if sees_health else None
        exporters = await self._exporting.standing(caller) if sees_health else ()
        behind = bool(getattr(self._recorder, "behind", False))
        progress = self._rollups.progress
        return Whole(
            at=now,
            step=_step(span),
            spans=spans,
            total=total,
            report=report,
            exporters=exporters,
            attention=self._attention(caller, now, report, exporters, behind),
            recorder_is_behind=behind,
            since=self._rollups.since,
            read=progress.position,
            size=progress.end,
        )

    async def own(self, caller: Caller) -> Own:
        """Return what the caller has: newest first, and of each no more than ten."""
        subject = caller.subject.id
        now = self._clock.now()
        return Own(
            await self._store.grants(subject, valid_at=now, limit=_MOST_OWN),
            await self._store.requests(subject=subject, limit=_MOST_OWN),
            await self._store.sessions(subject, limit=_MOST_OWN),
        )

    def _spans(self, now: datetime, span: str) -> Sequence[Span]:
        step = _step(span)
        last = _floor(now, step)
        first = last + step - RANGES[span]
        spans = {first + step * number: Hour() for number in range(RANGES[span] // step)}
        for at, hour in self._rollups.hours(first, last + step).items():
            spans[_floor(at, step)].add(hour)
        return [Span(at, counted) for at, counted in spans.items()]

    def _attention(
        self,
        caller: Caller,
        now: datetime,
        report: Report | None,
        exporters: Sequence[Standing],
        behind: bool,
    ) -> Sequence[Attention]:
        checks = report.checks if report else ()
        found = [_of_check(check) for check in checks if check.how is not HowWell.OK]
        if behind:
            words = "statements that must be recorded wait for its disk"
            found.append(Attention(HowWell.FAIL, "the recorder is behind", words, "/status"))
        found += [
            Attention(HowWell.WARN, f"exporter {one.name}: {one.last_error}",
                      f"{one.behind:,} entries wait for it", "/settings#exporters")
            for one in exporters
            if one.last_error
        ]  # fmt: skip
        if caller.may(Permission.READ_ACCESS):
            found += self._long_waits(now)
        return sorted(found, key=lambda one: one.how is not HowWell.FAIL)

    def _long_waits(self, now: datetime) -> Sequence[Attention]:
        waits = [one for one in self._waiting if now - one.request.created_at > _LONG_WAIT]
        if not waits:
            return ()
        oldest = min(waits, key=lambda one: one.request.created_at).request
        many = f"{len(waits)} requests wait" if len(waits) > 1 else "a request waits"
        words = f"{many} for more than {in_words(_LONG_WAIT)}"
        who = self._name(oldest)
        to_do = f"the oldest is {who}'s, for {in_words(now - oldest.created_at)}"
        return (Attention(HowWell.WARN, words, to_do, f"/requests/{oldest.id}"),)

    def _name(self, request: Request) -> str:
        try:
            return self._directory.subject(request.action.subject).name
        except Fault:
            return "somebody"


def share_of(times: Sequence[float], share: float) -> float | None:
    """Return how long that share of them took at most, None for none."""
    if not times:
        return None
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _of_check(check: Check) -> Attention:
    link = {"notices": "/settings#notifiers", "reviews": "/reviews"}.get(check.name, "/status")
    return Attention(check.how, f"{check.name}: {check.says}", check.to_do, link)


def _step(span: str) -> timedelta:
    return HOUR if RANGES[span] <= _DAY else _DAY


def _floor(at: datetime, step: timedelta) -> datetime:
    at = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return at.replace(hour=0) if step >= _DAY else at
