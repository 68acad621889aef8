"""Pruning: what is older than it may be kept is deleted from the log and the recordings.

Source: C2SP tlog-tiles, "Pruning": entries below a minimum index go, hashes and checkpoints stay,
and so do all proofs. Whole bundles only, and never what nobody outside has seen yet.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from assent.audit.tiles import TILE_WIDTH
from assent.control.audit_actions import PRUNE, AuditActions, Order, Ordered
from assent.control.legal_holds import refuse_held
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.changes import MoveCursor, PruneLog
from assent.core.clock import Clock, isoformat, parse_instant
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, Fault
from assent.core.ids import EntryId, Ids, SessionId
from assent.core.ports import Recorder, Store, StoredEntry

KEPT_AT_LEAST = timedelta(days=1)
LOOK_EVERY_S = 3_600.0
ORDERED = "prune-to"
"""The cursor that says below which entry all is to be deleted; it may not be done yet."""

_STEP = 16 * TILE_WIDTH

_log = structlog.get_logger("retention")


class Retention:
    """Prunes when somebody may order it, and by itself where a retention is configured.

    keep: how long everything is kept, None for ever. watchers: names of the witnesses' keys; what
    one of them has not seen yet stays.
    """

    def __init__(
        self,
        *,
        store: Store,
        recorder: Recorder,
        actions: AuditActions,
        clock: Clock,
        ids: Ids,
        keep: timedelta | None = None,
        watchers: frozenset[str] = frozenset(),
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._actions = actions
        self._clock = clock
        self._ids = ids
        self._keep = keep
        self._watchers = watchers
        self._pruning = asyncio.Lock()
        self._ordered = asyncio.Event()
        actions.carry_out(PRUNE, self._carry_out)

    async def prune(
        self, caller: Caller, before: datetime, reason: str, ticket: str = ""
    ) -> Ordered:
        """Delete what is older than `before`, or open the request that it needs.

        Raises ForbiddenFault, ConflictFault for what may not be pruned.
        """
        await self._check(before)
        text = (
            f"prune the log: delete what it and the recordings hold from before {before:%Y-%m-%d}, "
            "for ever; hashes and proofs stay"
        )
        details = {"before": isoformat(before)}
        return await self._actions.order(caller, PRUNE, text, details, reason=reason, ticket=ticket)

    async def run(self) -> None:
        """Prune what is ordered and what is too old, until cancelled."""
        while True:
            self._ordered.clear()
            try:
                await self.once()
            except Fault as fault:
                _log.warning("pruning-failed", code=fault.code, detail=fault.detail)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ordered.wait(), LOOK_EVERY_S)

    async def once(self) -> None:
        """Prune what is too old now, and what was ordered and is not done.

        Raises ConflictFault while a legal hold stands, OutsideFault.
        """
        async with self._pruning:
            if self._keep is not None:
                await self._order_by_age(self._keep)
            await self._prune_to(await self._store.cursor(ORDERED))

    async def _order_by_age(self, keep: timedelta) -> None:
        minimum = await self._minimum(self._clock.now() - keep)
        start = await self._store.minimum()
        if minimum > max(start, await self._store.cursor(ORDERED)):
            await refuse_held(self._store, None)
            entry = self._entry(minimum, None, {"retention_days": keep.days})
            await self._store.commit(_ordering(start, minimum), (entry,))

    async def _carry_out(self, order: Order) -> Mapping[str, Json]:
        before = parse_instant(order.action.details["before"])
        await self._check(before)
        start = await self._store.minimum()
        minimum = max(await self._minimum(before), start, await self._store.cursor(ORDERED))
        entry = self._entry(minimum, order, {"reason": order.reason})
        words = f"everything below entry {minimum} is deleted"
        await order.keep(_ordering(start, minimum), (entry,), words)
        self._ordered.set()
        return {"entry": entry.id, "minimum": minimum, "entries": minimum - start}

    async def _check(self, before: datetime) -> None:
        if before > self._clock.now() - KEPT_AT_LEAST:
            words = "what happened within a day is kept; name an earlier day"
            raise ConflictFault("too-young", words)
        await refuse_held(self._store, None)

    async def _minimum(self, before: datetime) -> int:
        """Return the first entry to keep: at the start of a bundle, and some are always kept."""
        checkpoint = await self._store.checkpoint()
        size = checkpoint.size if checkpoint else 0
        seen = min(size, await self._seen()) if self._watchers else size
        # The last full tile stays whole, for whoever goes on from it.
        highest = max(0, seen // TILE_WIDTH - 1) * TILE_WIDTH
        low, high = await self._store.minimum(), highest
        while low < high:
            middle = (low + high) // 2
            if await self._is_older(middle, before):
                low = middle + 1
            else:
                high = middle
        return min(low, highest) // TILE_WIDTH * TILE_WIDTH

    async def _seen(self) -> int:
        """Return how many entries all watchers have seen."""
        signed = {each.witness: each.size for each in await self._store.newest_cosignatures()}
        return min(signed.get(name, 0) for name in self._watchers)

    async def _is_older(self, index: int, before: datetime) -> bool:
        found = await self._store.entries(index, 1)
        return bool(found) and parse_instant(json.loads(found[0].leaf)["at"]) < before

    async def _prune_to(self, minimum: int) -> None:
        """Delete step by step, so that what is to be written meanwhile does not wait for long."""
        start = await self._store.minimum()
        while start < minimum:
            step = min(start + _STEP, minimum)
            for session in _ended(await self._store.entries(start, step - start)):
                # First, because nothing would tell of it once its entries are gone.
                await self._recorder.forget(session)
            await self._store.commit((PruneLog(step),), ())
            start = step

    def _entry(self, minimum: int, order: Order | None, why: Mapping[str, Json]) -> Entry:
        facts: dict[str, Json] = {"minimum": minimum}
        if order is not None:
            facts["decision"] = order.decision
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOG_PRUNED,
            at=self._clock.now(),
            subject=None if order is None else order.action.subject,
            request=None if order is None else order.request,
            facts=facts,
            payload=why,
        )


def _ordering(start: int, minimum: int) -> tuple[PruneLog, MoveCursor]:
    # It is in the log before anything goes. The first one deletes nothing: it asks for holds.
    return PruneLog(start), MoveCursor(ORDERED, minimum)


def _ended(entries: Sequence[StoredEntry]) -> list[SessionId]:
    leaves = [json.loads(each.leaf) for each in entries]
    ended = [each["session"] for each in leaves if each["kind"] == EntryKind.SESSION_ENDED]
    return [SessionId(session) for session in ended if session]
