"""Whether somebody could have come from where they were seen last, or is now, to here.

False friends: a VPN's or proxy's address is not where its user is, and a mobile network's
gateway moves while they stand still.
"""

from collections.abc import Iterator
from datetime import datetime
from math import log2

from msgspec import Struct

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.network import Sighting
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.places import distance_km, is_elsewhere, place_words, same_network, sighting_of
from assent.signals.weighing import (
    OUTSIDERS,
    failed,
    found,
    has_failed,
    missing,
    usual,
    weights,
    without_network,
)
from assent.signals.words import age_words, name_words, person_words

NAME = "impossible_travel"
_SOURCE = "address database"

FASTEST_KMH = 900.0
SHORTEST_KM = 300.0
MOST_BITS = 6.0
SAME_NETWORK_BITS = 1.0
_LEAST_BITS = 3.0
_LEAST_S = 60
_HOUR_S = 3600.0
_DAY_S = 86_400.0


class Travel(Struct, frozen=True):
    """A way between two sightings. bits: how much it speaks against one person on it."""

    km: float
    kmh: float
    bits: float


def travel(one: Sighting, other: Sighting) -> Travel | None:
    """Return the way between two sightings, the same both ways; None where a place is unknown."""
    km = distance_km(one, other)
    if km is None:
        return None
    kmh = km / max(_LEAST_S, abs(one.at_s - other.at_s)) * _HOUR_S
    if kmh <= FASTEST_KMH or km <= SHORTEST_KM or is_elsewhere(one) or is_elsewhere(other):
        return Travel(km, kmh, 0.0)
    if same_network(one, other) and one.country == other.country:
        return Travel(km, kmh, SAME_NETWORK_BITS)
    return Travel(km, kmh, min(MOST_BITS, _LEAST_BITS + log2(kmh / FASTEST_KMH)))


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return the most impossible way from an earlier or present sighting to here."""
    who = person_words(evidence)
    if has_failed(evidence, "network", "place", "presence"):
        reason = f"where {who} was before, or is now, could not be found out"
        return failed(NAME, reason, _SOURCE, OUTSIDERS)
    if evidence.network is None:
        return without_network(NAME, evidence, _SOURCE)
    if "place" in evidence.not_configured:
        return missing(NAME, "no database of places is configured", _SOURCE)
    here = sighting_of(evidence.network, now)
    if here.latitude_e4 is None or here.longitude_e4 is None:
        return missing(NAME, f"where {name_words(here.address)} is, is not known", _SOURCE)
    if not any(_earlier(evidence)):
        return usual(NAME, f"{who} was seen nowhere else yet", _SOURCE)
    ways = [(way, there) for there in _earlier(evidence) if (way := travel(here, there))]
    if not ways:
        return missing(NAME, f"where {who} was before is not known", _SOURCE)
    way, there = max(ways, key=lambda one: (one[0].bits, one[0].kmh))
    return found(NAME, _words(way, here, there, now), weights(way.bits, OUTSIDERS), _SOURCE)


def _earlier(evidence: Evidence) -> Iterator[Sighting]:
    if evidence.presence.last is not None:
        yield evidence.presence.last
    yield from evidence.presence.others


def _words(way: Travel, here: Sighting, there: Sighting, now: datetime) -> str:
    ago = age_words(abs(here.at_s - there.at_s) / _DAY_S)
    then = f"{name_words(place_words(there))} {ago} ago"
    place = name_words(place_words(here))
    if way.bits > 0.0:
        return f"{place}, {way.km:,.0f} km from {then}: {way.kmh:,.0f} km/h would be needed"
    if way.kmh > FASTEST_KMH and way.km > SHORTEST_KM:
        return f"{place} and {then} are far apart, but an address of a VPN or proxy says no place"
    return f"{place} can be reached from {then}"


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"network", "presence"}), measure=measure)
