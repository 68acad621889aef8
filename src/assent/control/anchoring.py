"""Brings checkpoints to places where whoever runs the log cannot take them back.

A place that is away never stops anything: it is tried again, and the status says so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import structlog

from assent.core.changes import PutAnchor
from assent.core.clock import Clock
from assent.core.entry import Anchor, Checkpoint, Entry, EntryKind
from assent.core.faults import Fault
from assent.core.ids import AnchorId, EntryId, Ids
from assent.core.observing import AnchorPlace, Observer
from assent.core.ports import Store

EVERY = timedelta(hours=1)
_LOOK = timedelta(seconds=1)
_FIRST_WAIT = timedelta(seconds=30)
_MOST_KNOWN = 1_000

_log = structlog.get_logger("anchoring")


@dataclass(frozen=True, slots=True)
class Anchorage:
    """A place, and how often a checkpoint is brought there."""

    place: AnchorPlace
    every: timedelta = EVERY


@dataclass(slots=True)
class _Standing:
    size: int | None = None
    at: datetime | None = None
    problem: str = ""
    failures: int = 0
    not_before: datetime | None = None


class Anchoring:
    """Brings each place what is due there, each by itself."""

    def __init__(
        self, *, store: Store, anchorages: Sequence[Anchorage], clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._anchorages = anchorages
        self._clock = clock
        self._ids = ids
        self._standing = {one.place.name: _Standing() for one in anchorages}

    async def recover(self) -> None:
        """Take up what an earlier process anchored. Raises OutsideFault (the store)."""
        for anchor in await self._store.anchors(_MOST_KNOWN):
            standing = self._standing.get(anchor.name)
            if standing is not None and (standing.at is None or anchor.at > standing.at):
                standing.size, standing.at = anchor.size, anchor.at

    async def run(self) -> None:
        """Anchor until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for anchorage in self._anchorages:
                tasks.create_task(self._again_and_again(anchorage))

    def observers(self) -> Sequence[Observer]:
        """Return how each place stands."""
        return [
            Observer(one.place.name, one.place.kind, standing.size, standing.at, standing.problem)
            for one in self._anchorages
            for standing in (self._standing[one.place.name],)
        ]

    async def once(self) -> None:
        """Bring now what is due."""
        for anchorage in self._anchorages:
            await self._guarded(anchorage)

    async def _again_and_again(self, anchorage: Anchorage) -> None:
        while True:
            await self._guarded(anchorage)
            await asyncio.sleep(_LOOK.total_seconds())

    async def _guarded(self, anchorage: Anchorage) -> None:
        standing, name = self._standing[anchorage.place.name], anchorage.place.name
        try:
            await self._anchor(anchorage, standing)
            return
        except Fault as fault:
            standing.problem = fault.detail
            _log.warning("anchor-failed", name=name, code=fault.code, why=fault.detail)
        except Exception:
            # A fault of ours with one place must not stop the others, or the gateway.
            standing.problem = "anchoring there failed; look at what the server prints"
            _log.exception("anchor-broke", name=name)
        wait = min(_FIRST_WAIT * 2 ** min(standing.failures, 12), anchorage.every)
        standing.failures += 1
        standing.not_before = self._clock.now() + wait

    async def _anchor(self, anchorage: Anchorage, standing: _Standing) -> None:
        now = self._clock.now()
        if standing.not_before is not None and now < standing.not_before:
            return
        if standing.at is not None and now < standing.at + anchorage.every:
            return
        checkpoint = await self._store.checkpoint()
        if checkpoint is None or checkpoint.size == standing.size:
            return
        place = anchorage.place
        kept = await place.keep(checkpoint, await self._note(checkpoint))
        await self._record(place, checkpoint, kept.reference, kept.body)
        standing.size, standing.at = checkpoint.size, self._clock.now()
        standing.problem, standing.failures, standing.not_before = "", 0, None

    async def _note(self, checkpoint: Checkpoint) -> str:
        """Return the note with what witnesses have signed of it so far."""
        cosigned = await self._store.cosignatures(checkpoint.size)
        return checkpoint.note + "".join(f"{one.line}\n" for one in cosigned)

    async def _record(
        self, place: AnchorPlace, checkpoint: Checkpoint, reference: str, body: bytes | None
    ) -> None:
        now = self._clock.now()
        anchor = Anchor(
            id=AnchorId(self._ids.mint("anchor")),
            size=checkpoint.size,
            kind=place.kind,
            name=place.name,
            reference=reference,
            at=now,
            body=body,
        )
        digest = None if body is None else f"sha256:{sha256(body).hexdigest()}"
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.ANCHOR_RECORDED,
            at=now,
            facts={
                "anchor": anchor.id,
                "digest": digest,
                "kind": place.kind,
                "name": place.name,
                "size": checkpoint.size,
            },
            payload={"reference": reference},
        )
        await self._store.commit((PutAnchor(anchor),), (entry,))
