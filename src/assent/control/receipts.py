"""Receipts: the proof that the log holds an entry, for whoever it is about, to verify alone.

A receipt is a C2SP tlog-proof and the bytes of the leaf that it proves. It names a checkpoint
that witnesses cosigned where there is one that covers the entry.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from assent.audit.proof import Receipt, format_receipt
from assent.control.explain import Explain
from assent.control.reading import Readers
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.entry import Checkpoint
from assent.core.faults import MissingFault
from assent.core.ids import Ids, RequestId
from assent.core.ports import Store, StoredEntry
from assent.core.role import Permission

WITHIN_S = 10.0
"""How long a covering checkpoint is waited for; one is signed every second."""
LONGEST_WAIT_S = 60
MOST = 100
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class LogReceipt:
    """The receipt of one entry. proof: text of a `.tlog-proof`. leaf: the bytes it proves.

    witnesses: names of those whose cosignature is on it.
    """

    entry: str
    kind: str
    index: int
    size: int
    proof: str
    leaf: bytes
    witnesses: tuple[str, ...]


class Receipts:
    """Proves to people what the log holds of them."""

    def __init__(self, *, store: Store, explain: Explain, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._explain = explain
        self._readers = Readers(store=store, clock=clock, ids=ids)

    async def receipts(self, caller: Caller, about: str, wait_s: int = 0) -> Sequence[LogReceipt]:
        """Return the receipts of an entry, or of all entries of a request or an action.

        Of a request, who asked gets all of them, everybody else those of what they did; who
        oversees gets every one, and the log says so. wait_s: how long a checkpoint is waited for
        that a witness cosigned, at most a minute; without one in time there is one without.
        Raises MissingFault where there is nothing for this person, OutsideFault where no
        checkpoint was signed in time.
        """
        found = await self._theirs(caller, about)
        if not found:
            raise MissingFault("no-receipt", f"the log has no `{about[:60]}` for you")
        last = found[-1].index
        await self._store.covering(last + 1, WITHIN_S)
        checkpoint = await self._cosigned(last, min(wait_s, LONGEST_WAIT_S))
        if checkpoint is None:
            checkpoint = await self._store.covering(last + 1, WITHIN_S)
        return [await self._receipt(entry, checkpoint) for entry in found]

    async def _theirs(self, caller: Caller, about: str) -> Sequence[StoredEntry]:
        """Return the entries that this person may have proved to them, in order."""
        entries = (await self._explain.stored(caller, about))[:MOST]
        if about.startswith("ent_"):
            # A decision is explained with its attempt; proved is what was asked for.
            entries = [one for one in entries if json.loads(one.leaf)["id"] == about]
        mine = caller.subject.id
        if about.startswith("req_"):
            request = await self._store.request(RequestId(about))
            if request is not None and request.action.subject == mine:
                return entries
        own = [one for one in entries if json.loads(one.leaf)["subject"] == mine]
        if caller.may(Permission.READ_LOG) and len(own) < len(entries):
            await self._readers.read(caller, "receipts", about)
            return entries
        return own

    async def _cosigned(self, index: int, wait_s: float) -> Checkpoint | None:
        """Return a checkpoint over the entry that most witnesses cosigned, None for none."""
        ends_at = asyncio.get_running_loop().time() + wait_s
        while True:
            sizes = [one.size for one in await self._store.newest_cosignatures()]
            covering = [size for size in sizes if size > index]
            if covering:
                best = max(covering, key=lambda size: (covering.count(size), -size))
                found = await self._store.checkpoint_at(best)
                if found is not None:
                    return found
            if asyncio.get_running_loop().time() >= ends_at:
                return None
            await asyncio.sleep(_LOOK_S)

    async def _receipt(self, entry: StoredEntry, checkpoint: Checkpoint) -> LogReceipt:
        cosigned = await self._store.cosignatures(checkpoint.size)
        note = checkpoint.note + "".join(f"{one.line}\n" for one in cosigned)
        proof = tuple(await self._store.inclusion(entry.index, checkpoint.size))
        leaf = json.loads(entry.leaf)
        return LogReceipt(
            entry=leaf["id"],
            kind=leaf["kind"],
            index=entry.index,
            size=checkpoint.size,
            proof=format_receipt(Receipt(entry.index, proof, note)),
            leaf=entry.leaf,
            witnesses=tuple(one.witness for one in cosigned),
        )
