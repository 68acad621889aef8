"""What the records of a database say, in the two layouts that are about.

Nested as in GeoIP2, GeoLite2 and DB-IP (`country.iso_code`), or flat as in the databases that
ip-location-db makes (`country_code`). What is not of the type that it should be is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from assent.intelligence.addresses import LARGEST_SYSTEM
from assent.intelligence.mmdb import Record

LONGEST_NAME = 128
FARTHEST_KM = 20_038
"""Half the way around the Earth."""

_KINDS = {
    "is_hosting_provider": "hosting",
    "is_anonymous_vpn": "vpn",
    "is_public_proxy": "proxy",
    "is_residential_proxy": "proxy",
    "is_tor_exit_node": "tor",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is said to be, as in `Network`."""

    country: str = ""
    city: str = ""
    latitude_e4: int | None = None
    longitude_e4: int | None = None
    accuracy_km: int = 0


NOWHERE = Place()


def place_in(record: Record) -> Place:
    """Return the place that a record of a city or country database names."""
    location = _part(record, "location")
    latitude = _degrees_e4(location.get("latitude", record.get("latitude")), 90)
    longitude = _degrees_e4(location.get("longitude", record.get("longitude")), 180)
    known = latitude is not None and longitude is not None
    return Place(
        country_in(record),
        _city(record.get("city")),
        latitude if known else None,
        longitude if known else None,
        _whole(location.get("accuracy_radius"), FARTHEST_KM) or 0,
    )


def country_in(record: Record) -> str:
    """Return the ISO 3166-1 code that a record names, empty when it names none."""
    code = _part(record, "country").get("iso_code", record.get("country_code"))
    if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isalpha():
        return code.upper()
    return ""


def system_in(record: Record) -> tuple[int | None, str]:
    """Return number and organisation of the autonomous system that a record names."""
    number = _whole(record.get("autonomous_system_number"), LARGEST_SYSTEM)
    organisation = record.get("autonomous_system_organization")
    return number or None, _name(organisation)


def kinds_in(record: Record) -> frozenset[str]:
    """Return the kinds of list that a record of an Anonymous IP database puts an address on."""
    return frozenset(kind for key, kind in _KINDS.items() if record.get(key) is True)


def _part(record: Record, key: str) -> Record:
    part = record.get(key)
    return part if isinstance(part, Mapping) else {}


def _city(city: object) -> str:
    """Return the English name, or the first by language when there is none."""
    if not isinstance(city, Mapping):
        return _name(city)
    names = _part(city, "names")
    return _name(
        names.get("en") or next((names[language] for language in sorted(names, key=str)), "")
    )


def _name(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value[:LONGEST_NAME] if letter.isprintable())


def _whole(value: object, largest: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
        return None
    return value


def _degrees_e4(value: object, largest: int) -> int | None:
    """Return degrees × 10,000, rounded; flat databases also write them as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        degrees = float(value)
    except (ValueError, OverflowError):
        return None
    return round(degrees * 10_000) if isfinite(degrees) and abs(degrees) <= largest else None
