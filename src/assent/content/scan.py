"""The second net: text that has no label, looked through for what has the look of one.

A whole chunk is looked at once; only where something is found single values are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from assent.content.masks import REDACTED
from assent.core.enforcement import MaskHow

_MOST_REMEMBERED = 4_096
_LONGEST_REMEMBERED = 1_024


class Scanner(Protocol):
    """Knows what values of labels look like."""

    def search(self, data: bytes) -> bool:
        """Return whether there may be one in a chunk."""
        ...

    def spans(self, value: bytes) -> list[tuple[int, int, str]]:
        """Return where in one value there are any: start, end, label."""
        ...


class Scan:
    """Hides what is found. hows: label → how; NULL hides the whole value."""

    __slots__ = ("_hows", "_remembered", "_scanner")

    def __init__(self, scanner: Scanner, hows: Mapping[str, MaskHow]) -> None:
        self._scanner = scanner
        self._hows = hows
        self._remembered: dict[bytes, bytes | None] = {}

    def may_hold(self, data: bytes) -> bool:
        """Return whether values of this chunk must be looked at."""
        return self._scanner.search(data)

    def row(self, values: Sequence[bytes | None], places: Iterable[int]) -> list[bytes | None]:
        """Return the values of a row with what was found at these places hidden."""
        shown = list(values)
        for place in places:
            value = shown[place]
            if value is not None:
                shown[place] = self.value(value)
        return shown

    def value(self, value: bytes) -> bytes | None:
        """Return one value with what was found in it hidden."""
        if value in self._remembered:
            return self._remembered[value]
        shown = self._hidden(value)
        if len(value) <= _LONGEST_REMEMBERED:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[value] = shown
        return shown

    def _hidden(self, value: bytes) -> bytes | None:
        pieces: list[bytes] = []
        at = 0
        for start, end, label in self._scanner.spans(value):
            if self._hows.get(label) is MaskHow.NULL:
                return None
            if start >= at:
                pieces += (value[at:start], REDACTED)
            at = max(at, end)
        pieces.append(value[at:])
        return b"".join(pieces)
