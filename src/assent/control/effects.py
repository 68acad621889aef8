"""Keeps the index of effects: what was done to what, from the entries and recordings that say so.

It runs after the fact and holds nothing up. Reading the whole log again makes the same index.
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from assent.control.following import Resting
from assent.core.changes import Change
from assent.core.clock import parse_instant
from assent.core.effect import (
    MOST_STATEMENTS,
    MOST_TOUCHES,
    UNSAID,
    Came,
    DropEffects,
    Effect,
    EffectOutcome,
    IndexEffects,
    Ran,
    StatementText,
    place_of,
)
from assent.core.entry import EntryKind
from assent.core.ids import ActionId, EntryId, RequestId, SessionId, SubjectId, TargetId
from assent.core.ports import Store, StoredEntry
from assent.core.request import RequestState
from assent.recording.segment import parse

NAME = "effects"
"""Of the follower, and so of its cursor."""

ReadSegment = Callable[[SessionId, int], Awaitable[bytes | None]]
"""Returns the plain bytes of a segment; None where it is gone or its key was destroyed."""

SEARCHABLE = "searchable_text"
_MOST_AT_ONCE = 64
_ENOUGH_S = 0.1
"""How much it works before it looks whether others must come first."""
_MOST_KNOWN = 4_096
_REFUSED = frozenset(
    {
        RequestState.REJECTED,
        RequestState.WITHDRAWN,
        RequestState.EXPIRED,
        RequestState.INTERRUPTED,
    }
)

_FRAMES = msgspec.json.Decoder(dict[str, Any])

_log = structlog.get_logger("effects")

_Leaf = Mapping[str, Any]
_Touch = tuple[str, str, str, str]
"""Verb, operation, kind of resource, its name."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A decision, as far as further uses of it need it. index: of its entry."""

    index: int
    entry: EntryId
    subject: SubjectId
    target: TargetId | None
    touches: tuple[_Touch, ...]
    score: int
    reusable: bool
    searchable: bool


@dataclass(slots=True)
class _Batch:
    """What is to be added to the index next."""

    effects: list[Effect] = field(default_factory=list)
    texts: list[StatementText] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.effects) + len(self.texts) + len(self.came) + len(self.ran)

    def change(self) -> IndexEffects:
        """Return it as a change."""
        return IndexEffects(
            tuple(self.effects), tuple(self.texts), tuple(self.came), tuple(self.ran)
        )


