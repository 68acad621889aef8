"""The door for auditors: checkpoints, and the export that an outsider can verify."""

import asyncio
from collections.abc import Sequence

from assent.audit.export import CHECKPOINT_PATH, KEY_PATH, checkpoint_path, export_names
from assent.audit.payloads import encode_payloads
from assent.audit.tiles import (
    TILE_WIDTH,
    Span,
    all_spans,
    bundle_path,
    encode_bundle,
    payloads_path,
    spans,
)
from assent.audit.tree import leaf_hash, root_of
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.entry import Checkpoint, Entry, EntryKind
from assent.core.faults import ForbiddenFault, MissingFault
from assent.core.ids import EntryId, Ids
from assent.core.ports import Store, StoredEntry

_MOST_EXPORTS = 64


class Audit:
    """Reads the log for those who oversee; every export is an entry itself."""

    def __init__(
        self,
        *,
        store: Store,
        verifier_key: str,
        clock: Clock,
        ids: Ids,
        between_rounds: asyncio.Lock | None = None,
    ) -> None:
        self._store = store
        self._between_rounds = between_rounds or asyncio.Lock()
        self.verifier_key = verifier_key
        self._clock = clock
        self._ids = ids
        # What an export under way ends at, by token: the log grows while it is fetched.
        self._exports: dict[str, int] = {}

    async def checkpoint(self, caller: Caller) -> Checkpoint:
        """Return the newest checkpoint; everybody may have it, and should keep it."""
        found = await self._store.checkpoint()
        if found is None:
            raise MissingFault("no-checkpoint", "the log has no checkpoint yet")
        return found

    async def export_names(self, caller: Caller) -> Sequence[str]:
        """Return the paths of an export of the log as it is now, which is an entry of its own.

        Raises ForbiddenFault.
        """
        _check(caller)
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.AUDIT_EXPORTED,
            at=self._clock.now(),
            subject=caller.subject.id,
        )
        # What the gateway does itself is over then, so that nothing of it looks left open.
        async with self._between_rounds:
            await self._store.commit((), (entry,))
            newest = await self._store.publish()
        if len(self._exports) > _MOST_EXPORTS:
            self._exports.clear()
        self._exports[caller.token_digest] = newest.size
        return export_names(item.size for item in await self._store.checkpoints())

    async def export_file(self, caller: Caller, path: str) -> bytes | None:
        """Return one file of an export, None where there is none. Raises ForbiddenFault."""
        _check(caller)
        checkpoints = {item.size: item for item in await self._store.checkpoints()}
        newest = self._exports.get(caller.token_digest, max(checkpoints, default=0))
        if path == KEY_PATH:
            return f"{self.verifier_key}\n".encode()
        if path == CHECKPOINT_PATH and checkpoints:
            return checkpoints[newest].note.encode()
        for size, checkpoint in checkpoints.items():
            if path == checkpoint_path(size):
                return checkpoint.note.encode()
        return await self._part(path, newest)

    async def _part(self, path: str, size: int) -> bytes | None:
        """Return a tile, a bundle or a payload file of the log as large as `size`."""
        for span in spans(size):
            if path == bundle_path(span.index, span.width):
                entries = await self._read(span.index * TILE_WIDTH, span.width)
                return encode_bundle([entry.leaf for entry in entries])
            if path == payloads_path(span.index):
                return await self._payloads(span)
        for span in all_spans(size):
            if path == span.path:
                return await self._tile(span)
        return None

    async def _payloads(self, span: Span) -> bytes:
        entries = await self._read(span.index * TILE_WIDTH, span.width)
        return encode_payloads(
            (entry.index, entry.payload) for entry in entries if entry.payload is not None
        )

    async def _tile(self, span: Span) -> bytes:
        below = TILE_WIDTH**span.level
        hashes = []
        for number in range(span.width):
            start = (span.index * TILE_WIDTH + number) * below
            leaves = [leaf_hash(entry.leaf) for entry in await self._read(start, below)]
            hashes.append(root_of(leaves))
        return b"".join(hashes)

    async def _read(self, start: int, count: int) -> list[StoredEntry]:
        entries: list[StoredEntry] = []
        while len(entries) < count:
            more = await self._store.entries(start + len(entries), min(count - len(entries), 2_000))
            if not more:
                break
            entries += more
        return entries


def _check(caller: Caller) -> None:
    if not caller.oversees:
        raise ForbiddenFault("not-yours", "only `security` and `auditors` can export the log")
