"""The files of an export, each read when it is asked for: a page of the log at a time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assent.audit.export import (
    KEYS_PATH,
    anchor_path,
    checkpoint_path,
    encode_keys,
    evidence_path,
    segment_path,
    signed_note,
)
from assent.audit.payloads import encode_payloads
from assent.audit.tiles import TILE_WIDTH, Place, encode_bundle, place_of
from assent.core.entry import Anchor
from assent.core.ids import DataKeyId, SessionId
from assent.core.ports import Store
from assent.core.secret import Secret

MOST_ANCHORS = 10_000
_PAGE = 8_192
_KEYS_AT_ONCE = 16
_SEGMENT = b'"kind":"session.segment"'


class Evidence(Protocol):
    """What showed that the log was seen in two forms."""

    def names(self) -> Sequence[str]: ...

    def read(self, name: str) -> bytes | None: ...


async def _no_key(_: DataKeyId) -> Secret[bytes] | None:
    return None


async def _no_segment(_session: SessionId, _number: int) -> bytes | None:
    return None


@dataclass(frozen=True, slots=True)
class Beside:
    """Where that of an export comes from which is not in the log.

    open_key: returns a data key, None for one that was destroyed. segment: returns the stored
    bytes of a segment by session and number, None where there are none. Both raise OutsideFault.
    """

    open_key: Callable[[DataKeyId], Awaitable[Secret[bytes] | None]] = _no_key
    segment: Callable[[SessionId, int], Awaitable[bytes | None]] = _no_segment
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """An export that somebody asked for. size: of the log then. segments: by session, number."""

    size: int
    keys: bool = False
    segments: frozenset[tuple[str, int]] = frozenset()


class ExportFiles:
    """Answers for the paths of one export."""

    def __init__(self, store: Store, verifier_key: str, beside: Beside, made: Made) -> None:
        self._store = store
        self._verifier_key = verifier_key
        self._beside = beside
        self._made = made

    def names_beside(self, anchors: Sequence[Anchor]) -> list[str]:
        """Return the names of the files beside the log: anchors, evidence, keys, recordings."""
        names = [anchor_path(each) for each in reversed(anchors) if self._covers(each)]
        if self._beside.evidence is not None:
            names += [evidence_path(name) for name in self._beside.evidence.names()]
        names += [KEYS_PATH] if self._made.keys else []
        names += [segment_path(*each) for each in sorted(self._made.segments)]
        return list(dict.fromkeys(names))

    async def segments(self) -> Sequence[tuple[str, int]]:
        """Return session and number of every segment that the log has, in its order."""
        found: list[tuple[str, int]] = []
        for start in range(await self._store.minimum(), self._made.size, _PAGE):
            leaves = await self._store.leaves(start, min(_PAGE, self._made.size - start))
            said = [json.loads(leaf) for leaf in leaves if _SEGMENT in leaf]
            found += [
                (str(each["session"]), int(each["facts"]["number"]))
                for each in said
                if each["kind"] == "session.segment"
            ]
        return found

    async def read(self, path: str) -> bytes | None:
        """Return a file of the export, None where it has none of that name."""
        place = place_of(path)
        if place is not None:
            return await self._part(place)
        match path.split("/"):
            case ["key"]:
                return f"{self._verifier_key}\n".encode()
            case ["checkpoint"]:
                return await self._note(self._made.size)
            case ["checkpoints", size] if size.isdecimal() and len(size) < 20:
                fits = path == checkpoint_path(int(size)) and int(size) <= self._made.size
                return await self._note(int(size)) if fits else None
            case ["minimum"]:
                minimum = await self._store.minimum()
                return f"{minimum}\n".encode() if minimum else None
            case ["keys.jsonl"]:
                return await self._keys() if self._made.keys else None
            case _:
                return await self._beside_the_log(path)

    async def _part(self, place: Place) -> bytes | None:
        if place.reaches > self._made.size:
            return None
        if place.level is not None:
            return await self._store.hashes(place.level, place.index, place.width)
        start = place.index * TILE_WIDTH
        width = min(place.width, self._made.size - start)
        if place.is_payload:
            return encode_payloads(await self._store.payloads(start, width))
        leaves = await self._store.leaves(start, width)
        # Of a bundle that was pruned nothing is given, and not what is left of it.
        return encode_bundle(leaves) if len(leaves) == width else None

    async def _note(self, size: int) -> bytes | None:
        found = await self._store.checkpoint_at(size)
        if found is None:
            return None
        return signed_note(found, await self._store.cosignatures(size))

    async def _keys(self) -> bytes:
        opened: list[tuple[DataKeyId, bytes]] = []
        last = ""
        while page := await self._store.live_data_keys(last):
            last = page[-1].id
            for start in range(0, len(page), _KEYS_AT_ONCE):
                names = [key.id for key in page[start : start + _KEYS_AT_ONCE]]
                secrets = await asyncio.gather(*(self._beside.open_key(name) for name in names))
                opened += [
                    (name, secret.reveal())
                    for name, secret in zip(names, secrets, strict=True)
                    if secret is not None
                ]
        return encode_keys(opened)

    async def _beside_the_log(self, path: str) -> bytes | None:
        match path.split("/"):
            case ["evidence", name] if self._beside.evidence is not None:
                return await asyncio.to_thread(self._beside.evidence.read, name)
            case ["anchor", _, _]:
                for each in await self._store.anchors(MOST_ANCHORS):
                    if self._covers(each) and anchor_path(each) == path:
                        return each.body
            case ["recording", session, name] if name[:-8].isdecimal() and len(name) < 28:
                number = int(name[:-8])
                known = (session, number) in self._made.segments
                if known and path == segment_path(session, number):
                    return await self._beside.segment(SessionId(session), number)
        return None

    def _covers(self, anchor: Anchor) -> bool:
        return anchor.body is not None and anchor.size <= self._made.size
