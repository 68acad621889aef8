"""Who is away: they are asked last, though they may still answer."""

from datetime import datetime, timedelta

from assent.control.sign_in import Caller
from assent.core.absence import Absence
from assent.core.changes import PutAbsence
from assent.core.clock import Clock, isoformat
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.ports import Store

LONGEST = timedelta(days=366)


class Absences:
    """The newest absence of each person, in memory and in the store alike."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._absences: dict[SubjectId, Absence] = {}

    async def recover(self) -> None:
        """Read who said that they are away."""
        for absence in await self._store.absences():
            self._absences[absence.subject] = absence

    def is_away(self, subject: SubjectId, now: datetime) -> bool:
        """Return whether somebody said that they are away at `now`."""
        absence = self._absences.get(subject)
        return absence is not None and absence.covers(now)

    def current(self, caller: Caller) -> Absence | None:
        """Return the caller's absence, None when they are there."""
        absence = self._absences.get(caller.subject.id)
        return absence if absence and absence.covers(self._clock.now()) else None

    async def away(self, caller: Caller, until: datetime) -> Absence:
        """Return the caller's absence from now until then. Raises ConflictFault `absence`."""
        now = self._clock.now()
        if not now < until <= now + LONGEST:
            raise ConflictFault(
                "absence", f"say a time after now and within {LONGEST.days} days of it"
            )
        return await self._keep(Absence(caller.subject.id, now, until), is_away=True)

    async def back(self, caller: Caller) -> None:
        """End the caller's absence; who was not away stays so."""
        current = self.current(caller)
        if current is not None:
            ended = Absence(current.subject, current.starts_at, self._clock.now())
            await self._keep(ended, is_away=False)

    async def _keep(self, absence: Absence, *, is_away: bool) -> Absence:
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.ABSENCE,
            at=self._clock.now(),
            subject=absence.subject,
            facts={"away": is_away, "ends_at": isoformat(absence.ends_at)},
        )
        await self._store.commit((PutAbsence(absence),), (entry,))
        self._absences[absence.subject] = absence
        return absence
