"""Times as people type them and in the zone that they are in."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from assent.core.faults import OperatorFault
from assent.core.when import parse_when


def zone_of(name: str) -> tzinfo:
    """Return the reader's zone, UTC where it is not known."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def moment_of(words: str, zone: tzinfo, now: datetime) -> datetime | None:
    """Return the moment that somebody typed, None for none. Raises OperatorFault."""
    if not words.strip():
        return None
    try:
        at = parse_when(words, now.astimezone(zone).replace(tzinfo=None))
        return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise OperatorFault("bad-instant", str(error)) from None
