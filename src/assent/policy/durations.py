"""Spans of time as policies write them: `90s`, `15m`, `2h`, `1d`."""

import re
from datetime import timedelta

_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=366)


def parse_duration(text: str) -> timedelta:
    """Return the span that `text` says. Raises ValueError with what would be right."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:40]}` is not a duration; write `90s`, `15m`, `2h` or `1d`")
    span = timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
    if span > _LONGEST:
        raise ValueError(f"`{text}` is longer than a year")
    return span
