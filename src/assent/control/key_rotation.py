"""Replaces the key that signs the log, so that whoever trusts the old one can trust the new one.

In this order: the new key is on disk; both keys sign; the entry that names them is in the log; a
checkpoint by both covers it; only the new key is on disk, and signs. A process that ends in
between leaves what the next one can finish or take back.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Protocol

import structlog

from assent.audit.note import open_note, parse_verifier
from assent.control.audit_actions import ROTATE, AuditActions, Order, Ordered
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.changes import MoveCursor
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, Fault, OperatorFault, OutsideFault
from assent.core.ids import EntryId, Ids
from assent.core.ports import Store

WITHIN_S = 30.0
_LOOK_S = 0.2

_log = structlog.get_logger("key-rotation")


class LogKeys(Protocol):
    """The keys of the log: in memory, where they sign, and on disk."""

    @property
    def public(self) -> Sequence[str]:
        """The public keys of the log, the oldest first; the last one signs."""
        ...

    @property
    def following(self) -> str | None:
        """The public key that signs beside the last one, None while nothing is rotated."""
        ...

    async def begin(self) -> str:
        """Make a new key, durable on return, sign with it too, and return its public half."""
        ...

    async def finish(self) -> None:
        """Let only the new key be there, durably, and sign. Raises OutsideFault."""
        ...

    async def abandon(self) -> None:
        """Let the new key not have been. Raises OutsideFault."""
        ...


class KeyRotation:
    """Rotates the key of the log; one rotation at a time."""

    def __init__(
        self,
        *,
        store: Store,
        actions: AuditActions,
        keys: LogKeys | None,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._actions = actions
        self._keys = keys
        self._clock = clock
        self._ids = ids
        self._rotating = asyncio.Lock()
        self._listeners: list[Callable[[Sequence[str]], None]] = []
        actions.carry_out(ROTATE, self._carry_out)

    @property
    def public(self) -> Sequence[str]:
        """The public keys of the log, the oldest first."""
        return () if self._keys is None else self._keys.public

    async def rotate(self, caller: Caller, reason: str, ticket: str = "") -> Ordered:
        """Rotate it, or open the request that it needs. Raises ForbiddenFault, ConflictFault."""
        present = self._present().public[-1]
        text = (
            "replace the key that signs the audit log by a new one, which the old one vouches for"
        )
        return await self._actions.order(
            caller, ROTATE, text, {"from": present}, reason=reason, ticket=ticket
        )

    def when_rotated(self, listener: Callable[[Sequence[str]], None]) -> None:
        """Call `listener` with the public keys, the oldest first, after each rotation."""
        self._listeners.append(listener)

    async def recover(self, behind: EntryId) -> None:
        """Finish or take back what an earlier process left.

        behind: an entry of this process, which is behind all that the earlier one wrote. Raises
        OutsideFault; then both keys sign until the next start.
        """
        keys = self._keys
        if keys is not None:
            await self._resolve(keys, behind)

    async def _resolve(self, keys: LogKeys, behind: EntryId) -> None:
        if keys.following is None:
            return
        if await self._store.cursor(_cursor(keys.following)):
            # The log names the new key, so it can only become the one that signs.
            await self._conclude(keys, keys.public[-1], keys.following, behind)
            return
        # What waits to be numbered may be stamped under the next key, which is known till then.
        if await self._store.entry(behind) is None:
            words = "a rotation that was cut short waits for the log to number its entries"
            raise OutsideFault("key-rotating", words)
        await keys.abandon()

    async def _carry_out(self, order: Order) -> Mapping[str, Json]:
        keys = self._present()
        async with self._rotating:
            if keys.following is not None:
                raise ConflictFault("key-rotating", "a rotation was cut short; restart to end it")
            old = keys.public[-1]
            if order.action.details["from"] != old:
                raise ConflictFault("key-rotated", "the key was rotated since this was asked for")
            new = await keys.begin()
            entry = self._entry(order, old, new)
            try:
                await order.keep((MoveCursor(_cursor(new), 1),), (entry,), "the key was rotated")
            except Fault:
                # A deadline may have passed after it was written: then it must be finished.
                if not await self._store.cursor(_cursor(new)):
                    await keys.abandon()
                    raise
            size = await self._conclude(keys, old, new, entry.id)
        return {"entry": entry.id, "from": old, "to": new, "size": size}

    async def _conclude(self, keys: LogKeys, old: str, new: str, entry: EntryId) -> int:
        """Let the new key take over, and return the size of the checkpoint that both signed."""
        try:
            async with asyncio.timeout(WITHIN_S):
                size = await self._signed_by_both(old, new, entry)
        except TimeoutError:
            words = "no checkpoint by both keys was signed in time; both sign until a restart"
            raise OutsideFault("key-rotating", words) from None
        await keys.finish()
        for listener in self._listeners:
            listener(keys.public)
        return size

    async def _signed_by_both(self, old: str, new: str, entry: EntryId) -> int:
        """Wait for a checkpoint by both keys that covers the entry, and return its size."""
        verifiers = [parse_verifier(key) for key in (old, new)]
        while True:
            found = await self._store.entry(entry)
            checkpoint = await self._store.publish()
            if found is not None and checkpoint.size > found.index:
                if len(open_note(checkpoint.note, verifiers).signed_by) == 2:
                    return checkpoint.size
                _log.warning("key-rotation-waits", why="another process signed with the old key")
            await asyncio.sleep(_LOOK_S)

    def _present(self) -> LogKeys:
        if self._keys is None:
            raise OperatorFault("log-keys", "this server does not hold the key of its log")
        return self._keys

    def _entry(self, order: Order, old: str, new: str) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.KEY_ROTATED,
            at=self._clock.now(),
            subject=order.action.subject,
            request=order.request,
            facts={"decision": order.decision, "from": old, "to": new},
            payload={"reason": order.reason},
        )


def _cursor(key: str) -> str:
    """Return the cursor that is moved with the entry that names a new key.

    It says without a look through the log whether that entry was written.
    """
    return f"key-rotated {sha256(key.encode()).hexdigest()[:32]}"
