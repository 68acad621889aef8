"""Where a connection comes from, as far as the operator's files tell."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """What is known of one address. Empty text, None or 0 where the files say nothing.

    prefix: the /24 (IPv4) or /48 (IPv6) around it. asn: number of its autonomous system.
    country: ISO 3166-1 alpha-2. latitude_e4, longitude_e4: degrees × 10,000. accuracy_km: how
    far off the place may be. zones: the operator's own networks that it is in, by name.
    lists: the kinds of list that it is on: `hosting`, `vpn`, `proxy`, `tor`. reports: on how
    many block lists it stands, 0 for none. unavailable: which of `asn`, `place`, `zones`,
    `lists`, `reports` no file was given for, or could not be read.
    """

    address: str
    prefix: str = ""
    asn: int | None = None
    organisation: str = ""
    country: str = ""
    city: str = ""
    latitude_e4: int | None = None
    longitude_e4: int | None = None
    accuracy_km: int = 0
    zones: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    reports: int = 0
    unavailable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where and when somebody was seen, for comparing with where they are now.

    at_s: seconds since 1970. address to longitude_e4: as in `Network`.
    """

    at_s: int
    address: str = ""
    prefix: str = ""
    asn: int | None = None
    country: str = ""
    city: str = ""
    latitude_e4: int | None = None
    longitude_e4: int | None = None
    accuracy_km: int = 0
    lists: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
