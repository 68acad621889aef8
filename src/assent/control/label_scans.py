"""Scans for labels: samples of values are looked at, and what enough of them look like is
suggested. A person decides; nothing here labels anything."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from assent.control.labels import Labels, must_own
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, Fault, OutsideFault
from assent.core.ids import EntryId, Ids, TargetId
from assent.core.label import Label, LabelSource, LabelState, Sampled
from assent.core.ports import Store, ValueSampler
from assent.core.resource import Target

FEWEST_VALUES = 5
"""A label is suggested where at least so many values that are not null were looked at,"""
LEAST_SHARE_PERCENT = 60
"""and at least this share of them looks like it."""
MOST_SAMPLED = 10_000
MOST_SUGGESTED = 5_000
ENDS_AFTER_S = 900

Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan of a target. state: `none`, `running`, `done` or `failed`.

    tables: how many there are to look at; tables_done, columns: how many were looked at.
    left_out: tables that could not be read. suggested: new suggestions. words: why it failed.
    """

    state: str
    tables: int = 0
    tables_done: int = 0
    columns: int = 0
    left_out: int = 0
    suggested: int = 0
    words: str = ""


class LabelScans:
    """Runs scans, one at a time for each target, and says how they stand."""

    def __init__(self, *, labels: Labels, store: Store, clock: Clock, ids: Ids) -> None:
        self._labels = labels
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scans: dict[TargetId, Scan] = {}
        self._sampler: ValueSampler | None = None
        self._recognised: tuple[str, ...] = ()
        self._spawn: Spawn | None = None

    def scan_with(self, sampler: ValueSampler, recognised: Sequence[str], spawn: Spawn) -> None:
        """Look at values through `sampler`.

        recognised: the labels whose values it can tell. spawn: runs a scan beside everything.
        """
        self._sampler, self._recognised, self._spawn = sampler, tuple(recognised), spawn

    def state(self, caller: Caller, target_name: str) -> Scan:
        """Return how the newest scan stands. Raises MissingFault, ForbiddenFault."""
        return self._scans.get(self._labels.seen(caller, target_name).id, Scan("none"))

    async def begin(self, caller: Caller, target_name: str, sample: int) -> Scan:
        """Begin to look at `sample` values of each column; return at once.

        Raises MissingFault, ForbiddenFault, ConflictFault while one is running, OutsideFault.
        """
        target = self._labels.seen(caller, target_name)
        must_own(caller, target)
        if self._sampler is None or self._spawn is None:
            raise OutsideFault("no-scans", "this server cannot look at values of targets")
        if not FEWEST_VALUES <= sample <= MOST_SAMPLED:
            words = f"ask for {FEWEST_VALUES} to {MOST_SAMPLED} values of each column"
            raise ConflictFault("sample", words)
        standing = self._scans.get(target.id)
        if standing is not None and standing.state == "running":
            raise ConflictFault("scan-runs", f"`{target.name}` is being scanned already")
        begun = self._scans[target.id] = Scan("running")
        try:
            # Before the first value is looked at, as with any other access.
            await self._store.commit((), (self._begun(caller, target, sample),))
        except Fault as fault:
            self._scans[target.id] = Scan("failed", words=fault.detail)
            raise
        self._spawn(self._run(caller, target, sample, self._sampler))
        return begun

    async def _run(
        self, caller: Caller, target: Target, sample: int, sampler: ValueSampler
    ) -> None:
        def told(done: int, tables: int, left_out: int) -> None:
            scan = self._scans[target.id]
            self._scans[target.id] = replace(
                scan, tables_done=done, tables=tables, left_out=left_out
            )

        state, words = "failed", "it was interrupted; begin it again"
        try:
            async with (
                asyncio.timeout(ENDS_AFTER_S),
                aclosing(sampler.sample(target, self._recognised, sample, told)) as columns,
            ):
                async for column in columns:
                    await self._looked_at(caller, target, column)
            state, words = "done", ""
        except TimeoutError:
            words = f"it took longer than {ENDS_AFTER_S // 60} minutes; what it found is kept"
        except Fault as fault:
            words = fault.detail
        finally:
            self._scans[target.id] = replace(self._scans[target.id], state=state, words=words)

    async def _looked_at(self, caller: Caller, target: Target, column: Sampled) -> None:
        new = 0
        for label in suggested(column):
            if self._scans[target.id].suggested + new < MOST_SUGGESTED:
                new += await self._suggest(caller, target, column, label)
        scan = self._scans[target.id]
        self._scans[target.id] = replace(
            scan, columns=scan.columns + 1, suggested=scan.suggested + new
        )

    async def _suggest(self, caller: Caller, target: Target, column: Sampled, label: str) -> bool:
        found = Label(
            target=target.id,
            name=column.name,
            label=label,
            state=LabelState.SUGGESTED,
            source=LabelSource.SCAN,
            matched=column.matched[label],
            sampled=column.sampled,
            at=self._clock.now(),
            by=caller.subject.id,
        )
        try:
            return await self._labels.suggest(found)
        except ConflictFault:
            # Somebody decided it meanwhile; that counts.
            return False

    def _begun(self, caller: Caller, target: Target, sample: int) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LABELS_SCANNED,
            at=self._clock.now(),
            subject=caller.subject.id,
            target=target.id,
            facts={"sample": sample},
        )


def suggested(column: Sampled) -> list[str]:
    """Return the labels that enough values of the column look like."""
    if column.sampled < FEWEST_VALUES:
        return []
    return sorted(
        label
        for label, matched in column.matched.items()
        if matched * 100 >= LEAST_SHARE_PERCENT * column.sampled
    )
