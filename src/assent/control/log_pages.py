"""The log as a person looks through it: newest first, by what it was about, page by page.

Leaves are looked through as bytes and opened only where they may fit: the log has no index of
kinds and people, so a page says how far it has looked when it did not fill.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assent.control.directory import Directory
from assent.control.log_words import what_happened
from assent.control.reading import Readers
from assent.control.sign_in import Caller
from assent.core.clock import Clock, parse_instant
from assent.core.entry import EntryKind
from assent.core.faults import MissingFault, OperatorFault
from assent.core.ids import EntryId, Ids, RequestId, SessionId, SubjectId, TargetId
from assent.core.ports import Store, StoredEntry
from assent.core.role import Permission

ON_A_PAGE = 50
MOST_LOOKED_AT = 20_000
"""Leaves that one page looks through at most; the next page goes on behind them."""
_PAGE = 1_000
_PLAIN = re.compile(r"[A-Za-z0-9_.-]{0,80}")
_ORDER_MAY_DIFFER_BY = 512
"""Entries of one moment may stand a little before or behind each other."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: everything that is said has to fit; empty for whatever it may be.

    by: who did it, or whom it is about: a name. target: a name. outcome: of a decision or a
    result. since, until: of `at`, the second exclusive.
    """

    kind: str = ""
    by: str = ""
    target: str = ""
    session: str = ""
    request: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a list shows it. words: what happened; who, target: names, empty for none."""

    index: int
    entry: str
    kind: str
    at: str
    who: str
    words: str
    target: str
    session: str
    request: str
    has_payload: bool


@dataclass(frozen=True, slots=True)
class LogPage:
    """What was found. older: where the next page begins, None at the beginning of the log.

    size: how many entries the log has. looked_back_to: when the page did not fill, how far it
    looked.
    """

    lines: Sequence[Line]
    older: int | None
    size: int
    looked_back_to: str = ""


