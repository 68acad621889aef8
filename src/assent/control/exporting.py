"""Exports: what the log says, told to systems outside as it grows, each at its own pace.

Each has a follower and a cursor of its own. What is away holds up nobody else and loses nothing:
its cursor waits. What was sent when a gateway stopped before it could say so is sent again.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import structlog

from assent.audit.ocsf import Naming, Reach, Spoken, event
from assent.control.directory import Directory
from assent.control.following import Follower, Progress
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import Fault, MissingFault, OutsideFault
from assent.core.ids import TargetId
from assent.core.ports import Store, StoredEntry
from assent.core.role import Permission

Event = Mapping[str, Json]

PREFIX = "export."
"""Of the names of followers, and so of their cursors."""
RESTS = 1.0
"""Times as long as it worked: what people wait for comes first."""
PAGE = 64
"""Entries at a time: while they are opened and told, the loop does little else."""
_AT_ONCE = 16
_MOST_KNOWN = 4_096

_log = structlog.get_logger("exporting")


class Sink(Protocol):
    """A system outside that takes events."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    async def send(self, events: Sequence[Event]) -> int:
        """Return how many of them it said that it never takes, once it has all others for good.

        Raises any Fault otherwise, and is handed the same again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sink is told. kinds: of entries; all if there are none."""

    kinds: frozenset[str] = frozenset()
    with_names: bool = True
    with_text: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a sink is. position: the index of the next entry. end: how many the log has.

    sent, refused: since the start; refused: what it said that it never takes. passed_over:
    entries that could not be read. last_error: empty while all is well; at: when it was.
    """

    name: str
    kind: str
    position: int
    end: int
    sent: int
    refused: int
    passed_over: int
    last_error: str
    last_error_at: datetime | None
    last_sent_at: datetime | None

    @property
    def behind(self) -> int:
        """How many entries it has not been told."""
        return max(0, self.end - self.position)


class Telling:
    """Makes events of entries, with what other entries say of the same action."""

    def __init__(self, store: Store, directory: Directory, origin: str, product: str) -> None:
        self._store = store
        self._directory = directory
        self._plain = Naming(origin, product=product)
        self._attempts: OrderedDict[str, tuple[str, Mapping[str, Any] | None]] = OrderedDict()
        self._addresses: OrderedDict[str, str] = OrderedDict()

    def naming(self, wanted: Wanted, targets: Iterable[str]) -> Naming:
        """Return what ids stand for now. targets: the ids of those that are spoken of."""
        return replace(
            self._plain,
            people=self._directory.names,
            targets={one: reach for one in targets if (reach := self._reach(one))},
            with_names=wanted.with_names,
            with_text=wanted.with_text,
        )

    async def events(self, found: Sequence[StoredEntry], wanted: Wanted) -> list[Event]:
        """Return the events of entries, in order. Raises OutsideFault."""
        leaves = [json.loads(stored.leaf) for stored in found]
        naming = self.naming(wanted, {leaf["target"] for leaf in leaves if leaf["target"]})
        made: list[Event] = []
        for number, (stored, leaf) in enumerate(zip(found, leaves, strict=True), 1):
            spoken = await self._spoken(stored, leaf)
            if not wanted.kinds or leaf["kind"] in wanted.kinds:
                made.append(event(spoken, naming))
            if number % _AT_ONCE == 0:
                # Statements are decided on the same loop.
                await asyncio.sleep(0)
        return made

    def _reach(self, target: str) -> Reach | None:
        try:
            found = self._directory.target(TargetId(target))
        except MissingFault:
            return None
        return Reach(found.name, found.protocol)

    async def _spoken(self, stored: StoredEntry, leaf: Mapping[str, Any]) -> Spoken:
        content = json.loads(stored.content) if stored.content else None
        kind, action = leaf["kind"], leaf["facts"].get("action")
        if kind == EntryKind.ATTEMPT:
            _keep(self._attempts, action, (leaf["facts"].get("verb", ""), content))
        if kind == EntryKind.SESSION_OPENED and content:
            _keep(self._addresses, leaf["session"], str(content.get("client_address") or ""))
        if kind == EntryKind.DECISION and action not in self._attempts and stored.index:
            await self._read_attempt(stored.index - 1, action)
        verb, attempt = "", None
        if kind in (EntryKind.ATTEMPT, EntryKind.DECISION, EntryKind.RESULT):
            verb, attempt = self._attempts.get(action, ("", None))
        address = self._addresses.get(leaf["session"] or "", "")
        return Spoken(stored.index, stored.leaf, content, attempt, verb, address)

    async def _read_attempt(self, index: int, action: str) -> None:
        """Remember the attempt that was decided: written with it, so it stands right before."""
        for before in await self._store.entries(index, 1):
            leaf = json.loads(before.leaf)
            if leaf["kind"] == EntryKind.ATTEMPT and leaf["facts"].get("action") == action:
                await self._spoken(before, leaf)


class Export:
    """One sink, and the follower that tells it."""

    def __init__(
        self, sink: Sink, wanted: Wanted, telling: Telling, store: Store, clock: Clock
    ) -> None:
        self._sink = sink
        self._wanted = wanted
        self._telling = telling
        self._clock = clock
        self._sent = 0
        self._refused = 0
        self._error: tuple[str, datetime | None] = ("", None)
        self._sent_at: datetime | None = None
        self.follower = Follower(
            f"{PREFIX}{sink.name}", store, self._handle, rests=RESTS, page=PAGE
        )

    @property
    def standing(self) -> Standing:
        """How far it is, without asking anybody."""
        progress = self.follower.progress
        return Standing(
            name=self._sink.name,
            kind=self._sink.kind,
            position=progress.position,
            end=progress.end,
            sent=self._sent,
            refused=self._refused,
            passed_over=progress.skipped,
            last_error=self._error[0],
            last_error_at=self._error[1],
            last_sent_at=self._sent_at,
        )

    def progress(self) -> Progress:
        """How far its follower is."""
        return self.follower.progress

    async def _handle(self, found: Sequence[StoredEntry]) -> Sequence[Change]:
        events = await self._telling.events(found, self._wanted)
        if not events:
            return ()
        try:
            refused = await self._sink.send(events)
        except Fault as fault:
            self._error = (fault.detail, self._clock.now())
            # Whatever is wrong with a sink is no reason to pass entries over.
            raise OutsideFault("exporter-away", fault.detail) from fault
        except Exception as error:
            # A sink that fails in a way that nobody thought of must not make entries pass by.
            _log.exception("exporter-failed", exporter=self._sink.name)
            self._error = (f"failed: {type(error).__name__}", self._clock.now())
            raise OutsideFault("exporter-away", self._error[0]) from error
        self._sent += len(events) - refused
        self._refused += refused
        self._error = ("", None)
        if refused:
            self._error = (f"said of {refused} events that it never takes them", self._clock.now())
        self._sent_at = self._clock.now()
        return ()


class Exporting:
    """All sinks that the configuration names, for those who look after them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.exports: Sequence[Export] = ()

    async def standing(self, caller: Caller) -> Sequence[Standing]:
        """Return how far each is. Raises ForbiddenFault, OutsideFault."""
        caller.check(Permission.READ_HEALTH)
        # One that waits for its sink does not look at how long the log is.
        checkpoint = await self._store.checkpoint()
        size = checkpoint.size if checkpoint else 0
        found = [one.standing for one in self.exports]
        return [replace(one, end=max(one.end, size)) for one in found]


def _keep(kept: OrderedDict[str, Any], key: str, value: object) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _MOST_KNOWN:
        kept.popitem(last=False)
