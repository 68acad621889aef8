"""Who is on call: turns that the operator wrote down, or a service of theirs that knows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from assent.control.windows import Windows
from assent.core.clock import Clock, isoformat
from assent.core.faults import OutsideFault
from assent.core.ports import OnCall
from assent.core.scope import Window
from assent.core.secret import Secret

_KEPT_FOR = timedelta(seconds=60)
_AWAY_FOR = timedelta(seconds=15)
_MOST_GROUPS = 1_000
_MOST_NAMES = 50


@dataclass(frozen=True, slots=True)
class Turns:
    """One line of a rota: these people of a group, in these hours.

    turns: `weekly` or `daily`: the first place moves on by one person each time, beginning with
    the first of `people` on `since`; empty where the order stays. zone: of its days. hours: in
    which it counts, None for always.
    """

    group: str
    people: tuple[str, ...]
    zone: tzinfo = UTC
    turns: str = ""
    since: date = date(2024, 1, 1)
    hours: Window | None = None

    def at(self, now: datetime) -> Sequence[str]:
        """Return who is on call at `now`, the first one first; nobody outside of the hours."""
        since = now
        if self.hours is not None:
            occurrence = Windows({self.hours.zone: self.zone}).open_at(self.hours, now)
            if occurrence is None:
                return ()
            # A night belongs to the day on which it began.
            since = occurrence.begins_at
        if not self.turns or not self.people:
            return self.people
        length = 7 if self.turns == "weekly" else 1
        days = (since.astimezone(self.zone).date() - self.since).days
        first = days // length % len(self.people)
        return (*self.people[first:], *self.people[:first])


class Rota:
    """The turns that the operator wrote down. Several lines of a group follow each other."""

    def __init__(self, lines: Sequence[Turns]) -> None:
        self._lines = tuple(lines)

    async def on_call(self, group: str, at: datetime) -> Sequence[str]:
        """Return names, the first one first; nobody where no line speaks of now."""
        names = [name for line in self._lines if line.group == group for name in line.at(at)]
        return tuple(dict.fromkeys(names))


class OnCallService:
    """Asks a service: `{"on_call": ["ben", "dora"]}`; what it said counts for a minute.

    ask: the query → the JSON that it answers. Where it does not answer that is kept for 15 s, so
    that nobody's request waits for it again and again.
    """

    def __init__(self, ask: Callable[[Mapping[str, str]], Awaitable[object]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._said: dict[str, tuple[datetime, tuple[str, ...] | OutsideFault]] = {}

    async def on_call(self, group: str, at: datetime) -> Sequence[str]:
        """Return names, the first one first. Raises OutsideFault."""
        kept = self._said.get(group)
        if kept is None or self._clock.now() >= kept[0]:
            kept = await self._fresh(group, at)
        said = kept[1]
        if isinstance(said, OutsideFault):
            raise OutsideFault(said.code, said.detail)
        return said

    async def _fresh(
        self, group: str, at: datetime
    ) -> tuple[datetime, tuple[str, ...] | OutsideFault]:
        said: tuple[str, ...] | OutsideFault
        try:
            said = _names(await self._ask({"group": group, "at": isoformat(at)}))
        except OutsideFault as fault:
            said = fault
        lasts_for = _AWAY_FOR if isinstance(said, OutsideFault) else _KEPT_FOR
        if len(self._said) >= _MOST_GROUPS:
            self._said.clear()
        found = self._said[group] = (self._clock.now() + lasts_for, said)
        return found


class OnCallOf:
    """Asks for each group whoever knows of it; `others` of every other one."""

    def __init__(self, by_group: Mapping[str, OnCall], others: OnCall | None = None) -> None:
        self._by_group = dict(by_group)
        self._others = others

    async def on_call(self, group: str, at: datetime) -> Sequence[str]:
        """Return names, the first one first; nobody where it is not known. Raises OutsideFault."""
        source = self._by_group.get(group, self._others)
        return () if source is None else await source.on_call(group, at)


def bearer(token: Secret[str] | None) -> Mapping[str, str]:
    """Return the headers that prove who asks."""
    return {} if token is None else {"authorization": f"Bearer {token.reveal()}"}


def _names(answer: object) -> tuple[str, ...]:
    names = answer.get("on_call") if isinstance(answer, dict) else answer
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        words = "the on-call service answered no list of names"
        raise OutsideFault("source-strange", words)
    return tuple(dict.fromkeys(names[:_MOST_NAMES]))
