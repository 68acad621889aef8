"""The operator's files on networks, held in memory and read again when they change."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import TypeVar

from assent.core.clock import Clock
from assent.core.network import Network
from assent.intelligence import mmdb, text_lists
from assent.intelligence.addresses import LONGEST
from assent.intelligence.files import Files, check, zone_tables
from assent.intelligence.mmdb import Database, Record, read_database
from assent.intelligence.records import country_in, kinds_in, place_in, system_in
from assent.intelligence.snapshot import Snapshot
from assent.intelligence.source import Source, SourceStatus

REMEMBERED = 4096
"""Addresses whose network is kept until a file changes."""

T = TypeVar("T")


class NetworkBook:
    """Says what is known of an address.

    `look_up` and `status` may be called from any thread while `refresh` runs in another; a
    look-up sees either all of the old contents or all of the new.
    """

    def __init__(self, files: Files, clock: Clock) -> None:
        """Read all of `files`. Raises OperatorFault naming the file and line, or the key."""
        check(files)
        self._clock = clock
        self._zones = zone_tables(files.zones)
        self._city = self._database("city", files.city, _has_place)
        self._country = self._database("country", files.country, _has_country)
        self._asn = self._database("asn", files.asn, _has_system)
        self._anonymous = self._database("anonymous", files.anonymous, _has_kind)
        self._systems = self._text(
            "hosting_networks", files.hosting_networks, text_lists.read_systems
        )
        self._lists = {
            kind: source
            for kind, path in files.lists.items()
            if (source := self._text(f"lists.{kind}", path, text_lists.read_networks))
        }
        self._reputation = self._text("reputation", files.reputation, text_lists.read_reputation)
        self._refreshing = Lock()
        self._take()

    def look_up(self, address: str) -> Network:
        """Return what is known of `address`, a text without port. Raises nothing."""
        if len(address) > LONGEST:
            # It is no address, and of any length: not worth remembering.
            return self._snapshot.look_up(address)
        return self._remembered(address)

    def refresh(self) -> tuple[str, ...]:
        """Read what changed; return a sentence for each file that changed, failed or recovered.

        It waits for disks: not for an event loop's thread. A file that is bad or gone keeps its
        last good content, and is in `problems` until it is good again.
        """
        with self._refreshing:
            before = [source.content for source in self._sources()]
            news = [source.refresh() for source in self._sources()]
            after = [source.content for source in self._sources()]
            if any(old is not new for old, new in zip(before, after, strict=True)):
                self._take()
        return tuple(sentence for sentence in news if sentence)

    def status(self) -> tuple[SourceStatus, ...]:
        """Return how each configured file stands, in the order of `Files`."""
        return tuple(source.status() for source in self._sources())

    @property
    def dates(self) -> Mapping[str, datetime]:
        """How old the oldest content in use is: of `address database`, of `address lists`.

        A database is as old as its maker says, a list as its last reading.
        """
        return self._dates

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with files now, a sentence for each; empty when all are good."""
        return tuple(
            f"network file `{one.name}`: {one.problem}" for one in self.status() if one.problem
        )

    def _take(self) -> None:
        """Put the present contents into use, and forget what older ones said."""
        self._dates = _oldest(self.status())
        snapshot = Snapshot(
            city=_content(self._city),
            country=_content(self._country),
            asn=_content(self._asn),
            anonymous=_content(self._anonymous),
            hosting_networks=_content(self._systems),
            lists={kind: source.content for kind, source in self._lists.items()},
            reputation=_content(self._reputation),
            zones=self._zones,
        )
        self._snapshot = snapshot
        self._remembered = lru_cache(maxsize=REMEMBERED)(snapshot.look_up)

    def _sources(self) -> list[Source[object]]:
        every: list[Source[object] | None] = [
            *(self._city, self._country, self._asn, self._anonymous, self._systems),
            *self._lists.values(),
            self._reputation,
        ]
        return [source for source in every if source]

    def _database(
        self, name: str, path: Path | None, holds: Callable[[Record], bool]
    ) -> Source[Database] | None:
        if path is None:
            return None
        parse = partial(read_database, holds=holds)
        return Source(name, path, mmdb.MOST_BYTES, parse, self._clock)

    def _text(
        self, name: str, path: Path | None, parse: Callable[[bytes, str], T]
    ) -> Source[T] | None:
        if path is None:
            return None
        return Source(name, path, text_lists.MOST_BYTES, parse, self._clock)


def _content(source: Source[T] | None) -> T | None:
    return source.content if source else None


def _has_place(record: Record) -> bool:
    place = place_in(record)
    return bool(place.city) or place.latitude_e4 is not None


def _has_country(record: Record) -> bool:
    return bool(country_in(record))


def _has_system(record: Record) -> bool:
    return system_in(record)[0] is not None


def _has_kind(record: Record) -> bool:
    return bool(kinds_in(record))


def _oldest(sources: Sequence[SourceStatus]) -> Mapping[str, datetime]:
    dates: dict[str, datetime] = {}
    for source in sources:
        name = "address database" if source.entries is None else "address lists"
        at = source.built_at or source.read_at
        dates[name] = min(at, dates.get(name, at))
    return dates
