"""What the operator supplies on networks, and whether it fits together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assent.core.faults import OperatorFault
from assent.intelligence.addresses import NetworkAddress, read_network
from assent.intelligence.network_table import NetworkTable

KINDS = ("vpn", "tor", "hosting", "proxy")
"""The kinds of list that there may be a file for."""

LONGEST_ZONE_NAME = 64
MOST_ZONE_NETWORKS = 10_000


@dataclass(frozen=True, slots=True)
class Files:
    """Paths of what there is; every part may be left out.

    city, country, asn, anonymous: databases in the MaxMind DB format. hosting_networks: numbers
    of autonomous systems of hosting providers, text; needs `asn`. lists: kind (`vpn`, `tor`,
    `hosting`, `proxy`) → text file of addresses and networks. reputation: text file of
    addresses, with the number of lists that each is on. zones: name → the operator's own
    networks, in CIDR notation.
    """

    city: Path | None = None
    country: Path | None = None
    asn: Path | None = None
    anonymous: Path | None = None
    hosting_networks: Path | None = None
    lists: Mapping[str, Path] = field(default_factory=dict)
    reputation: Path | None = None
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def check(files: Files) -> None:
    """Return when `files` fit together. Raises OperatorFault naming the key when not."""
    if files.hosting_networks and not files.asn:
        words = "needs the numbers of autonomous systems; name a database under `asn` too"
        raise OperatorFault("network-key", words, "hosting_networks")
    for kind in files.lists:
        if kind not in KINDS:
            words = f"unknown kind of list `{kind[:80]}`; known are {', '.join(KINDS)}"
            raise OperatorFault("network-key", words, "lists")


def zone_tables(zones: Mapping[str, Iterable[str]]) -> dict[str, NetworkTable]:
    """Return name → networks. Raises OperatorFault naming the zone."""
    return {name: _zone(name, tuple(networks)) for name, networks in zones.items()}


def _zone(name: str, networks: tuple[str, ...]) -> NetworkTable:
    place = f"zones.{name[:80]}"
    if not (name.isprintable() and name.strip() and len(name) <= LONGEST_ZONE_NAME):
        words = f"a zone's name has 1 to {LONGEST_ZONE_NAME} printable characters; rename it"
        raise OperatorFault("network-zone", words, place)
    if not 0 < len(networks) <= MOST_ZONE_NETWORKS:
        words = f"a zone has 1 to {MOST_ZONE_NETWORKS:,} networks; take it out or split it"
        raise OperatorFault("network-zone", words, place)
    return NetworkTable((_network(text, place), 1) for text in networks)


def _network(text: str, place: str) -> NetworkAddress:
    network = read_network(text.strip())
    if network is None:
        words = f"`{text[:80]}` is not a network such as `10.20.0.0/16`; mend it"
        raise OperatorFault("network-zone", words, place)
    return network
