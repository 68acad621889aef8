"""Everything that the files say at one moment, and what it says of one address."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assent.core.network import Network
from assent.intelligence.addresses import Address, prefix_around, read_address, read_network
from assent.intelligence.mmdb import Database
from assent.intelligence.network_table import NetworkTable
from assent.intelligence.records import (
    NOWHERE,
    Place,
    country_in,
    kinds_in,
    place_in,
    system_in,
)

ASPECTS = frozenset({"asn", "place", "zones", "lists", "reports"})
"""What `Network.unavailable` may name."""

_NOT_ON_THE_INTERNET = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::/128",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
_INSIDE = NetworkTable(
    (network, 1) for network in map(read_network, _NOT_ON_THE_INTERNET) if network
)
"""Networks that sites use within (RFC 6890): no database can say where they are."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The contents of all files that are configured; None or empty for those that are not."""

    city: Database | None = None
    country: Database | None = None
    asn: Database | None = None
    anonymous: Database | None = None
    hosting_networks: frozenset[int] | None = None
    lists: Mapping[str, NetworkTable] = field(default_factory=dict)
    reputation: NetworkTable | None = None
    zones: Mapping[str, NetworkTable] = field(default_factory=dict)

    def look_up(self, text: str) -> Network:
        """Return what is known of the address `text`. Raises nothing.

        For a text that is no IP address, that is the text.
        """
        address = read_address(text)
        if address is None:
            return Network(text, unavailable=ASPECTS)
        written = str(address)
        inside = address in _INSIDE
        missing: set[str] = set()
        place = self._place(address, written, inside, missing)
        asn, organisation = self._system(address, written, inside, missing)
        return Network(
            written,
            prefix_around(address),
            asn,
            organisation,
            place.country,
            place.city,
            place.latitude_e4,
            place.longitude_e4,
            place.accuracy_km,
            self._zones(address, missing),
            self._lists(address, written, inside, asn, missing),
            self._reports(address, inside, missing),
            frozenset(missing),
        )

    def _place(self, address: Address, written: str, inside: bool, missing: set[str]) -> Place:
        """Return where it is: by the city database, the country by the other if need be."""
        if inside and (self.city or self.country):
            return NOWHERE
        asked = []
        place = NOWHERE
        if self.city:
            asked.append(record := self.city.record(address, written))
            place = place_in(record or {})
        if self.country and not place.country:
            asked.append(record := self.country.record(address, written))
            place = replace(place, country=country_in(record or {}))
        if not asked or None in asked:
            missing.add("place")
        return place

    def _system(
        self, address: Address, written: str, inside: bool, missing: set[str]
    ) -> tuple[int | None, str]:
        if inside and self.asn:
            return None, ""
        record = self.asn.record(address, written) if self.asn else None
        if record is None:
            missing.add("asn")
            return None, ""
        return system_in(record)

    def _zones(self, address: Address, missing: set[str]) -> frozenset[str]:
        if not self.zones:
            missing.add("zones")
        return frozenset(name for name, networks in self.zones.items() if address in networks)

    def _lists(
        self,
        address: Address,
        written: str,
        inside: bool,
        asn: int | None,
        missing: set[str],
    ) -> frozenset[str]:
        """Return the kinds of list that it is on, by any of the sources.

        One source that cannot tell makes the whole unavailable, but what the others say stays:
        it is evidence all the same.
        """
        kinds = {kind for kind, networks in self.lists.items() if address in networks}
        could_tell = [True] if self.lists else []
        if self.anonymous:
            record = {} if inside else self.anonymous.record(address, written)
            kinds |= kinds_in(record or {})
            could_tell.append(record is not None)
        if self.hosting_networks is not None:
            if asn in self.hosting_networks:
                kinds.add("hosting")
            could_tell.append("asn" not in missing)
        if not (could_tell and all(could_tell)):
            missing.add("lists")
        return frozenset(kinds)

    def _reports(self, address: Address, inside: bool, missing: set[str]) -> int:
        """Return how often it is reported.

        Block lists hold the networks that sites use within, since those must not come from the
        internet; a person in the office is not reported for that.
        """
        if self.reputation is None:
            missing.add("reports")
            return 0
        return 0 if inside else self.reputation.value(address)
