"""Where somebody is and was: sightings compared with each other."""

from datetime import datetime
from ipaddress import ip_address, ip_network
from math import asin, cos, pi, sin, sqrt

from assent.core.network import Network, Sighting

_EARTH_RADIUS_KM = 6371.0
_RADIANS_PER_E4 = pi / 180.0 / 10_000.0

# Private use, loopback and link-local (RFC 1918, 1122, 3927, 4193, 4291). Not those of
# documentation or of shared address space, behind which strangers are.
_LOCAL = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)

ELSEWHERE = frozenset({"vpn", "proxy", "tor", "hosting"})
"""Lists whose addresses say nothing of where a person is."""


Place = Network | Sighting
"""Both say where an address is in the same words."""


def sighting_of(network: Network, now: datetime) -> Sighting:
    """Return where the action comes from as a sighting."""
    return Sighting(
        int(now.timestamp()),
        network.address,
        network.prefix,
        network.asn,
        network.country,
        network.city,
        network.latitude_e4,
        network.longitude_e4,
        network.accuracy_km,
        network.lists,
        network.zones,
    )


def distance_km(one: Place, other: Place) -> float | None:
    """Return the great-circle distance less both accuracies, 0 or more; None if not known."""
    places = (one.latitude_e4, one.longitude_e4, other.latitude_e4, other.longitude_e4)
    if None in places:
        return None
    if places[:2] == places[2:]:
        return 0.0
    lat1, lon1, lat2, lon2 = (_RADIANS_PER_E4 * (place or 0) for place in places)
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    way = 2.0 * _EARTH_RADIUS_KM * asin(sqrt(min(1.0, max(0.0, half))))
    return max(0.0, way - max(0, one.accuracy_km) - max(0, other.accuracy_km))


def is_elsewhere(place: Place) -> bool:
    """Return whether the address is not where the person is: an egress, a VPN, a proxy."""
    return bool(place.zones) or not ELSEWHERE.isdisjoint(place.lists)


def is_private(address: str) -> bool:
    """Return whether an address is one of a local network or of this machine."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _LOCAL if network.version == parsed.version)


def same_network(one: Place, other: Place) -> bool:
    """Return whether both are of one autonomous system, or of one /24 where none is known."""
    if one.asn is not None and other.asn is not None:
        return one.asn == other.asn
    return one.address == other.address or (bool(one.prefix) and one.prefix == other.prefix)


def place_words(place: Place) -> str:
    """Return a sighting's place, such as `Lyon (FR)`, `FR`, `AS64500` or its address."""
    if place.city and place.country:
        return f"{place.city} ({place.country})"
    system = "" if place.asn is None else f"AS{place.asn}"
    return place.city or place.country or system or place.address or "an unknown place"


def network_words(place: Place) -> str:
    """Return a sighting's network, such as `AS64500`, or its address."""
    return place.address if place.asn is None else f"AS{place.asn}"
