"""The door for auditors: checkpoints, and the export that an outsider can verify."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from assent.audit.export import export_names
from assent.control.export_files import MOST_ANCHORS, Beside, ExportFiles, Made
from assent.control.live import LiveSessions
from assent.control.reading import with_reason
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.entry import Checkpoint, Entry, EntryKind
from assent.core.faults import MissingFault
from assent.core.ids import EntryId, Ids
from assent.core.ports import Store
from assent.core.role import Permission

_MOST_EXPORTS = 64
_MOST_OPEN = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an export has besides the log. keys: that open its payloads and recordings."""

    keys: bool = False
    recordings: bool = False


class Audit:
    """Reads the log for those who oversee; every export is an entry itself.

    live: the sessions in which actions may be under way. witnessed: has witnesses look at a
    checkpoint, and returns the one that they saw: without them an export is not proved to others.
    """

    def __init__(
        self,
        *,
        store: Store,
        verifier_key: str,
        clock: Clock,
        ids: Ids,
        live: LiveSessions,
        between_rounds: asyncio.Lock | None = None,
    ) -> None:
        self._store = store
        self._live = live
        self._between_rounds = between_rounds or asyncio.Lock()
        self.verifier_key = verifier_key
        self._clock = clock
        self._ids = ids
        self.beside = Beside()
        self.witnessed: Callable[[Checkpoint], Awaitable[Checkpoint]] = _as_it_is
        # Exports under way, by token: the log grows while one is fetched.
        self._exports: OrderedDict[str, Made] = OrderedDict()

    async def checkpoint(self, caller: Caller) -> Checkpoint:
        """Return the newest checkpoint; everybody may have it, and should keep it."""
        found = await self._store.checkpoint()
        if found is None:
            raise MissingFault("no-checkpoint", "the log has no checkpoint yet")
        return found

    async def export_names(self, caller: Caller, wanted: Wanted | None = None) -> Sequence[str]:
        """Return the paths of an export of the log as it is now, which is an entry of its own.

        Raises ForbiddenFault.
        """
        _check(caller)
        wanted = wanted or Wanted()
        if wanted.keys:
            caller.check_payloads()
        # What the gateway does itself is over then, so that nothing of it looks left open.
        async with self._between_rounds:
            await self._store.commit((), (self._exported(caller, wanted),))
            newest = await self.witnessed(await self._store.publish())
        files = self._files(Made(newest.size, wanted.keys))
        segments = await files.segments() if wanted.recordings else ()
        made = Made(newest.size, wanted.keys, frozenset(segments))
        self._exports[caller.token_digest] = made
        self._exports.move_to_end(caller.token_digest)
        if len(self._exports) > _MOST_EXPORTS:
            self._exports.popitem(last=False)
        return await self._names(made)

    async def export_file(self, caller: Caller, path: str) -> bytes | None:
        """Return one file of the export that the caller asked for last, None for no such file.

        Raises ForbiddenFault.
        """
        _check(caller)
        made = self._exports.get(caller.token_digest)
        return await self._files(made).read(path) if made is not None else None

    def _files(self, made: Made) -> ExportFiles:
        return ExportFiles(self._store, self.verifier_key, self.beside, made)

    async def _names(self, made: Made) -> list[str]:
        sizes = await self._store.checkpoint_sizes(made.size)
        names = export_names(sizes, await self._store.minimum())
        anchors = await self._store.anchors(MOST_ANCHORS)
        return names + self._files(made).names_beside(anchors)

    def _exported(self, caller: Caller, wanted: Wanted) -> Entry:
        # A verifier would call what has no result yet incomplete, and could not tell why.
        under_way = [str(action) for live in self._live for action in live.untaught]
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.AUDIT_EXPORTED,
            at=self._clock.now(),
            subject=caller.subject.id,
            facts={
                "keys": wanted.keys,
                "open": under_way[:_MOST_OPEN],
                "recordings": wanted.recordings,
            },
            payload=with_reason(caller),
        )


async def _as_it_is(checkpoint: Checkpoint) -> Checkpoint:
    return checkpoint


def _check(caller: Caller) -> None:
    caller.check(Permission.EXPORT_LOG)