class LogPages:
    """Finds entries for those who may read the log; everybody else finds what is about them."""

    def __init__(self, *, store: Store, directory: Directory, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._directory = directory
        self._readers = Readers(store=store, clock=clock, ids=ids)

    async def page(self, caller: Caller, wanted: Wanted, before: int | None = None) -> LogPage:
        """Return a page of entries, newest first, those before an index.

        Who reads what others did is in the log first. Raises OperatorFault for a kind, a person
        or a target that does not exist, OutsideFault.
        """
        fits = self._test(caller, wanted)
        if caller.may(Permission.READ_LOG):
            await self._readers.read(caller, "log")
        size = await self._size()
        end = size if before is None else min(before, size)
        if wanted.until is not None:
            end = min(end, await self._first_at(wanted.until, end) + _ORDER_MAY_DIFFER_BY)
        return await self._looked_through(wanted, fits, end, size)

    async def beyond(self, size: int) -> int:
        """Return how many entries the log has, as soon as it has more than `size`."""
        return await self._store.wait_beyond(size)

    async def neighbours(self, caller: Caller, entry: StoredEntry) -> Sequence[Line]:
        """Return the other entries of an entry's request, or of its session, in order of time."""
        leaf = json.loads(entry.leaf)
        if leaf["request"]:
            found = await self._store.entries_about(request=RequestId(leaf["request"]))
        elif leaf["session"]:
            found = await self._store.entries_about(session=SessionId(leaf["session"]))
        else:
            found = (entry,)
        mine = _mine(caller)
        return [
            self.line(one.index, one.leaf)
            for one in found
            if caller.may(Permission.READ_LOG) or mine(one.leaf)
        ]

    async def stored(self, caller: Caller, entry: str) -> StoredEntry:
        """Return one entry. Raises MissingFault where it is not for this person."""
        found = await self._store.entry(EntryId(entry))
        if found is None or not (caller.may(Permission.READ_LOG) or _mine(caller)(found.leaf)):
            raise MissingFault("no-such-entry", f"the log has no `{entry[:60]}` for you")
        return found

    def line(self, index: int, leaf: bytes) -> Line:
        """Return an entry as a list shows it."""
        said: dict[str, Any] = json.loads(leaf)
        return Line(
            index=index,
            entry=said["id"],
            kind=said["kind"],
            at=said["at"],
            who=self._name(said["subject"]) if said["subject"] else "",
            words=what_happened(said["kind"], said["facts"], self._name),
            target=self._target(said["target"]) if said["target"] else "",
            session=said["session"] or "",
            request=said["request"] or "",
            has_payload=said["payload"] is not None,
        )

    async def _looked_through(
        self, wanted: Wanted, fits: Callable[[bytes], bool], end: int, size: int
    ) -> LogPage:
        lines: list[Line] = []
        lowest = max(await self._store.minimum(), end - MOST_LOOKED_AT)
        while end > lowest:
            start = max(lowest, end - _PAGE)
            leaves = await self._store.leaves(start, end - start)
            for place in reversed(range(len(leaves))):
                if not fits(leaves[place]):
                    continue
                line = self.line(start + place, leaves[place])
                at = parse_instant(line.at)
                if wanted.until is not None and at >= wanted.until:
                    continue
                if wanted.since is not None and at < wanted.since:
                    # Those behind it may be a little younger still.
                    lowest = max(lowest, line.index - _ORDER_MAY_DIFFER_BY)
                    continue
                lines.append(line)
                if len(lines) == ON_A_PAGE:
                    return LogPage(lines, line.index or None, size)
            end = start
        if end <= await self._store.minimum() or wanted.since is not None:
            return LogPage(lines, None, size)
        (oldest,) = await self._store.leaves(end, 1)
        return LogPage(lines, end, size, looked_back_to=json.loads(oldest)["at"])

    def _test(self, caller: Caller, wanted: Wanted) -> Callable[[bytes], bool]:
        """Return whether a leaf may be shown and fits, told from its bytes alone.

        A leaf is canonical JSON: no blanks, and a quote inside of a text is escaped.
        """
        parts = [
            f'"{key}":"{value}"'.encode()
            for key, value in (
                ("kind", _kind(wanted.kind)),
                ("target", self._target_named(wanted.target)),
                ("session", _plain(wanted.session)),
                ("request", _plain(wanted.request)),
                ("outcome", _plain(wanted.outcome)),
            )
            if value
        ]
        about = f'"{self._named(wanted.by)}"'.encode() if wanted.by else b""
        mine = (lambda leaf: True) if caller.may(Permission.READ_LOG) else _mine(caller)
        return lambda leaf: about in leaf and all(part in leaf for part in parts) and mine(leaf)

    def _named(self, name: str) -> SubjectId:
        found = self._directory.subject_named(name)
        if found is None:
            raise OperatorFault("no-such-person", f"there is nobody called `{name[:80]}`")
        return found.id

    def _target_named(self, name: str) -> str:
        if not name:
            return ""
        found = self._directory.target_named(name)
        if found is None:
            raise OperatorFault("no-such-target", f"there is no target `{name[:80]}`")
        return found.id

    def _name(self, id: str) -> str:
        return self._directory.names.get(id, id)

    def _target(self, id: str) -> str:
        try:
            return self._directory.target(TargetId(id)).name
        except MissingFault:
            return id

    async def _size(self) -> int:
        checkpoint = await self._store.checkpoint()
        end = checkpoint.size if checkpoint else 0
        while more := len(await self._store.leaves(end, _PAGE)):
            end += more
        return end

    async def _first_at(self, moment: datetime, high: int) -> int:
        low = await self._store.minimum()
        while low < high:
            middle = (low + high) // 2
            leaves = await self._store.leaves(middle, 1)
            if leaves and parse_instant(json.loads(leaves[0])["at"]) < moment:
                low = middle + 1
            else:
                high = middle
        return low


def _mine(caller: Caller) -> Callable[[bytes], bool]:
    # Most leaves are told apart by their bytes; facts may have a key of that name, too.
    wanted = f'"subject":"{caller.subject.id}"'.encode()
    return lambda leaf: wanted in leaf and json.loads(leaf)["subject"] == caller.subject.id


def _kind(kind: str) -> str:
    if kind and kind not in set(EntryKind):
        raise OperatorFault("no-such-kind", f"`{kind[:80]}` is no kind of entry")
    return kind


def _plain(text: str) -> str:
    """Return an id or a word as it stands in a leaf. Raises OperatorFault."""
    if not _PLAIN.fullmatch(text):
        raise OperatorFault("bad-filter", f"`{text[:80]}` is no id")
    return text
