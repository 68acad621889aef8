"""Canonical JSON: one sequence of bytes for one value.

A subset of RFC 8785 on which the standard library agrees with it byte for byte: ASCII keys,
no floats, integers within ±(2^53 − 1). Times are RFC 3339 strings. Text stays as it is: two
statements that only look alike are two statements.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

_LARGEST = 2**53 - 1
_KEY = re.compile(r"[\x20-\x7e]*")


def canonical_bytes(value: Json) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises ValueError where it lies outside of the profile (a float, an integer too large,
    a key that is not printable ASCII, a lone surrogate).
    """
    text = json.dumps(
        _profiled(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def _profiled(value: Json) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError(f"integer out of range: {value}")
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise ValueError(f"key outside of the profile: {key!r}")
        return {key: _profiled(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_profiled(item) for item in value]
    raise ValueError(f"not in the profile: {type(value).__name__}")
