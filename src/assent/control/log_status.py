"""How the log itself stands: its size, what it signed, who outside saw it, what is held."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.control.health import Check, Figures, Health
from assent.control.observers import FRESH_WITHIN, checks
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.entry import Anchor, Checkpoint
from assent.core.observing import Observer
from assent.core.ports import Store
from assent.core.role import Permission

_MOST_ANCHORS = 20


@dataclass(frozen=True, slots=True)
class LogReport:
    """What somebody who oversees is told.

    keys: the log's public keys, oldest first. minimum: the first entry that is not pruned.
    holds: how many legal holds stand. anchors: the newest ones.
    """

    at: datetime
    keys: Sequence[str]
    checkpoint: Checkpoint | None
    observers: Sequence[Observer]
    checks: Sequence[Check]
    anchors: Sequence[Anchor]
    minimum: int
    holds: int


class LogStatus:
    """Puts it together when it is asked. witness_keys: of those configured, verifier keys."""

    def __init__(
        self, *, store: Store, health: Health, keys: Callable[[], Sequence[str]], clock: Clock
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._sources: list[Callable[[], Sequence[Observer]]] = []
        self.fresh_within: timedelta = FRESH_WITHIN
        self.witness_keys: Sequence[str] = ()
        health.observers = self.observers
        health.observed = self._look

    def observed_by(self, source: Callable[[], Sequence[Observer]]) -> None:
        """Count those that `source` names among who sees the log from outside."""
        self._sources.append(source)

    def observers(self) -> Sequence[Observer]:
        """Return how each of them stands now."""
        return [one for source in self._sources for one in source()]

    async def report(self, caller: Caller) -> LogReport:
        """Return how the log stands. Raises ForbiddenFault."""
        caller.check(Permission.READ_HEALTH)
        now, observers = self._clock.now(), self.observers()
        checkpoint = await self._store.checkpoint()
        return LogReport(
            at=now,
            keys=self._keys(),
            checkpoint=checkpoint,
            observers=observers,
            checks=checks(observers, checkpoint, now, self.fresh_within),
            anchors=await self._store.anchors(_MOST_ANCHORS),
            minimum=await self._store.minimum(),
            holds=sum(1 for hold in await self._store.legal_holds() if hold.stands),
        )

    def _look(self, figures: Figures) -> Sequence[Check]:
        return checks(figures.observers, figures.checkpoint, figures.at, self.fresh_within)
