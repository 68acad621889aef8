"""What is known of all targets' names: read before it is needed, and again when they change."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog

from assent.content.patterns import OwnPattern
from assent.core.clock import Clock
from assent.core.faults import Fault
from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway import catalogue_reading
from assent.protocols.postgres.catalogue.knowledge import Knowledge, Reader
from assent.protocols.postgres.catalogue.model import Catalogue

REFRESHED_EVERY_S = 30.0
LOOKED_AGAIN_AFTER = timedelta(seconds=1)

ReaderOf: TypeAlias = Callable[[tuple[str, ...], Catalogue | None], Reader]
PasswordOf: TypeAlias = Callable[[Target], Awaitable[tuple[str, Secret[str]]]]

_log = structlog.get_logger("catalogue")


@dataclass(frozen=True, slots=True)
class CatalogueStatus:
    """How one catalogue stands.

    read_at: when it was last known to hold what the target holds, None for never. problem: why
    it could not be asked since, empty for nothing. relations: how many it has.
    """

    target: TargetId
    database: str
    read_at: datetime | None
    problem: str
    relations: int


@dataclass(slots=True)
class _Kept:
    """One catalogue and how it was got.

    failures: how many readings failed. fault: of the last one, when that failed.
    """

    target: Target
    database: str
    knowledge: Knowledge
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    stamp: str = ""
    read_at: datetime | None = None
    failures: int = 0
    fault: Fault | None = None


class Catalogues:
    """One Knowledge for each database of each target.

    password_of: the user and the password of the gateway's own connections. when_changed: told
    after names of a target mean something else than before. spawn: begins a refresh beside what
    made it necessary; without it, whoever needs the names next waits for one. patterns: the
    operator's own, of what values of labels look like.
    """

    def __init__(
        self,
        password_of: PasswordOf,
        reader_of: ReaderOf,
        clock: Clock,
        when_changed: Callable[[TargetId], None],
        *,
        every_s: float = REFRESHED_EVERY_S,
        spawn: Callable[[Coroutine[Any, Any, None]], object] | None = None,
        patterns: tuple[OwnPattern, ...] = (),
    ) -> None:
        self._password_of = password_of
        self._reader_of = reader_of
        self._clock = clock
        self._when_changed = when_changed
        self._every_s = every_s
        self._spawn = spawn
        self._patterns = patterns
        self._kept: dict[tuple[TargetId, str], _Kept] = {}

    def knowledge(self, target: Target, database: str) -> Knowledge:
        """Return what is known of a database, which may be nothing yet: see `ensure`."""
        return self._of(target, database).knowledge

    def known(self, target: TargetId) -> dict[str, Catalogue]:
        """Return the snapshots of a target by database, those that there are."""
        return {
            database: kept.knowledge.catalogue
            for (of, database), kept in self._kept.items()
            if of == target and kept.knowledge.catalogue is not None
        }

    def status(self) -> tuple[CatalogueStatus, ...]:
        """Return how all of them stand."""
        return tuple(_status(kept) for kept in self._kept.values())

    async def ensure(self, target: Target, database: str) -> Knowledge:
        """Return what is known, read again first if it may be out of date.

        Raises OutsideFault `target-unreachable` or `catalogue-unreadable`, and what
        `password_of` raises. Whoever asks while it is read waits for that; a reading that began
        before a change is not enough for it.
        """
        kept = self._of(target, database)
        needed, failures = kept.knowledge.changes, kept.failures
        while not kept.knowledge.has_seen(needed) or kept.knowledge.catalogue is None:
            async with kept.lock:
                if kept.fault is not None and kept.failures > failures:
                    # It failed while this one waited: the next attempt would as well.
                    raise kept.fault
                if not kept.knowledge.has_seen(needed) or kept.knowledge.catalogue is None:
                    await self._read(kept)
        return kept.knowledge

    async def look_again(self, target: Target, database: str) -> None:
        """Refresh for a name that is not known, unless that was done a moment ago.

        Raises OutsideFault as `ensure`. Whoever asks for names that nobody has must not keep the
        target busy with it.
        """
        kept = self._of(target, database)
        if kept.knowledge.stale:
            await self.ensure(target, database)
        elif kept.read_at is None or self._clock.now() - kept.read_at > LOOKED_AGAIN_AFTER:
            await self.refresh(target, database)

    async def refresh(self, target: Target, database: str) -> None:
        """Look whether the target has changed, and read what it holds if so.

        Raises OutsideFault as `ensure`; what was known stays in force then.
        """
        kept = self._of(target, database)
        async with kept.lock:
            await self._read(kept)

    async def refresh_all(self) -> None:
        """Refresh each of them, and log which could not be."""
        async with asyncio.TaskGroup() as tasks:
            for kept in tuple(self._kept.values()):
                tasks.create_task(self._refresh_tolerantly(kept))

    async def run(self) -> None:
        """Refresh all of them on a clock until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self.refresh_all()

    def _of(self, target: Target, database: str) -> _Kept:
        key = (target.id, database)
        kept = self._kept.get(key)
        if kept is None:
            knowledge = Knowledge(self._reader_of, patterns=self._patterns)
            kept = self._kept[key] = _Kept(target, database, knowledge)
            knowledge.when_outdated = lambda: self._begin(self._refresh_tolerantly(kept))
            knowledge.when_missed = lambda: self._begin(self._look_again_tolerantly(kept))
        # Where it is and what it is called may have been configured anew.
        kept.target = target
        return kept

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Read again at once: other sessions rest on these names as well."""
        if self._spawn is not None:
            self._spawn(work)
        else:
            work.close()

    async def _look_again_tolerantly(self, kept: _Kept) -> None:
        if kept.read_at is None or self._clock.now() - kept.read_at > LOOKED_AGAIN_AFTER:
            await self._refresh_tolerantly(kept)

    async def _refresh_tolerantly(self, kept: _Kept) -> None:
        try:
            async with kept.lock:
                await self._read(kept)
        except Fault as fault:
            _log.warning(
                "catalogue_not_refreshed",
                target=kept.target.id,
                database=kept.database,
                code=fault.code,
            )

    async def _read(self, kept: _Kept) -> None:
        try:
            user, password = await self._password_of(kept.target)
            await self._read_as(kept, user, password)
        except Fault as fault:
            kept.failures, kept.fault = kept.failures + 1, fault
            raise
        kept.fault = None

    async def _read_as(self, kept: _Kept, user: str, password: Secret[str]) -> None:
        knowledge = kept.knowledge
        # What is let through from here on may or may not be in what is read.
        changes, began_at = knowledge.changes, self._clock.now()
        async with catalogue_reading.reading(
            kept.target, kept.database, user, password
        ) as connection:
            unchanged = (
                knowledge.catalogue is not None
                and kept.stamp != ""
                and await catalogue_reading.stamp(connection) == kept.stamp
            )
            read = (
                None
                if unchanged
                else await catalogue_reading.snapshot(connection, knowledge.catalogue)
            )
        kept.read_at = began_at
        if read is None:
            knowledge.confirm(changes)
            return
        kept.stamp = read.stamp
        if knowledge.replace(read.catalogue, changes):
            self._when_changed(kept.target.id)


def _status(kept: _Kept) -> CatalogueStatus:
    catalogue = kept.knowledge.catalogue
    return CatalogueStatus(
        kept.target.id,
        kept.database,
        kept.read_at,
        kept.fault.detail if kept.fault else "",
        len(catalogue.by_oid) if catalogue else 0,
    )
