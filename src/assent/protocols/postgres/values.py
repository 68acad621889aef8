"""Binary parameters as the text that people know: who must assent reads `42`, not `\\x0000002a`.

Only types whose binary form is fixed are shown as text; of the same type, different bytes
never have the same text, but for the many ways to write "not a number". All else stays hex.
Source: PostgreSQL's `*_send` functions; object ids of `pg_type.dat`.
"""

import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def text_of(kind: int, value: bytes) -> str:
    """Return the text of a binary value of the type with object id `kind`, else `\\x` and hex."""
    show = _KINDS.get(kind)
    if show is not None:
        try:
            return show(value)
        except (ValueError, struct.error, OverflowError):
            pass  # Not of that form: its bytes are all that is known of it.
    return "\\x" + value.hex()


def _boolean(value: bytes) -> str:
    return {b"\0": "false", b"\1": "true"}.get(value) or "\\x" + value.hex()


def _number(form: str) -> Callable[[bytes], str]:
    unpack = struct.Struct(form).unpack
    return lambda value: str(unpack(value)[0])


def _real(value: bytes) -> str:
    """Return the shortest text that leads back to the same four bytes."""
    (number,) = struct.unpack("!f", value)
    for digits in range(6, 9):
        text = f"{number:.{digits}g}"
        if struct.pack("!f", float(text)) == value:
            return text
    return f"{number:.9g}"


def _jsonb(value: bytes) -> str:
    if value[:1] != b"\1":
        raise ValueError("not version 1")
    return value[1:].decode()


def _date(value: bytes) -> str:
    (days,) = struct.unpack("!i", value)
    return (date(2000, 1, 1) + timedelta(days=days)).isoformat()


def _instant(zone: str) -> Callable[[bytes], str]:
    def show(value: bytes) -> str:
        (micros,) = struct.unpack("!q", value)
        at = _EPOCH + timedelta(microseconds=micros)
        return at.replace(tzinfo=None).isoformat(sep=" ") + zone

    return show


def _numeric(value: bytes) -> str:
    count, weight, sign, scale = struct.unpack_from("!hhHh", value)
    digits = struct.unpack(f"!{count}H", value[8:])
    if sign == 0xC000:
        return "NaN"
    if sign not in (0, 0x4000) or any(digit > 9999 for digit in digits) or scale < 0:
        raise ValueError("not a finite number")
    places = 4 * max(count - weight - 1, 0)
    number = 0
    for digit in digits:
        number = number * 10_000 + digit
    if weight + 1 > count:
        number *= 10_000 ** (weight + 1 - count)
    whole, fraction = divmod(number, 10**places)
    text = f"{whole}.{fraction:0{places}d}" if places else str(whole)
    return ("-" if sign == 0x4000 else "") + text


_KINDS: Mapping[int, Callable[[bytes], str]] = {
    16: _boolean,
    18: bytes.decode,
    19: bytes.decode,
    20: _number("!q"),
    21: _number("!h"),
    23: _number("!i"),
    25: bytes.decode,
    26: _number("!I"),
    114: bytes.decode,
    700: _real,
    701: _number("!d"),
    705: bytes.decode,
    1042: bytes.decode,
    1043: bytes.decode,
    1082: _date,
    1114: _instant(""),
    1184: _instant("+00"),
    1700: _numeric,
    2950: lambda value: str(UUID(bytes=value)),
    3802: _jsonb,
}
