"""Evidence packs: what the log says over a period, for those who oversee.

They are read from the log up to a checkpoint that is signed for it, which also covers the entry
that says that the report was made.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assent.audit.evidence.nouns import Fold, Known, Needs, Said
from assent.audit.evidence.packs import FOLDS, Looker, Pack
from assent.audit.evidence.reading import read
from assent.control.directory import Directory
from assent.control.policies import Policies
from assent.control.reading import with_reason
from assent.control.sign_in import Caller
from assent.control.standing_policies import standing_of
from assent.core.clock import Clock, isoformat, parse_instant
from assent.core.entry import Checkpoint, Entry, EntryKind
from assent.core.faults import MissingFault, OperatorFault
from assent.core.grant import Grant
from assent.core.ids import EntryId, GrantId, Ids, RequestId, SessionId
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.scope import Terms
from assent.workflow.narrowing import describe_terms

MOST_ENTRIES = 2_000_000
"""How many entries one report reads; a longer period is to be asked for in parts."""
_PAGE = 200
_MOST_FOUND = 10_000
_MOST_ANCHORS = 100
# Entries may stand a little out of their order in time where a clock was set back.
_MARGIN = timedelta(hours=1)


@dataclass(slots=True)
class _Reading:
    """What was read. first, last: indexes, half open. erased: whose payloads are gone."""

    first: int
    last: int
    read: int = 0
    unreadable: int = 0
    erased: set[str] = field(default_factory=set)


class Reporting:
    """Makes evidence packs, one after the other."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        policies: Policies,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._policies = policies
        self._clock = clock
        self._ids = ids
        # One at a time: each of them reads much.
        self._alone = asyncio.Lock()

    async def report(
        self, caller: Caller, name: str, since: datetime, until: datetime | None = None
    ) -> Pack:
        """Return a report over `since <= at < until`; that it was made is in the log first.

        until: now where it is None or later. Raises ForbiddenFault, MissingFault for a name that
        is none, OperatorFault for a period that is empty or too long, OutsideFault.
        """
        caller.check(Permission.READ_LOG)
        caller.check_payloads()
        if name not in FOLDS:
            known = ", ".join(f"`{one}`" for one in FOLDS)
            raise MissingFault("no-such-report", f"there is no report `{name[:80]}`; {known} are")
        async with self._alone:
            now = self._clock.now()
            until = min(until or now, now)
            if since >= until:
                words = f"the period ends at {isoformat(until)}, before it begins"
                raise OperatorFault("no-period", words)
            made = self._made(caller, name, since, until, now)
            await self._store.commit((), (made,))
            return await self._pack(made, name, since, until, await self._store.publish())

    async def _pack(
        self, made: Entry, name: str, since: datetime, until: datetime, checkpoint: Checkpoint
    ) -> Pack:
        fold = FOLDS[name]()
        reading = await self._read(fold, since, until, checkpoint.size)
        known = await self._known(since, until, fold.needs())
        findings = await asyncio.to_thread(fold.finish, known)
        return Pack(
            name=name,
            since=since,
            until=until,
            made_at=made.at,
            made_by=known.who(made.subject),
            entry=made.id,
            origin=checkpoint.note.partition("\n")[0],
            checkpoint=checkpoint,
            witnesses=await self._lookers(),
            first=reading.first,
            last=reading.last,
            read=reading.read,
            left_out=await self._left_out(reading, known),
            findings=findings,
        )

    # What the log says.

    async def _read(self, fold: Fold, since: datetime, until: datetime, size: int) -> _Reading:
        first = await self._first(since - _MARGIN, size)
        last = await self._first(until + _MARGIN, size)
        if last - first > MOST_ENTRIES:
            words = f"the period has {last - first} entries and a report reads {MOST_ENTRIES}"
            raise OperatorFault("period-too-long", f"{words}; ask for a shorter one")
        reading = _Reading(first, last)
        for start in range(first, last, _PAGE):
            page = await self._store.entries(start, min(_PAGE, last - start))
            said = await asyncio.to_thread(
                lambda found: [read(one.index, one.leaf, one.content) for one in found], page
            )
            for one in said:
                if since <= one.at < until:
                    _take(fold, one, reading)
        return reading

    async def _first(self, at: datetime, size: int) -> int:
        """Return the index of the first entry of that time or later, but none that was pruned."""
        low, high = min(await self._store.minimum(), size), size
        while low < high:
            middle = (low + high) // 2
            leaves = await self._store.leaves(middle, 1)
            if leaves and parse_instant(json.loads(leaves[0])["at"]) < at:
                low = middle + 1
            else:
                high = middle
        return low

    async def _left_out(self, reading: _Reading, known: Known) -> Sequence[str]:
        words = []
        if reading.unreadable:
            who = ", ".join(sorted(known.who(one) for one in reading.erased)) or "nobody"
            words.append(
                f"{reading.unreadable} payloads were erased and cannot be read, of {who}: "
                "cells from them say (erased); their entries are counted"
            )
        minimum = await self._store.minimum()
        if 0 < minimum >= reading.first:
            words.append(f"entries before index {minimum} were pruned, and not read")
        return words

    # What the store says besides.

    async def _known(self, since: datetime, until: datetime, needs: Needs) -> Known:
        grants = await self._grants(needs.grants, since)
        wanted = needs.requests | {one.request for one in grants.values() if one.request}
        requests = {one: await self._store.request(RequestId(one)) for one in sorted(wanted)}
        sessions = {
            one: await self._store.session(SessionId(one)) for one in sorted(needs.sessions)
        }
        return Known(
            since=since,
            until=until,
            names=self._directory.names,
            targets=await self._targets(),
            own=self._directory.own,
            grants=grants,
            scopes={one: "; ".join(_scope(grant)) for one, grant in grants.items()},
            requests={one: found for one, found in requests.items() if found},
            sessions={one: found for one, found in sessions.items() if found},
            reviews=await self._store.reviews(limit=_MOST_FOUND),
            people=self._directory.subjects(),
            standing=await asyncio.to_thread(standing_of, self._policies.current),
            revision=self._policies.current.revision,
        )

    async def _grants(self, wanted: Iterable[str], since: datetime) -> dict[str, Grant]:
        held: list[Grant] = [
            *await self._store.grants(valid_at=since, limit=_MOST_FOUND),
            *await self._store.grants(limit=_MOST_FOUND),
        ]
        found: dict[str, Grant] = {one.id: one for one in held}
        for one in sorted(frozenset(wanted) - frozenset(found)):
            grant = await self._store.grant(GrantId(one))
            if grant is not None:
                found[one] = grant
        return found

    async def _targets(self) -> Mapping[str, str]:
        # Those that were taken away, too: the log still speaks of them.
        everything = [*await self._store.targets(), *self._directory.targets()]
        return {one.id: one.name for one in everything}

    async def _lookers(self) -> Sequence[Looker]:
        cosigned = await self._store.newest_cosignatures()
        found = [Looker(one.witness, "witness", one.size, one.at, "") for one in cosigned]
        newest: dict[str, Looker] = {}
        for anchor in await self._store.anchors(_MOST_ANCHORS):
            looker = Looker(anchor.name, anchor.kind, anchor.size, anchor.at, "")
            newest.setdefault(anchor.name, looker)
        return [*found, *newest.values()]

    def _made(
        self, caller: Caller, name: str, since: datetime, until: datetime, now: datetime
    ) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOG_READ,
            at=now,
            subject=caller.subject.id,
            facts={
                "what": "report",
                "report": name,
                "since": isoformat(since),
                "until": isoformat(until),
            },
            payload=with_reason(caller),
        )


def _take(fold: Fold, said: Said, reading: _Reading) -> None:
    reading.read += 1
    if not said.readable:
        reading.unreadable += 1
        if said.subject:
            reading.erased.add(said.subject)
    fold.take(said)


def _scope(grant: Grant) -> Sequence[str]:
    return describe_terms(Terms(None, grant.scope, grant.budget))
