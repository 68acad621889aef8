"""An invented internet: countries, providers, /24 networks and addresses.

All of it is made up: addresses of 10.0.0.0/8, autonomous systems of the private range, country
codes that ISO 3166 leaves to users. So nothing here can be mistaken for a judgement on a place.
"""

from dataclasses import dataclass
from enum import Enum, auto
from random import Random

COUNTRIES = tuple(f"X{letter}" for letter in "ABCDEFGHIJKLMNOP")
# How many hours each country's clock is ahead of UTC.
ZONES = dict(zip(COUNTRIES, (1, 6, -7, 1, 0, 2, 8, 9, -5, -3, 3, 5, 10, -8, 4, 7), strict=True))


class Kind(Enum):
    """What a provider sells."""

    HOME = auto()
    MOBILE = auto()
    HOSTING = auto()
    COMPANY = auto()


@dataclass(frozen=True, slots=True)
class Provider:
    """An autonomous system in one country with its /24 networks."""

    name: str
    country: str
    kind: Kind
    prefixes: tuple[str, ...]

    def place(self, random: Random, prefix: str | None = None) -> list[str]:
        """Return an address as a chain: address, /24, autonomous system, country."""
        prefix = prefix or random.choice(self.prefixes)
        address = f"{prefix}.{random.randrange(1, 255)}"
        return [address, f"{prefix}.0/24", self.name, self.country]


class Internet:
    """All providers. Popular ones come first in each country, and popular countries first."""

    def __init__(self, random: Random) -> None:
        self._next_system = 64_500
        self._next_prefix = 0
        self._random = random
        self.providers: dict[str, list[Provider]] = {country: [] for country in COUNTRIES}
        for country in COUNTRIES:
            for kind, prefixes in (
                (Kind.HOME, 240),
                (Kind.HOME, 120),
                (Kind.HOME, 60),
                (Kind.HOME, 30),
                (Kind.MOBILE, 12),
                (Kind.MOBILE, 6),
                (Kind.HOSTING, 24),
                (Kind.HOSTING, 12),
            ):
                self.found(country, kind, prefixes)

    def found(self, country: str, kind: Kind, prefixes: int) -> Provider:
        """Return a new provider with networks of its own."""
        numbers = range(self._next_prefix, self._next_prefix + prefixes)
        names = tuple(f"10.{number >> 8}.{number & 255}" for number in numbers)
        provider = Provider(f"AS{self._next_system}", country, kind, names)
        self._next_system += 1
        self._next_prefix += prefixes
        self.providers[country].append(provider)
        return provider

    def provider(self, random: Random, country: str, kind: Kind) -> Provider:
        """Return one of the country's providers of the kind, by how many people use it."""
        found = [one for one in self.providers[country] if one.kind is kind]
        return random.choices(found, [len(one.prefixes) for one in found])[0]

    def somewhere(self, random: Random) -> str:
        """Return a country, by a Zipf law over the whole world."""
        return random.choices(COUNTRIES, [1 / (rank + 2) for rank in range(len(COUNTRIES))])[0]
