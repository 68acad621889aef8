"""Canonical JSON: one sequence of bytes for one value.

A subset of RFC 8785 on which the standard library agrees with it byte for byte: ASCII keys,
no floats, integers within ±(2^53 − 1). Times are RFC 3339 strings. Text stays as it is: two
statements that only look alike are two statements.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

LARGEST = 2**53 - 1
"""The largest whole number in the profile; the smallest is its negative."""

# It writes the same bytes as the standard library does, in a ninth of the time.
_ENCODER = msgspec.json.Encoder(order="sorted")
_KEY = re.compile(r"[\x20-\x7e]*")


def canonical_bytes(value: Json) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises ValueError where it lies outside of the profile (a float, an integer too large,
    a key that is not printable ASCII, a lone surrogate).
    """
    return _ENCODER.encode(_profiled(value))


def profiled(value: Mapping[str, Json]) -> "Profiled":
    """Return the mapping, looked through. Raises ValueError where it is not in the profile."""
    return Profiled(_profiled_mapping(value))


class Profiled(dict[str, "Json"]):
    """A mapping of which whoever made it knows that all in it lies in the profile.

    It is not looked through again: a decision's evidence has some hundred values.
    """


def _profiled(value: Json) -> Json:
    # By exact type first: a decision's evidence has some hundred values, nearly all of these.
    kind = type(value)
    if kind is str or value is None or kind is bool or kind is Profiled:
        return value
    if kind is int:
        return _bounded(value)  # type: ignore[arg-type]
    if kind is dict or isinstance(value, Mapping):
        return _profiled_mapping(value)  # type: ignore[arg-type]
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return _bounded(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_profiled(item) for item in value]
    raise ValueError(f"not in the profile: {type(value).__name__}")


def _profiled_mapping(value: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, item in value.items():
        if key not in _KNOWN_KEYS:
            _check_key(key)
        # Most values are one of these; a call for each of them would cost more than the rest.
        found[key] = item if type(item) is str or item is None else _profiled(item)
    return found


def _bounded(value: int) -> int:
    if not -LARGEST <= value <= LARGEST:
        raise ValueError(f"integer out of range: {value}")
    return value


# Keys are names of fields, the same ones again and again.
_KNOWN_KEYS: set[str] = set()
_MOST_KNOWN = 4096


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise ValueError(f"key outside of the profile: {key!r}")
    if len(_KNOWN_KEYS) < _MOST_KNOWN and len(key) <= 64:
        _KNOWN_KEYS.add(key)
