"""Rows of an evaluation: JSON lines in time order, read one by one and strictly.

Format: `docs/how-to/evaluate-the-risk-engine.md`. A fault names the file, the line and the key.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import isfinite
from typing import BinaryIO

import msgspec

from assent.core.faults import OperatorFault

LONGEST_LINE_BYTES = 1024 * 1024
MOST_FEATURES = 64
MOST_LEVELS = 16
LONGEST_VALUE = 1024
"""Of a name or a value, in characters; the rest of a longer one is replaced by its hash."""

KEYS = ("at", "subject", "group", "session", "features", "label")

Feature = str | tuple[str, ...] | float
"""A value, a hierarchy of values from specific to general, or a magnitude."""

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_HASH_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Row:
    """One event of one subject.

    at: an instant, or an integer that says nothing but the order; the same kind in a whole file.
    seconds: since 1970 in UTC; None where there is no clock. group, session: empty for none.
    label: 1 for an attack, 0 for none, None for history.
    """

    at: datetime | int
    seconds: float | None
    subject: str
    group: str
    session: str
    features: Mapping[str, Feature]
    label: int | None


def read(lines: BinaryIO, file: str) -> Iterator[Row]:
    """Yield the rows of a file, which stays open. Raises OperatorFault at the first bad line.

    Empty lines are passed over, and so are keys that are not of the format: many files carry
    columns of their own.
    """
    before: Row | None = None
    number_before = number = 0
    while line := lines.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(line) > LONGEST_LINE_BYTES:
            raise _fault(file, number, f"the line is longer than {LONGEST_LINE_BYTES} bytes")
        if line.isspace():
            continue
        try:
            row = _row(line)
        except ValueError as error:
            raise _fault(file, number, str(error)) from error
        if before is not None:
            _check_order(before, row, number_before, number, file)
        yield row
        before, number_before = row, number


def instant(text: str) -> datetime:
    """Return the instant of an RFC 3339 text. Raises ValueError with a sentence."""
    if _RFC_3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass  # A month 13 has the form and is no instant.
    raise ValueError(
        f"`{text[:80]}` is no instant; write RFC 3339 with an offset, as in `2026-02-03T04:05:06Z`"
    )


def _row(line: bytes) -> Row:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        words = str(error)
        raise ValueError(
            f"this is not JSON in UTF-8 ({words[:1].lower()}{words[1:80]}); write one object a line"
        ) from error
    if not isinstance(value, dict):
        raise ValueError(f"expected an object with the keys {', '.join(KEYS)}")
    at = _at(value.get("at"))
    return Row(
        at=at,
        seconds=at.timestamp() if isinstance(at, datetime) else None,
        subject=_name(value.get("subject"), "subject", required=True),
        group=_name(value.get("group"), "group"),
        session=_name(value.get("session"), "session"),
        features=_features(value.get("features")),
        label=_label(value.get("label")),
    )


def _at(value: object) -> datetime | int:
    if isinstance(value, str):
        try:
            return instant(value)
        except ValueError as error:
            raise ValueError(f"`at`: {error}") from error
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    raise ValueError(f"`at` is {_shown(value)}; expected RFC 3339 text or an integer of 64 bits")


def _name(value: object, key: str, *, required: bool = False) -> str:
    if isinstance(value, str) and (value or not required):
        return _cut(value)
    if value is None and not required:
        return ""
    expected = "text that is not empty" if required else "text or null"
    raise ValueError(f"`{key}` is {_shown(value)}; expected {expected}")


def _label(value: object) -> int | None:
    if value is None or (type(value) is int and value in (0, 1)):
        return value
    raise ValueError(f"`label` is {_shown(value)}; expected 0, 1 or null")


def _features(value: object) -> Mapping[str, Feature]:
    if not isinstance(value, dict):
        raise ValueError(f"`features` is {_shown(value)}; expected an object of names and values")
    if len(value) > MOST_FEATURES:
        raise ValueError(f"`features` has {len(value)} names; expected at most {MOST_FEATURES}")
    # Null is a feature that is not known for this row, the same as leaving it out.
    return {_cut(name): _feature(one, name) for name, one in value.items() if one is not None}


def _feature(value: object, name: str) -> Feature:
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _magnitude(value, name)
    if isinstance(value, list):
        return _hierarchy(value, name)
    raise ValueError(
        f"`features.{name[:80]}` is {_shown(value)}; expected text, a number or a list of texts"
    )


def _magnitude(value: float, name: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if isfinite(number):
        return number
    raise ValueError(f"`features.{name[:80]}` is too large; expected a finite number")


def _hierarchy(value: list[object], name: str) -> tuple[str, ...]:
    texts = tuple(_cut(level) for level in value if isinstance(level, str))
    if 1 <= len(value) <= MOST_LEVELS and len(texts) == len(value):
        return texts
    raise ValueError(
        f"`features.{name[:80]}` is {_shown(value)}; expected 1 to {MOST_LEVELS} texts, from "
        "specific to general"
    )


def _cut(text: str) -> str:
    if len(text) <= LONGEST_VALUE:
        return text
    kept = LONGEST_VALUE - _HASH_LENGTH - 1
    rest = sha256(text[kept:].encode()).hexdigest()
    return f"{text[:kept]}#{rest[:_HASH_LENGTH]}"


def _check_order(before: Row, row: Row, number_before: int, number: int, file: str) -> None:
    try:
        behind = row.at < before.at  # type: ignore[operator]
    except TypeError as error:
        raise _fault(
            file, number,
            f"`at` is {_shown(row.at)}, and {_shown(before.at)} in line {number_before}; write "
            "all of them as integers or all as RFC 3339 texts",
        ) from error  # fmt: skip
    if behind:
        raise _fault(
            file, number,
            f"`at` is {_shown(row.at)}, before {_shown(before.at)} in line {number_before}; sort "
            "the lines by time",
        )  # fmt: skip


def _fault(file: str, number: int, words: str) -> OperatorFault:
    return OperatorFault("bad-row", words, f"{file}:{number}")


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"`{value.isoformat()}`"
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        text = str(value)
    return f"`{text[:80]}`"