class Effects:
    """Reads entries, in the order of the log, and says what is to be changed in the index."""

    def __init__(
        self, store: Store, read_segment: ReadSegment, resting: Resting | None = None
    ) -> None:
        """Read recordings by `read_segment`. resting: after each commit, by default never."""
        self._resting = resting or Resting(0)
        self._store = store
        self._read_segment = read_segment
        self._batch = _Batch()
        # At first it looks before it works: a start may be busy, too.
        self._began, self._unrested_s = 0.0, _ENOUGH_S
        self._attempts: OrderedDict[str, StoredEntry] = OrderedDict()
        self._known: OrderedDict[EntryId, _Known | None] = OrderedDict()

    async def handle(self, found: Sequence[StoredEntry]) -> Sequence[Change]:
        """Return what these entries change; what is much is committed before. A follower's."""
        await self._rest_if_due()
        self._batch, self._began = _Batch(), time.perf_counter()
        for stored in found:
            await self._read(stored, json.loads(stored.leaf))
            if len(self._batch) >= _MOST_AT_ONCE:
                await self._commit()
        await self._rest()
        return (self._batch.change(),) if len(self._batch) else ()

    async def _commit(self) -> None:
        # Made again after a crash it changes nothing, so the cursor need not move with it.
        if len(self._batch):
            await self._store.commit((self._batch.change(),), ())
            self._batch = _Batch()
        await self._rest()

    async def _rest(self) -> None:
        """Rest after enough work: a page may hold hundreds of segments, and be too much."""
        self._unrested_s += time.perf_counter() - self._began
        await self._rest_if_due()
        self._began = time.perf_counter()

    async def _rest_if_due(self) -> None:
        if self._unrested_s >= _ENOUGH_S:
            await self._resting.after(self._unrested_s)
            self._unrested_s = 0.0

    async def _read(self, stored: StoredEntry, leaf: _Leaf) -> None:
        facts = leaf["facts"]
        match leaf["kind"]:
            case EntryKind.ATTEMPT:
                _keep(self._attempts, leaf["facts"]["action"], stored)
            case EntryKind.DECISION:
                await self._decided(stored, leaf)
            case EntryKind.RESULT:
                self._batch.came.append(_result(stored.index, facts))
            case EntryKind.REQUEST_OPENED:
                self._came(stored, leaf, EffectOutcome.HELD)
            case EntryKind.REQUEST_SETTLED:
                is_refused = facts["state"] in _REFUSED
                self._came(stored, leaf, EffectOutcome.REFUSED if is_refused else None)
            case EntryKind.SESSION_SEGMENT:
                await self._commit()
                await self._segment(stored, leaf)
            case EntryKind.PAYLOAD_REDACTED if facts.get("about"):
                self._known.clear()
                await self._drop(DropEffects(subject=SubjectId(facts["about"])))
            case EntryKind.LOG_PRUNED:
                await self._drop(DropEffects(before=facts["minimum"]))

    def _came(self, stored: StoredEntry, leaf: _Leaf, outcome: EffectOutcome | None) -> None:
        action, request = ActionId(leaf["facts"]["action"]), RequestId(leaf["request"])
        self._batch.came.append(Came(stored.index, action, outcome, request=request))

    async def _drop(self, drop: DropEffects) -> None:
        await self._commit()
        while await self._store.left_to_drop(drop):
            await self._store.commit((drop,), ())

    # What was decided singly.

    async def _decided(self, stored: StoredEntry, leaf: _Leaf) -> None:
        facts = leaf["facts"]
        permitted = facts["outcome"] == "permit"
        attempt = await self._attempt_of(stored, facts["action"])
        known = _known_of(stored, leaf, attempt)
        if facts.get("reuse"):
            _keep(self._known, EntryId(leaf["id"]), known)
        if known is None or (permitted and facts.get("phase") == "prepare"):
            # Nothing runs that is only prepared; where it may not even be, that was attempted.
            return
        said = json.loads(attempt.leaf) if attempt else leaf
        outcome = EffectOutcome.PERMITTED if permitted else EffectOutcome.DENIED
        for number, (verb, operation, kind, resource) in enumerate(known.touches):
            self._batch.effects.append(
                Effect(
                    place=place_of(stored.index, 0, number),
                    at=parse_instant(said["at"]),
                    entry=known.entry,
                    subject=known.subject,
                    verb=verb,
                    operation=operation,
                    kind=kind,
                    resource=resource,
                    outcome=outcome,
                    score=known.score,
                    target=known.target,
                    session=leaf["session"],
                    request=leaf["request"],
                    action=ActionId(facts["action"]),
                    rows=None if permitted else UNSAID,
                )
            )
        if known.searchable and attempt is not None:
            words = str(_content(attempt).get("text", ""))
            self._batch.texts.append(StatementText(place_of(stored.index), words))

    async def _attempt_of(self, decision: StoredEntry, action: str) -> StoredEntry | None:
        """Return the attempt that was decided: written with it, so it stands right before."""
        found = self._attempts.pop(action, None)
        if found is None and decision.index:
            for before in await self._store.entries(decision.index - 1, 1):
                leaf = json.loads(before.leaf)
                if leaf["kind"] == EntryKind.ATTEMPT and leaf["facts"]["action"] == action:
                    found = before
        return found

    # What rests on a decision that was made before: only the recording has it.

    async def _segment(self, stored: StoredEntry, leaf: _Leaf) -> None:
        session = SessionId(leaf["session"])
        plain = await self._read_segment(session, leaf["facts"]["number"])
        if plain is None:
            return
        statements, results = await asyncio.to_thread(_frames, plain)
        number = 0
        for frame in statements:
            result = results.pop(frame["sequence"], None)
            if frame["verdict"] == "refuse" or not frame["entry"]:
                continue
            known = await self._decision(EntryId(frame["entry"]))
            if known is None or known.index > stored.index:
                continue
            if frame["verdict"] == "permit" and known.reusable:
                self._batch.ran.append(_ran(session, frame, result, place_of(known.index)))
            elif frame["verdict"] == "reuse":
                if number == MOST_STATEMENTS:
                    _log.warning("segment-too-long", session=session, index=stored.index)
                    break
                self._used_again(stored.index, number, session, known, frame, result)
                number += 1
            if len(self._batch) >= _MOST_AT_ONCE:
                await self._commit()
        # Of statements that stand in an earlier segment.
        self._batch.ran += [_ran(session, result, result) for result in results.values()]

    def _used_again(
        self,
        index: int,
        number: int,
        session: SessionId,
        known: _Known,
        frame: _Leaf,
        result: _Leaf | None,
    ) -> None:
        for touch, (verb, operation, kind, resource) in enumerate(known.touches):
            self._batch.effects.append(
                Effect(
                    place=place_of(index, number, touch),
                    at=parse_instant(frame["at"]),
                    entry=known.entry,
                    subject=known.subject,
                    verb=verb,
                    operation=operation,
                    kind=kind,
                    resource=resource,
                    outcome=EffectOutcome.PERMITTED,
                    score=known.score,
                    target=known.target,
                    session=session,
                    request=frame["request"] or None,
                    sequence=frame["sequence"],
                    rows=result["rows"] if result else None,
                    error=bool(result and result["error"]),
                )
            )
        if known.searchable:
            self._batch.texts.append(StatementText(place_of(index, number), frame["text"]))

    async def _decision(self, entry: EntryId) -> _Known | None:
        """Return the decision of that entry, None where it, or what it was about, is gone."""
        if entry not in self._known:
            stored = await self._store.entry(entry)
            known = None
            if stored is not None:
                leaf = json.loads(stored.leaf)
                if leaf["kind"] == EntryKind.DECISION:
                    attempt = await self._attempt_of(stored, leaf["facts"]["action"])
                    known = _known_of(stored, leaf, attempt)
            if known is None:
                return None
            _keep(self._known, entry, known)
        self._known.move_to_end(entry)
        return self._known[entry]


