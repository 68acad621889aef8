"""Reads recordings back: opened, checked against their digests, by page."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from assent.audit.sealing import about_segment, key_of, open_sealed, seal
from assent.core.canonical import Json
from assent.core.faults import OutsideFault
from assent.core.ids import DataKeyId, SessionId, SubjectId
from assent.core.secret import Secret
from assent.recording.checking import Found
from assent.recording.frames import decode
from assent.recording.segment import Encrypt, SegmentFacts, digest_of, parse
from assent.stores.recordings.places import Place
from assent.stores.recordings.shelf import Shelf, is_session

Numbered: TypeAlias = tuple[int, Mapping[str, Json]]


class Keys(Protocol):
    """Where keys come from. Raises OutsideFault where the master key is away."""

    async def key_for(self, subject: SubjectId | None) -> tuple[DataKeyId, Secret[bytes]]:
        """Return the key that seals what is about a subject now, durable."""
        ...

    async def open(self, key: DataKeyId) -> Secret[bytes] | None:
        """Return a key, None where it was destroyed."""
        ...

    def nonce(self) -> bytes:
        """Return 12 unpredictable bytes."""
        ...


async def sealing(keys: Keys, subject: SubjectId | None) -> tuple[str, Encrypt]:
    """Return the id of a subject's key, and what encrypts segments under it."""
    name, key = await keys.key_for(subject)

    def encrypt(session: SessionId, number: int, plain: bytes) -> bytes:
        return seal(plain, name, key, keys.nonce(), about_segment(session, number))

    return name, encrypt


class Reader:
    """Finds segments here first, then at the place where they were taken."""

    def __init__(self, shelf: Shelf, keys: Keys, place: Place | None = None) -> None:
        self._shelf = shelf
        self._keys = keys
        self._place = place

    async def facts(self, session: SessionId, until: int | None = None) -> list[SegmentFacts]:
        """Return what is known of a session's segments, up to number `until`, by number."""
        if not is_session(session):
            return []
        found = await asyncio.to_thread(self._shelf.facts, session)
        return [facts for facts in found if until is None or facts.number <= until]

    async def segment(self, session: SessionId, number: int) -> bytes | None:
        """Return the stored bytes of a segment, None where there is none. Raises OutsideFault."""
        if not is_session(session):
            return None
        data = await asyncio.to_thread(self._shelf.read, session, number)
        if data is None and self._place is not None:
            data = await asyncio.to_thread(self._place.get, session, number)
        return data

    async def found(self, session: SessionId, number: int) -> Found | None:
        """Return a segment as it is stored, opened if it can be. Raises OutsideFault."""
        data = await self.segment(session, number)
        if data is None:
            return None
        try:
            named = key_of(data)
            if named is None:
                return Found(data, data)
            key = await self._keys.open(named)
            if key is None:
                return Found(data, None)
            about = about_segment(session, number)
            return Found(data, await asyncio.to_thread(open_sealed, data, key, about))
        except ValueError as error:
            return Found(data, None, str(error))

    async def frames(
        self, session: SessionId, facts: Sequence[SegmentFacts], after: int, limit: int | None
    ) -> list[Numbered]:
        """Return at most `limit` sealed frames behind number `after`, with their numbers.

        A segment whose key was destroyed is one frame of the kind `erased`, which says how many
        there were; its number is that of the last one. Raises OutsideFault for what is damaged.
        """
        page: list[Numbered] = []
        for one in facts:
            if one.last_frame <= after:
                continue
            if limit is not None and len(page) >= limit:
                break
            page += await self._frames_in(session, one, after)
        return page if limit is None else page[:limit]

    async def _frames_in(
        self, session: SessionId, facts: SegmentFacts, after: int
    ) -> list[Numbered]:
        found = await self.found(session, facts.number)
        if found is None:
            raise _damaged(session, f"segment {facts.number} is missing")
        if digest_of(found.data) != facts.digest:
            raise _damaged(session, f"segment {facts.number} is not the one that was sealed")
        if found.plain is None:
            if found.why:
                raise _damaged(session, f"segment {facts.number}: {found.why}")
            erased: dict[str, Json] = {"kind": "erased", "frames": facts.frames}
            return [(facts.last_frame, erased)]
        try:
            return await asyncio.to_thread(_decoded, found.plain, after)
        except ValueError as error:
            raise _damaged(session, f"segment {facts.number}: {error}") from error


def _decoded(plain: bytes, after: int) -> list[Numbered]:
    header, lines = parse(plain)
    numbered = enumerate(lines, header.first)
    return [(number, decode(line)) for number, line in numbered if number > after]


def _damaged(session: SessionId, words: str) -> OutsideFault:
    return OutsideFault(
        "recording-damaged", f"the recording of session `{session}` is damaged: {words}"
    )
