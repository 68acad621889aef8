"""Patterns that run in linear time whatever they are given, and operators' own ones.

A chunk from the wire holds values with lengths and other values right beside them, so what
finds a chunk worth looking at must not ask what stands next to a value: `without_edges`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import re2

from assent.core.faults import OperatorFault

_LONGEST_PATTERN = 1000
_MOST_MEMORY = 32 << 20
_EDGES = {"\\b", "\\B", "\\A", "\\z"}


if TYPE_CHECKING:

    class Found(Protocol):
        """Where a pattern was found."""

        def start(self, group: int = 0) -> int: ...

        def end(self, group: int = 0) -> int: ...


class Pattern(Protocol):
    """A compiled pattern over bytes."""

    def search(self, text: bytes, pos: int | None = None) -> "Found | None": ...


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """What an operator says that values of a label look like. place: where it is written."""

    label: str
    pattern: str
    place: str = ""


def latin(pattern: bytes) -> Pattern:
    """Return a pattern of ours, compiled for single bytes."""
    return _compiled(pattern, re2.Options.Encoding.LATIN1)


def own(pattern: str, place: str) -> Pattern:
    """Return an operator's pattern, compiled for UTF-8.

    Raises OperatorFault where it does not compile, is too long, or matches the empty text.
    """
    if not 0 < len(pattern) <= _LONGEST_PATTERN:
        words = f"a pattern must have 1 to {_LONGEST_PATTERN} characters"
        raise OperatorFault("pattern", words, place)
    try:
        compiled = _compiled(pattern.encode(), re2.Options.Encoding.UTF8)
    except (re2.error, UnicodeEncodeError) as fault:
        words = f"`{pattern[:80]}` is no pattern of RE2 ({_why(fault)}): it has no lookaround and"
        raise OperatorFault("pattern", f"{words} no back references", place) from fault
    if compiled.search(b"") is not None:
        words = f"`{pattern[:80]}` fits the empty text, so it would find everything"
        raise OperatorFault("pattern", words, place)
    return compiled


def own_union(several: Iterable[str]) -> Pattern | None:
    """Return what finds any of these operators' patterns; None where they are too much for one."""
    union = "|".join(f"(?:{pattern})" for pattern in several)
    try:
        return _compiled(union.encode(), re2.Options.Encoding.UTF8)
    except re2.error:
        return None


def anywhere(patterns: Iterable[str]) -> Pattern | None:
    """Return what finds any of these operators' patterns whatever stands beside; None for all.

    None where no such pattern can be made: then everything has to be looked at.
    """
    union = "|".join(f"(?:{without_edges(pattern)})" for pattern in patterns)
    try:
        compiled = _compiled(union.encode(), re2.Options.Encoding.UTF8)
    except re2.error:
        return None
    return None if compiled.search(b"") is not None else compiled


def without_edges(pattern: str) -> str:
    """Return the pattern without what asks for an edge: `^`, `$`, `\\b`, `\\B`, `\\A`, `\\z`.

    It finds all that the pattern finds, and more.
    """
    found: list[str] = []
    place, in_class = 0, False
    while place < len(pattern):
        letter = pattern[place]
        if pattern.startswith("\\Q", place) and not in_class:
            end = pattern.find("\\E", place)
            end = len(pattern) if end < 0 else end + 2
            found.append(pattern[place:end])
            place = end
            continue
        if letter == "\\":
            escaped = pattern[place : place + 2]
            found.append("(?:)" if escaped in _EDGES and not in_class else escaped)
            place += 2
            continue
        if letter == "[" and not in_class:
            length = _opening(pattern, place)
            found.append(pattern[place : place + length])
            place, in_class = place + length, True
            continue
        if letter == "[" and pattern.startswith("[:", place) and ":]" in pattern[place:]:
            end = pattern.index(":]", place) + 2
            found.append(pattern[place:end])
            place = end
            continue
        if letter == "]":
            in_class = False
        found.append("(?:)" if letter in "^$" and not in_class else letter)
        place += 1
    return "".join(found)


def _opening(pattern: str, place: int) -> int:
    """Return how long the start of a class is: a `]` right behind it belongs to the class."""
    length = 2 if pattern.startswith("[^", place) else 1
    return length + 1 if pattern.startswith("]", place + length) else length


def _compiled(pattern: bytes, encoding: object) -> Pattern:
    options = re2.Options()
    options.encoding = encoding
    options.max_mem = _MOST_MEMORY
    options.log_errors = False
    compiled: Pattern = re2.compile(pattern, options)
    return compiled


def _why(fault: Exception) -> str:
    why = fault.args[0] if fault.args else b""
    return why[:120].decode("utf-8", "replace") if isinstance(why, bytes) else "not UTF-8"
