"""What was decided before, read back page by page, for whoever asks what would be decided now."""

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise

from assent.control.reading import with_reason
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, Ids
from assent.core.ports import Store, StoredEntry
from assent.core.role import Permission

_PAGE = 1_000
MOST_PAYLOAD = 4 * 1024 * 1024
"""Bytes of payloads on one page, or little more."""


class Decided:
    """Reads recorded decisions, each with the attempt before it."""

    def __init__(self, *, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    async def page(
        self, caller: Caller, before: int | None, limit: int
    ) -> tuple[Sequence[Mapping[str, Json]], int | None]:
        """Return decisions that stand before an index of the log, the newest first.

        before: None for the end of the log. The second is where the next page begins, None where
        the log has no more; a page may be short, or empty, without being the last one.
        Raises ForbiddenFault, OutsideFault.
        """
        caller.check(Permission.READ_LOG)
        if before is None or caller.reason:
            # Who reads what everybody did is in the log, too: once for all pages.
            await self._store.commit((), (self._read_by(caller),))
        with_payload = not caller.withheld
        end = await self.end() if before is None else before
        start = max(0, end - _PAGE)
        found = await self._store.entries(start, end - start) if end else ()
        items: list[Mapping[str, Json]] = []
        size = 0
        for attempt, decision in _pairs_backwards(found):
            items.append(
                {
                    "attempt": _told(attempt, with_payload),
                    "decision": _told(decision, with_payload),
                }
            )
            size += len(attempt.content or b"") + len(decision.content or b"")
            if len(items) >= limit or size >= MOST_PAYLOAD:
                return items, attempt.index or None
        # The first of these may be the decision to an attempt that stands before it.
        left = start + 1 if start and end > start + 1 else start
        return items, left or None

    def _read_by(self, caller: Caller) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.AUDIT_EXPORTED,
            at=self._clock.now(),
            subject=caller.subject.id,
            facts={"what": "decisions"},
            payload=with_reason(caller),
        )

    async def end(self) -> int:
        """Return how many entries the log has."""
        checkpoint = await self._store.checkpoint()
        end = checkpoint.size if checkpoint else 0
        while more := len(await self._store.entries(end, _PAGE)):
            end += more
        return end


def recorded_pairs(
    found: Sequence[StoredEntry],
) -> tuple[list[Mapping[str, Mapping[str, Json]]], int]:
    """Return the decisions among entries, each with its attempt, oldest first, and where to go on.

    An attempt at the end is left for the next look: its decision follows.
    """
    pairs: list[Mapping[str, Mapping[str, Json]]] = [
        {"attempt": _told(attempt, True), "decision": _told(decision, True)}
        for attempt, decision in reversed(_pairs_backwards(found))
    ]
    last = found[-1]
    waits = json.loads(last.leaf)["kind"] == EntryKind.ATTEMPT
    return pairs, last.index if waits and len(found) > 1 else last.index + 1


def _pairs_backwards(
    found: Sequence[StoredEntry],
) -> Sequence[tuple[StoredEntry, StoredEntry]]:
    """Return attempts with their decisions, which are written next to each other; newest first."""
    pairs = []
    for attempt, decision in pairwise(found):
        first, second = json.loads(attempt.leaf), json.loads(decision.leaf)
        if (
            first["kind"] == EntryKind.ATTEMPT
            and second["kind"] == EntryKind.DECISION
            and first["facts"]["action"] == second["facts"]["action"]
        ):
            pairs.append((attempt, decision))
    return pairs[::-1]


def _told(stored: StoredEntry, with_payload: bool) -> Mapping[str, Json]:
    leaf: dict[str, Json] = json.loads(stored.leaf)
    payload = json.loads(stored.content) if stored.content and with_payload else None
    return {**leaf, "index": stored.index, "payload": payload}
