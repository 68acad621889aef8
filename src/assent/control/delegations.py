"""Who may answer in whose place: the delegations that count now, in memory."""

from collections.abc import Sequence
from datetime import datetime

from assent.control.directory import Directory
from assent.core.assenting import Assenting, holds
from assent.core.clock import Clock
from assent.core.faults import MissingFault
from assent.core.grant import Delegation, Grant, GrantKind
from assent.core.ids import GrantId, SubjectId
from assent.core.ports import Store
from assent.core.subject import Subject


class Delegations:
    """Every delegation that is not over: read wherever it is asked who counts.

    revision: moves when one is taken up or let go, for what is worked out from them.
    """

    def __init__(self, *, store: Store, directory: Directory, clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._held: dict[SubjectId, dict[GrantId, Grant]] = {}
        self.revision = 0

    async def recover(self) -> None:
        """Read the delegations that are valid now."""
        for grant in await self._store.delegations(self._clock.now()):
            self.take_up(grant)

    def take_up(self, grant: Grant) -> None:
        """Count a delegation that was made durable."""
        if grant.kind is GrantKind.DELEGATION:
            self._held.setdefault(grant.subject, {})[grant.id] = grant
            self.revision += 1

    async def over(self, grant: Grant) -> None:
        """Count a delegation no longer."""
        held = self._held.get(grant.subject, {})
        if held.pop(grant.id, None) is None:
            return
        self.revision += 1
        if not held:
            self._held.pop(grant.subject, None)

    def of(self, person: SubjectId, now: datetime) -> tuple[Delegation, ...]:
        """Return in whose place, and as whom, this person may answer at `now`, oldest first.

        A delegation counts while whoever gave it is enabled and in the group themself.
        """
        return tuple(
            dict.fromkeys(
                grant.delegation
                for grant in self._held.get(person, {}).values()
                if grant.delegation and grant.is_valid(now) and self._counts(grant.delegation)
            )
        )

    def assenting(self, person: Subject, now: datetime, *, signed: bool = False) -> Assenting:
        """Return the person with the delegations that count for them at `now`."""
        return Assenting(person, self.of(person.id, now), signed)

    def delegates(self, groups: frozenset[str], now: datetime) -> frozenset[SubjectId]:
        """Return who may answer at `now` as a member of one of these groups by a delegation."""
        return frozenset(
            holder
            for holder in self._held
            if any(delegation.group in groups for delegation in self.of(holder, now))
        )

    def about(self, person: SubjectId, now: datetime) -> Sequence[Grant]:
        """Return the valid delegations that this person gave or holds, oldest first."""
        return sorted(
            (
                grant
                for held in self._held.values()
                for grant in held.values()
                if grant.is_valid(now)
                and grant.delegation
                and person in (grant.subject, grant.delegation.by)
            ),
            key=lambda grant: grant.starts_at,
        )

    def _counts(self, delegation: Delegation) -> bool:
        try:
            giver = self._directory.subject(delegation.by)
        except MissingFault:
            return False
        return holds(delegation, giver)
