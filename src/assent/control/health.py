"""How Assent itself is: what is counted and timed, and which of it somebody should look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from assent.control.canary import Canary, Round
from assent.control.directory import Directory
from assent.control.following import Progress
from assent.control.grants import Grants
from assent.control.live import LiveSessions
from assent.control.policies import Policies
from assent.control.revocation import CANARY, REAL, WITHIN, Revocations, Summary
from assent.control.sign_in import Caller
from assent.control.tally import Tally
from assent.control.waiting import Waiting
from assent.core.clock import Clock
from assent.core.entry import Checkpoint
from assent.core.faults import Fault
from assent.core.ids import TargetId
from assent.core.observing import Observer
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.secret import Secret

_MOST = 1_000
_SLOW_STORE = timedelta(milliseconds=250)
_OLD_CHECKPOINT = timedelta(seconds=60)
_OLD_CATALOGUE = timedelta(minutes=5)
_LATE_DELIVERY = timedelta(minutes=5)


class HowWell(StrEnum):
    """What somebody should do about it: nothing, look when there is time, look now."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. says: what was found. to_do: empty where it is well."""

    name: str
    how: HowWell
    says: str
    to_do: str = ""


class CatalogueAge(Protocol):
    """How one catalogue stands, as the gateway says."""

    @property
    def target(self) -> TargetId: ...

    @property
    def database(self) -> str: ...

    @property
    def read_at(self) -> datetime | None: ...

    @property
    def problem(self) -> str: ...

    @property
    def relations(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted, at one moment. Counts from the store are None where it did not answer.

    sessions, holding: open ones but the canary's, and what waits in them. pending: requests.
    due, dead: deliveries that are late, and that were given up; at most 1,000 are counted.
    is_unsigned: whether there are entries behind the last checkpoint. observers: those outside.
    """

    at: datetime
    tally: Tally
    sessions: int
    holding: int
    pending: int
    grants: int
    real: Summary
    canary: Summary
    canary_is_on: bool
    canary_is_well: bool
    canary_rounds: int
    canary_failures: int
    canary_last: Round | None
    due: int | None
    dead: int | None
    overdue_reviews: int | None
    checkpoint: Checkpoint | None
    is_unsigned: bool
    observers: tuple[Observer, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was looked at. at: by this machine's clock."""

    at: datetime
    checks: tuple[Check, ...]
    rounds: tuple[Round, ...]
    figures: Figures

    @property
    def how(self) -> HowWell:
        """As the worst of the checks."""
        return max((check.how for check in self.checks), key=tuple(HowWell).index)


class Health:
    """Looks at all of it when it is asked; nothing is counted on the road of a statement for it.

    catalogues: how those of the targets stand. observers: how those stand who see the log from
    outside; observed: which of that somebody should look at. followers: how far each is that
    reads the log. passkeys_problem: why there are no passkeys here, empty where there are. token:
    of whoever may read the figures beside this machine and those who oversee.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        live: LiveSessions,
        waiting: Waiting,
        grants: Grants,
        policies: Policies,
        tally: Tally,
        revocations: Revocations,
        canary: Canary,
        clock: Clock,
        token: Secret[str] | None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._live = live
        self._waiting = waiting
        self._grants = grants
        self._policies = policies
        self._tally = tally
        self._revocations = revocations
        self._canary = canary
        self._clock = clock
        self._since = clock.now()
        self.token = token
        self.catalogues: Callable[[], Sequence[CatalogueAge]] = tuple
        self.observers: Callable[[], Sequence[Observer]] = tuple
        self.observed: Callable[[Figures], Sequence[Check]] = _nobody_observes
        self.followers: list[Callable[[], Progress]] = []
        self.passkeys_problem = ""
        policies.when_replaced(self._policies_replaced)

    async def figures(self) -> Figures:
        """Return what is counted now."""
        due, dead, overdue, checkpoint, is_unsigned = await self._stored()
        own = [live for live in self._live if self._directory.is_own(live.subject.id)]
        canary = self._canary
        return Figures(
            at=self._clock.now(),
            tally=self._tally,
            sessions=len(self._live) - len(own),
            holding=sum(live.holding for live in self._live),
            pending=sum(1 for _ in self._waiting),
            grants=max(0, len(self._grants) - len(own)),
            real=self._revocations.summary(REAL),
            canary=self._revocations.summary(CANARY),
            canary_is_on=canary.every is not None,
            canary_is_well=canary.is_well,
            canary_rounds=canary.count,
            canary_failures=canary.failures,
            canary_last=canary.last,
            due=due,
            dead=dead,
            overdue_reviews=overdue,
            checkpoint=checkpoint,
            is_unsigned=is_unsigned,
            observers=tuple(self.observers()),
        )

    async def report(self, caller: Caller) -> Report:
        """Return what was looked at, for those who may read it. Raises ForbiddenFault."""
        caller.check(Permission.READ_HEALTH)
        began_at = self._clock.now()
        figures = await self.figures()
        took = self._clock.now() - began_at
        checks = (
            self._store_check(took, figures),
            self._checkpoint_check(figures),
            *self.observed(figures),
            *(_follower_check(one(), figures) for one in self.followers),
            self._policies_check(),
            *self._catalogue_checks(),
            self._canary_check(figures),
            _revocation_check(figures.real),
            _outbox_check(figures),
            _reviews_check(figures),
            _passkeys_check(self.passkeys_problem),
        )
        return Report(self._clock.now(), checks, tuple(self._canary.rounds), figures)

    async def _stored(
        self,
    ) -> tuple[int | None, int | None, int | None, Checkpoint | None, bool]:
        """Return late and dead deliveries, overdue reviews, the last checkpoint, what is behind."""
        now = self._clock.now()
        try:
            checkpoint = await self._store.checkpoint()
            behind = await self._store.entries(checkpoint.size if checkpoint else 0, 1)
            late = await self._store.due_deliveries(now - _LATE_DELIVERY, limit=_MOST)
            dead = await self._store.dead_deliveries(limit=_MOST)
            reviews = await self._store.reviews(open_only=True, limit=_MOST)
        except Fault:
            return None, None, None, None, False
        overdue = sum(1 for review in reviews if review.is_overdue(now))
        return len(late), len(dead), overdue, checkpoint, bool(behind)

    def _policies_replaced(self) -> None:
        self._since = self._clock.now()

    def _store_check(self, took: timedelta, figures: Figures) -> Check:
        if trouble := self._store.trouble():
            to_do = "until then all is denied: see how to keep the store in PostgreSQL"
            return Check("store", HowWell.FAIL, trouble, to_do)
        if figures.due is None:
            to_do = "look at its disk, or at the database of `[store]`; until then all is denied"
            return Check("store", HowWell.FAIL, "it does not answer", to_do)
        says = f"answers in {_ms(took.total_seconds())}"
        if took > _SLOW_STORE:
            to_do = "every decision waits for it: look at its disk, and what else uses it"
            return Check("store", HowWell.WARN, says, to_do)
        return Check("store", HowWell.OK, says)

    def _checkpoint_check(self, figures: Figures) -> Check:
        found = figures.checkpoint
        if found is None:
            to_do = "one is signed every few seconds; look at what the server prints"
            return Check("checkpoint", HowWell.WARN, "there is none yet", to_do)
        age = figures.at - found.at
        says = f"{found.size} entries, signed {in_words(age)} ago"
        if figures.is_unsigned and age > _OLD_CHECKPOINT:
            to_do = "entries wait for a signature: look at what the server prints"
            return Check("checkpoint", HowWell.FAIL, f"{says}; more was logged since", to_do)
        return Check("checkpoint", HowWell.OK, says)

    def _policies_check(self) -> Check:
        revision = self._policies.current.revision
        age = in_words(self._clock.now() - self._since)
        return Check("policies", HowWell.OK, f"revision {revision[:19]}, in force for {age}")

    def _catalogue_checks(self) -> tuple[Check, ...]:
        return tuple(
            self._catalogue_check(one)
            for one in sorted(self.catalogues(), key=lambda one: (one.target, one.database))
        )

    def _catalogue_check(self, one: CatalogueAge) -> Check:
        name = f"catalogue of {self._name(one.target)}/{one.database}"
        age = None if one.read_at is None else self._clock.now() - one.read_at
        to_do = "see whether the target can be reached, and by the gateway's own account"
        if age is None:
            return Check(name, HowWell.FAIL, f"was never read: {one.problem or 'not yet'}", to_do)
        says = f"looked at {in_words(age)} ago"
        if one.problem or age > _OLD_CATALOGUE:
            return Check(name, HowWell.WARN, f"{says}: {one.problem or 'not since'}", to_do)
        return Check(name, HowWell.OK, says)

    def _name(self, target: TargetId) -> str:
        try:
            return self._directory.target(target).name
        except Fault:
            return str(target)

    def _canary_check(self, figures: Figures) -> Check:
        last = figures.canary_last
        if not figures.canary_is_on:
            to_do = "set `[canary] every`, so that revocation is tried all day"
            return Check("canary", HowWell.WARN, "is off", to_do)
        if last is None:
            return Check("canary", HowWell.WARN, "no round yet", "ask again in a minute")
        if not figures.canary_is_well:
            says = last.problem or "its rounds have stopped"
            to_do = "revocations may not end sessions in time: look at what the server prints"
            return Check("canary", HowWell.FAIL, f"{says} (last round {last.at:%H:%M:%S}Z)", to_do)
        return Check("canary", HowWell.OK, _timed(figures.canary))


def _nobody_observes(figures: Figures) -> Sequence[Check]:
    return ()


def _follower_check(progress: Progress, figures: Figures) -> Check:
    name = f"reader of the log: {progress.name}"
    size = max(progress.end, figures.checkpoint.size if figures.checkpoint else 0)
    says = f"has read {progress.position} of {size} entries"
    if progress.waiting_for:
        to_do = "it goes on by itself when that is there again; look at what the server prints"
        return Check(name, HowWell.WARN, f"{says}, waits: {progress.waiting_for}", to_do)
    if progress.skipped:
        to_do = "look at what the server prints of them, and verify the log"
        return Check(name, HowWell.WARN, f"{says}, passed over {progress.skipped}", to_do)
    return Check(name, HowWell.OK, says)


def _revocation_check(summary: Summary) -> Check:
    if not summary.count:
        return Check("revocations", HowWell.OK, "none yet")
    if summary.late:
        says = f"{summary.late} of {summary.count} took more than {WITHIN.total_seconds():g} s"
        to_do = "the machine was busy, or clients did not read: look at its load"
        return Check("revocations", HowWell.WARN, f"{says}; {_timed(summary)}", to_do)
    return Check("revocations", HowWell.OK, _timed(summary))


def _outbox_check(figures: Figures) -> Check:
    if figures.dead is None or figures.due is None:
        return Check("notices", HowWell.WARN, "not known", "see `store`")
    if figures.dead or figures.due:
        says = f"{figures.dead} were given up, {figures.due} are five minutes late"
        to_do = "look at the channels of `[[notifiers]]`, and at why these failed"
        return Check("notices", HowWell.WARN, says, to_do)
    return Check("notices", HowWell.OK, "none is late, none was given up")


def _reviews_check(figures: Figures) -> Check:
    if figures.overdue_reviews is None:
        return Check("reviews", HowWell.WARN, "not known", "see `store`")
    if figures.overdue_reviews:
        says = f"{figures.overdue_reviews} of break-glass are overdue"
        return Check("reviews", HowWell.WARN, says, "see them with `assent reviews`")
    return Check("reviews", HowWell.OK, "none is overdue")


def _passkeys_check(problem: str) -> Check:
    if problem:
        says, _, to_do = problem.partition("; ")
        return Check("passkeys", HowWell.WARN, says, to_do)
    return Check("passkeys", HowWell.OK, "people can make and use them")


def _timed(summary: Summary) -> str:
    times = (("p50", summary.p50_s), ("p99", summary.p99_s), ("last", summary.last_s))
    words = ", ".join(f"{name} {_ms(time)}" for name, time in times if time is not None)
    return f"cut within {words} ({summary.count} measured)"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"


def in_words(span: timedelta) -> str:
    """Return a span of time for people: `12 s`, `3 min`, `5 h`, `2 d`."""
    seconds = max(0, int(span.total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"