def _keep(kept: OrderedDict[Any, Any], key: str, value: object) -> None:
    kept[key] = value
    while len(kept) > _MOST_KNOWN:
        kept.popitem(last=False)


def _known_of(stored: StoredEntry, leaf: _Leaf, attempt: StoredEntry | None) -> _Known | None:
    """Return what is known of a decision, None where what it was about cannot be read any more."""
    if attempt is None or not attempt.content or not leaf["subject"]:
        return None
    facts = leaf["facts"]
    obliges = _content(stored).get("obligations", ())
    return _Known(
        index=stored.index,
        entry=EntryId(leaf["id"]),
        subject=SubjectId(leaf["subject"]),
        target=TargetId(leaf["target"]) if leaf["target"] else None,
        touches=_touches(json.loads(attempt.leaf)["facts"]["verb"], _content(attempt)),
        score=facts.get("score", 0),
        reusable=bool(facts.get("reuse")),
        searchable=any(str(words).partition(":")[0] == SEARCHABLE for words in obliges),
    )


def _content(stored: StoredEntry) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(stored.content) if stored.content else {}
    return content


def _touches(verb: str, content: _Leaf) -> tuple[_Touch, ...]:
    """Return what an attempt touched; one without a resource where nothing is said."""
    statement = content.get("statement")
    # Entries from before 0.2 have them by themselves.
    said: Iterable[Any] = (statement or content).get("touches", ())
    found = dict.fromkeys(
        (one["verb"], one["operation"], one["resource"]["kind"], one["resource"]["name"])
        for one in said
    )
    return tuple(found)[:MOST_TOUCHES] or ((verb, "unknown", "", ""),)


def _result(index: int, facts: _Leaf) -> Came:
    return Came(
        index,
        ActionId(facts["action"]),
        rows=facts.get("rows", UNSAID),
        error=facts.get("outcome") == "error",
    )


def _ran(session: SessionId, frame: _Leaf, result: _Leaf | None, place: int | None = None) -> Ran:
    rows = result["rows"] if result else None
    return Ran(session, frame["sequence"], place, rows, bool(result and result["error"]))


def _frames(plain: bytes) -> tuple[list[_Leaf], dict[int, _Leaf]]:
    """Return a segment's statements, in order, and its results by statement."""
    statements: list[_Leaf] = []
    results: dict[int, _Leaf] = {}
    for line in parse(plain)[1]:
        frame = _FRAMES.decode(line)
        if frame["kind"] == "statement":
            statements.append(frame)
        elif frame["kind"] == "result":
            results[frame["sequence"]] = frame
    return statements, results
