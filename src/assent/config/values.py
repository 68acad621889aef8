"""Single values: what a text of the file means, or the place at which it means nothing."""

import re
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assent.control.own_target import CANARY
from assent.core.faults import OperatorFault

REFERENCES = ("file:", "env:")
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,63}", re.ASCII)


def split_address(text: str, place: str) -> tuple[str, int]:
    """Return host and port of `host:port`; an IPv6 host stands in brackets."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise OperatorFault("config-address", f"`{text}` is not `host:port`", place)
    return host.strip("[]"), int(port)


def parse_day(text: str, place: str) -> datetime | None:
    """Return the start of a day in UTC, None for no text. Raises OperatorFault."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError:
        words = f"`{text[:80]}` is no day; write it as `2024-05-01`"
        raise OperatorFault("config-value", words, place) from None


def time_zone(name: str, place: str) -> tzinfo | None:
    """Return the time zone of an IANA name, None for no name. Raises OperatorFault."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        words = f"`{name[:80]}` is no time zone; write its IANA name, such as `Europe/Berlin`"
        raise OperatorFault("config-value", words, place) from None


def check_name(name: str, place: str) -> None:
    """Raise OperatorFault for what nobody, no group and no target can be called."""
    if name == CANARY:
        words = f"`{name}` is the gateway's own; choose another name"
        raise OperatorFault("config-name", words, place)
    if not _NAME.fullmatch(name):
        words = f"`{name[:80]}` must be 1 to 63 of letters, digits and `.-_@`"
        raise OperatorFault("config-name", words, place)


def one_of(value: str, known: tuple[str, ...], place: str) -> None:
    """Raise OperatorFault for a value that is none of those known."""
    if value not in known:
        words = ", ".join(f"`{item}`" for item in known if item)
        raise OperatorFault("config-value", f"`{value}` is none of {words}", place)
