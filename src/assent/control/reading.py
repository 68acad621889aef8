"""That somebody read what the log says of others: at most one entry a minute for each thing."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.ports import Store

SAID_EVERY = timedelta(minutes=1)
_MOST_REMEMBERED = 10_000


class Readers:
    """Says in the log who read what. A page that shows itself anew is not read once more."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._said: dict[tuple[SubjectId, str, str], datetime] = {}

    async def read(
        self,
        caller: Caller,
        what: str,
        about: str = "",
        facts: Mapping[str, Json] | None = None,
        payload: Mapping[str, Json] | None = None,
    ) -> None:
        """Make durable that this person reads it, before they do. Raises OutsideFault.

        what: a word, such as `story`. about: an id of ours, empty for all there is.
        """
        now = self._clock.now()
        key = (caller.subject.id, what, about)
        said_at = self._said.get(key)
        if said_at is not None and now - said_at < SAID_EVERY:
            return
        named: dict[str, Json] = {"what": what}
        if about:
            named["about"] = about
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOG_READ,
            at=now,
            subject=caller.subject.id,
            facts={**named, **(facts or {})},
            payload=payload,
        )
        await self._store.commit((), (entry,))
        self._said.pop(key, None)
        self._said[key] = now
        if len(self._said) > _MOST_REMEMBERED:
            del self._said[next(iter(self._said))]
