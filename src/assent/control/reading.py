"""That somebody read what the log says of others: at most one entry a minute for each thing.

An administrator runs the place and is not meant to read what others do there. What others wrote is
shown to them for a reason only, and the reason is in the log before anything is shown.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.ports import Store

SAID_EVERY = timedelta(minutes=1)
REASON_COUNTS_FOR = timedelta(minutes=15)
LONGEST_REASON = 500
_MOST_REMEMBERED = 10_000


class Readers:
    """Says in the log who read what. A page that shows itself anew is not read once more."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._said: dict[tuple[SubjectId, str, str, str], datetime] = {}

    async def read(
        self,
        caller: Caller,
        what: str,
        about: str = "",
        facts: Mapping[str, Json] | None = None,
        payload: Mapping[str, Json] | None = None,
    ) -> None:
        """Make durable that this person reads it, before they do. Raises OutsideFault.

        what: a word, such as `story`. about: an id of ours, empty for all there is. Their reason,
        where they gave one, stands in the entry.
        """
        now = self._clock.now()
        key = (caller.subject.id, what, about, caller.reason)
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
            payload=with_reason(caller, payload),
        )
        await self._store.commit((), (entry,))
        self._said.pop(key, None)
        self._said[key] = now
        if len(self._said) > _MOST_REMEMBERED:
            del self._said[next(iter(self._said))]


def with_reason(
    caller: Caller, payload: Mapping[str, Json] | None = None
) -> Mapping[str, Json] | None:
    """Return the payload of an entry that says who read something, with why, if they said it."""
    return {**(payload or {}), "reason": caller.reason} if caller.reason else payload


def reason_of(text: str) -> str:
    """Return a reason as it is kept, on one line. Raises ConflictFault for what is none."""
    plain = " ".join(text.split())
    if len(plain) > LONGEST_REASON or not plain.isprintable():
        words = f"a reason has at most {LONGEST_REASON} characters that can be printed"
        raise ConflictFault("bad-reason", words)
    return plain


class Reasons:
    """The reasons that people gave on the pages, each for a quarter of an hour of one sign-in."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[str, datetime]] = {}

    def give(self, caller: Caller, text: str, now: datetime) -> None:
        """Remember it. Raises ConflictFault for an empty or a bad one."""
        reason = reason_of(text)
        if not reason:
            raise ConflictFault("bad-reason", "say why; the log keeps it")
        self._given.pop(caller.token_digest, None)
        self._given[caller.token_digest] = (reason, now)
        if len(self._given) > _MOST_REMEMBERED:
            del self._given[next(iter(self._given))]

    def of(self, caller: Caller, now: datetime) -> str:
        """Return the reason that counts now at this sign-in, empty for none."""
        reason, given_at = self._given.get(caller.token_digest, ("", now))
        return reason if now - given_at < REASON_COUNTS_FOR else ""
