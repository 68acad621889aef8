"""Time zones by their IANA names, read from the machine when they are first asked for."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


class Zones(Mapping[str, tzinfo]):
    """Every zone that the machine, or the `tzdata` package, knows."""

    def __getitem__(self, name: str) -> tzinfo:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # An unknown name, one that is no name at all, or a folder such as `Europe`.
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(available_timezones())

    def __len__(self) -> int:
        return len(available_timezones())
