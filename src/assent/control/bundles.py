"""Bundles: the events of a period, each with the proof that the log holds its entry."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assent import __version__
from assent.audit.export import signed_note
from assent.control.audit import Audit
from assent.control.directory import Directory
from assent.control.exporting import Event, Telling, Wanted
from assent.control.reading import with_reason
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock, isoformat, parse_instant
from assent.core.entry import Checkpoint, Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.ids import EntryId, Ids
from assent.core.ports import Store
from assent.core.role import Permission

PAGE = 128
SKEW = 512
"""How far from its place an entry may stand that is a little older or younger than the next."""
_MOST_OPEN = 16


@dataclass(frozen=True, slots=True)
class Begun:
    """A bundle that somebody asked for: entries from `first` on, before `end`.

    checkpoint: that all proofs lead to; note: the same with what witnesses signed of it. keys: the
    log's public ones, the oldest first.
    """

    first: int
    end: int
    checkpoint: Checkpoint
    note: str
    keys: tuple[str, ...]
    wanted: Wanted
    telling: Telling


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a bundle. hashes: the audit path from its leaf up to the checkpoint's root."""

    index: int
    leaf: bytes
    hashes: tuple[bytes, ...]
    event: Event


class Bundles:
    """Makes bundles for those who oversee; each is an entry itself."""

    def __init__(
        self, *, store: Store, audit: Audit, directory: Directory, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._audit = audit
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._open: OrderedDict[str, Begun] = OrderedDict()

    async def begin(
        self, caller: Caller, since: datetime, until: datetime, *, with_text: bool
    ) -> Begun:
        """Begin a bundle of what was logged from `since` on and before `until`.

        Entries are never left out between two: some at the ends may be a little older or younger.
        Raises ForbiddenFault, ConflictFault for a period that has none, OutsideFault.
        """
        _check(caller)
        if with_text:
            caller.check_payloads()
        first, end = await self._range(since, until)
        if first >= end:
            raise ConflictFault("empty-period", "the log has no entries of that period")
        told: Mapping[str, Json] = {
            "since": isoformat(since),
            "text": with_text,
            "until": isoformat(until),
            "what": "bundle",
        }
        await self._store.commit((), (self._exported(caller, told),))
        checkpoint = await self._audit.witnessed(await self._store.publish())
        if checkpoint.size < end:
            checkpoint = await self._store.publish()
        cosigned = await self._store.cosignatures(checkpoint.size)
        origin = checkpoint.note.partition("\n")[0]
        begun = Begun(
            first,
            end,
            checkpoint,
            signed_note(checkpoint, cosigned).decode(),
            tuple(self._audit.verifier_key.split("\n")),
            Wanted(with_text=with_text),
            Telling(self._store, self._directory, origin, __version__),
        )
        self._open[caller.token_digest] = begun
        self._open.move_to_end(caller.token_digest)
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        return begun

    async def rows(self, caller: Caller, start: int) -> Sequence[Row]:
        """Return the next rows of the bundle that the caller began last, none at its end.

        Raises ForbiddenFault, ConflictFault where none was begun, OutsideFault.
        """
        _check(caller)
        begun = self._open.get(caller.token_digest)
        if begun is None:
            raise ConflictFault("no-bundle", "begin a bundle first, then ask for its rows")
        start = max(start, begun.first)
        if start >= begun.end:
            return ()
        found = await self._store.entries(start, min(PAGE, begun.end - start))
        events = await begun.telling.events(found, begun.wanted)
        size = begun.checkpoint.size
        return [
            Row(one.index, one.leaf, tuple(await self._store.inclusion(one.index, size)), event)
            for one, event in zip(found, events, strict=True)
        ]

    async def _range(self, since: datetime, until: datetime) -> tuple[int, int]:
        minimum, size = await self._store.minimum(), (await self._store.publish()).size
        first = await self._first_at(since, minimum, size)
        near = await self._times(max(minimum, first - SKEW), first)
        first = min((index for index, at in near if at >= since), default=first)
        end = await self._first_at(until, minimum, size)
        near = await self._times(end, min(size, end + SKEW))
        end = max((index + 1 for index, at in near if at < until), default=end)
        return first, end

    async def _first_at(self, moment: datetime, low: int, high: int) -> int:
        """Return the index from which on entries are not older, or about there."""
        while low < high:
            middle = (low + high) // 2
            times = await self._times(middle, middle + 1)
            if times and times[0][1] < moment:
                low = middle + 1
            else:
                high = middle
        return low

    async def _times(self, start: int, end: int) -> list[tuple[int, datetime]]:
        if start >= end:
            return []
        leaves = await self._store.leaves(start, end - start)
        return [(start + place, _at(leaf)) for place, leaf in enumerate(leaves)]

    def _exported(self, caller: Caller, facts: Mapping[str, Json]) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.AUDIT_EXPORTED,
            at=self._clock.now(),
            subject=caller.subject.id,
            facts=facts,
            payload=with_reason(caller),
        )


def _at(leaf: bytes) -> datetime:
    said: dict[str, Any] = json.loads(leaf)
    return parse_instant(said["at"])


def _check(caller: Caller) -> None:
    caller.check(Permission.EXPORT_LOG)
