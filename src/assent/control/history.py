"""How often a subject did what: read once from the store, then kept and counted here."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from assent.core.action import Action, Touch
from assent.core.changes import Change, CountHabit
from assent.core.clock import Clock
from assent.core.ids import SubjectId, TargetId
from assent.core.ports import Store

_Key = tuple[SubjectId, TargetId, str, str]

# The catalogue is read by every client at every turn; it says nothing about a person.
_UNINTERESTING = ("pg_catalog.", "information_schema.")


class History:
    """Counts of (subject, target, verb, resource), exact, flushed to the store in batches.

    This process is the store's only writer, so that a count once read stays true here.
    """

    def __init__(self, store: Store, clock: Clock, capacity: int = 100_000) -> None:
        self._store = store
        self._clock = clock
        self._capacity = capacity
        self._counts: OrderedDict[_Key, int] = OrderedDict()
        self._unsaved: dict[_Key, int] = {}
        # Held while counts pass between here and the store, so that none is read in between.
        self._passing = asyncio.Lock()

    async def counts(self, action: Action) -> dict[str, int]:
        """Return `verb resource` → how often before, for each touch of `action`."""
        if action.target is None:
            return {}
        keys = _keys(action.subject, action.target, action.touches)
        while any(key not in self._counts for key in keys):
            async with self._passing:
                await self._read(action.subject, action.target, keys)
        counts = {f"{key[2]} {key[3]}": self._counts[key] for key in keys}
        self._evict()
        return counts

    def count(self, action: Action) -> None:
        """Count that `action` is about to be done."""
        if action.target is None:
            return
        for key in _keys(action.subject, action.target, action.touches):
            self._counts[key] = self._counts.get(key, 0) + 1
            self._counts.move_to_end(key)
            self._unsaved[key] = self._unsaved.get(key, 0) + 1
        self._evict()

    async def flush(self) -> None:
        """Save what was counted since the last time; what cannot be saved is kept for the next."""
        async with self._passing:
            await self._save()

    async def forget(self, subject: SubjectId) -> None:
        """Forget the counts of a subject that the store forgot."""
        async with self._passing:
            for counts in (self._counts, self._unsaved):
                for key in [key for key in counts if key[0] == subject]:
                    del counts[key]

    async def _read(self, subject: SubjectId, target: TargetId, keys: Iterable[_Key]) -> None:
        unknown = [key for key in keys if key not in self._counts]
        asked = [(verb, resource) for _, _, verb, resource in unknown]
        found = await self._store.habits(subject, target, asked) if asked else {}
        for key in unknown:
            self._counts[key] = found.get(f"{key[2]} {key[3]}", 0) + self._unsaved.get(key, 0)

    def _evict(self) -> None:
        while len(self._counts) > self._capacity:
            self._counts.popitem(last=False)

    async def _save(self) -> None:
        if not self._unsaved:
            return
        unsaved, self._unsaved = self._unsaved, {}
        now = self._clock.now()
        changes: list[Change] = [
            CountHabit(subject, target, verb, resource, now, times)
            for (subject, target, verb, resource), times in unsaved.items()
        ]
        saved = False
        try:
            await self._store.commit(changes, ())
            saved = True
        finally:
            if not saved:
                for key, times in unsaved.items():
                    self._unsaved[key] = self._unsaved.get(key, 0) + times


def _keys(subject: SubjectId, target: TargetId, touches: Iterable[Touch]) -> list[_Key]:
    """Return what is counted of an action, each once: an action counts as one time."""
    return list(
        dict.fromkeys(
            (subject, target, touch.verb, touch.resource.name)
            for touch in touches
            if touch.verb != "sql.session" and not touch.resource.name.startswith(_UNINTERESTING)
        )
    )
