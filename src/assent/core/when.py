"""Moments as people write them: `march`, `2026-03`, `yesterday`, `7d`, or RFC 3339."""

import re
from datetime import date, datetime, timedelta

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_AGO = re.compile(r"([0-9]{1,5})([mhdw])")
_MONTH = re.compile(r"([a-z]{3,9})(?: ([0-9]{4}))?")
_PERIOD = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_LONGEST = 40
HINT = "write `march`, `2026-03`, `2026-03-31`, `yesterday`, `monday`, `7d` or RFC 3339"


def parse_when(text: str, now: datetime) -> datetime:
    """Return when what `text` names begins: naive, in the reader's zone, unless it says its own.

    now: naive, in the reader's zone. A month or a day of the week is the newest one that has
    begun; `7d` is so long ago. Raises ValueError.
    """
    words = " ".join(text.lower().split())
    if not words or len(words) > _LONGEST:
        raise ValueError(_no_time(text))
    try:
        found = _by_word(words, now.date()) or _by_number(words, now)
        return found if found is not None else datetime.fromisoformat(words.upper())
    except (ValueError, OverflowError):
        raise ValueError(_no_time(text)) from None


def _no_time(text: str) -> str:
    return f"`{text[:80]}` is no time; {HINT}"


def _by_word(words: str, today: date) -> datetime | None:
    if words in ("today", "yesterday"):
        return _midnight(today - timedelta(days=int(words == "yesterday")))
    match = _MONTH.fullmatch(words)
    if match is None:
        return None
    for weekday, name in enumerate(_DAYS):
        if match[2] is None and match[1] in (name, name[:3]):
            return _midnight(today - timedelta(days=(today.weekday() - weekday) % 7))
    for month, name in enumerate(_MONTHS, 1):
        if match[1] in (name, name[:3]):
            year = int(match[2]) if match[2] else today.year - int(month > today.month)
            return datetime(year, month, 1)
    return None


def _by_number(words: str, now: datetime) -> datetime | None:
    if match := _AGO.fullmatch(words):
        return now - timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if match := _PERIOD.fullmatch(words):
        return datetime(int(match[1]), int(match[2] or 1), 1)
    return None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
