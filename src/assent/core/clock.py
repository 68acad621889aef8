"""The clock port. Pure code takes `now`; only edges and `control` hold a Clock."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


def isoformat(at: datetime) -> str:
    """Return RFC 3339 in UTC with six decimals and `Z`: the one form of time in entries."""
    if at.tzinfo is None:
        raise ValueError("naive datetime")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def parse_instant(text: str) -> datetime:
    """Return the instant that `isoformat` wrote. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)
