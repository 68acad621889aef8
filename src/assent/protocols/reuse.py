"""Decisions that may be used again within a session, by the shape of the statement."""

from collections.abc import Hashable
from datetime import datetime

from assent.core.action import Phase, Statement
from assent.core.plugins import Permitted
from assent.core.session import Epoch


class Reuse:
    """Permits by phase and shape, valid while the session's epoch has not moved."""

    __slots__ = ("_epoch", "_most", "_permits")

    def __init__(self, epoch: Epoch, most: int) -> None:
        self._epoch = epoch
        self._most = most
        self._permits: dict[Phase, dict[Hashable, Permitted]] = {phase: {} for phase in Phase}

    def find(self, phase: Phase, shape: Hashable, now: datetime) -> Permitted | None:
        """Return the permit that still holds for this shape, None to ask."""
        permitted = self._permits[phase].get(shape)
        if permitted is None or permitted.epoch != self._epoch.value:
            return None
        until = permitted.reuse_until
        return permitted if until is not None and now < until else None

    def keep(
        self, phase: Phase, shape: Hashable | None, statement: Statement, permitted: Permitted
    ) -> None:
        """Keep a permit if it, the statement and its text allow that."""
        if shape is None or permitted.reuse_until is None or not statement.reusable:
            return
        if statement.prepares or statement.executes or not statement.complete:
            return
        permits = self._permits[phase]
        if len(permits) >= self._most:
            permits.clear()
        permits[shape] = permitted

    def forget(self) -> None:
        """Ask about everything again."""
        for permits in self._permits.values():
            permits.clear()
