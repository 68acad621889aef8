"""Canonical JSON: one sequence of bytes for one value (docs/specs/log-format.md; RFC 8785).

The subset: printable ASCII keys in the order of their code points, whole numbers within
±(2^53 − 1), no fractions. It is read, written again and compared.
"""

import json
import re
from typing import Any, NoReturn

LARGEST = 2**53 - 1
"""The largest whole number; the smallest is its negative."""

_KEY = re.compile(r"[\x20-\x7e]*")
_WRITER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)


def _whole(text: str) -> int:
    number = int(text)
    if not -LARGEST <= number <= LARGEST:
        raise ValueError(f"integer out of range: {text[:40]}")
    return number


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"not a whole number: {text[:40]}")


_READER = json.JSONDecoder(parse_int=_whole, parse_float=_refuse, parse_constant=_refuse)


def read(data: bytes) -> dict[str, Any]:
    """Return the object that canonical bytes hold. Raises ValueError for any other bytes."""
    try:
        text = data.decode("utf-8")
        # What stands before or behind it, were it white space, would not be written again.
        value, _ = _READER.raw_decode(text)
        same = isinstance(value, dict) and _WRITER.encode(value) == text
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    # Two byte sequences for one value would be two hashes for one truth.
    if not same:
        raise ValueError("not an object in canonical form")
    # Where all of it is printable ASCII and nothing is escaped, so is every key.
    if not text.isascii() or "\\" in text or "\x7f" in text:
        _check_keys(value)
    return dict(value)


def write(value: Any) -> bytes:
    """Return the canonical bytes of a value that was read. Raises ValueError for others."""
    _check_keys(value)
    return _WRITER.encode(value).encode("utf-8")


def _check_keys(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not _KEY.fullmatch(key):
                raise ValueError(f"a key that is not printable ASCII: {key!r:.80}")
            _check_keys(item)
    elif isinstance(value, list):
        for item in value:
            _check_keys(item)
    elif isinstance(value, float):
        raise ValueError(f"not a whole number: {value}")
