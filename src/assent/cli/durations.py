"""Durations as people write them (`90s`, `30m`, `2h`, `1d`) and instants as they read them."""

import re
from datetime import UTC, datetime, timedelta

from assent.cli.exit_codes import CommandFault, ExitCode

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPELLING = re.compile(r"([0-9]{1,6})([smhd])")


def seconds(text: str) -> int:
    """Return the seconds that `text` means. Raises CommandFault."""
    match = _SPELLING.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise CommandFault(
            ExitCode.USAGE,
            "bad-duration",
            f"`{text}` is not a duration; write it as `90s`, `30m`, `2h` or `1d`",
        )
    return int(match[1]) * _UNITS[match[2]]


def until(text: str) -> str:
    """Return the instant that a date or an RFC 3339 text names, as RFC 3339 in UTC.

    A date means the end of that day, and what names no zone the reader's own. Raises CommandFault.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        if len(text.strip()) == len("2026-12-31"):
            at += timedelta(days=1)
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        raise CommandFault(
            ExitCode.USAGE,
            "bad-instant",
            f"`{text[:80]}` is no time; write `2026-12-31` or `2026-12-31T18:00:00+01:00`",
        ) from None


def instant(text: str | None) -> datetime | None:
    """Return the instant of an RFC 3339 text, None for none."""
    return datetime.fromisoformat(text) if text else None


def in_words(text: str | None, now: datetime) -> str:
    """Return the instant in the reader's zone: the time today, otherwise with the date.

    now: aware, in any zone. Empty for none.
    """
    at = instant(text)
    if at is None:
        return ""
    local = at.astimezone()
    if local.date() == now.astimezone().date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%Y-%m-%d %H:%M")


def distance(text: str | None, now: datetime) -> str:
    """Return how far away an instant is, rounded: `in 14 min`, `3 s ago`; empty for none."""
    at = instant(text)
    if at is None:
        return ""
    away = (at - now).total_seconds()
    size = round(abs(away))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if size >= length or unit == "s":
            words = f"{round(size / length)} {unit}"
            break
    return f"in {words}" if away >= 0 else f"{words} ago"
