"""What `@mask` says, read: `pii.email: partial, public.customers.ssn: null, secret`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assent.core.enforcement import MaskHow

_MOST_ENTRIES = 100
_LONGEST = 300
# A comma or a colon within quotes belongs to a name.
_ITEM = re.compile(r'(?:"(?:[^"]|"")*"|[^,"])*', re.ASCII)
_ENTRY = re.compile(
    r'\s*(?P<what>(?:"(?:[^"]|"")+"|[^\s,:"*.]+)(?:\.(?:"(?:[^"]|"")+"|[^\s,:"*.]+))*)'
    r"\s*(?::\s*(?P<how>[^\s,:]*)\s*)?"
)
_STRICTNESS = {how: place for place, how in enumerate(MaskHow)}
_HOWS = ", ".join(f"`{how}`" for how in MaskHow)


@dataclass(frozen=True, slots=True)
class MaskEntry:
    """One thing that is masked. what: a label, with those below it, or a column's full name."""

    what: str
    how: MaskHow

    def __str__(self) -> str:
        return f"{self.what}: {self.how}"

    def covers(self, label: str) -> bool:
        """Return whether the label is meant: itself, or one that it begins."""
        return label == self.what or label.startswith(self.what + ".")


def parse_masks(text: str) -> tuple[MaskEntry, ...]:
    """Return the entries, in the order written. Raises ValueError with what would be right."""
    entries = tuple(_entry(item) for item in _items(text))
    if len(entries) > _MOST_ENTRIES:
        raise ValueError(f"more than {_MOST_ENTRIES} things masked at once; mask a label instead")
    names = [entry.what for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise ValueError(f"`{twice[:80]}` is masked twice; write it once")
    return entries


def strictness(how: MaskHow) -> int:
    """Return how much is hidden: more for what hides more."""
    return _STRICTNESS[how]


def strictest(hows: Iterable[MaskHow]) -> MaskHow | None:
    """Return the one that hides most, None when there is none."""
    return max(hows, key=strictness, default=None)


def _items(text: str) -> list[str]:
    items: list[str] = []
    at = 0
    while at <= len(text):
        match = _ITEM.match(text, at)
        end = match.end() if match else at
        if end < len(text) and text[end] != ",":
            raise ValueError(f"`{text[at : at + 80]}` has a quote that is not closed")
        items.append(text[at:end])
        at = end + 1
    return items


def _entry(item: str) -> MaskEntry:
    match = _ENTRY.fullmatch(item)
    if match is None or len(match["what"]) > _LONGEST:
        raise ValueError(
            f"`{item.strip()[:80]}` cannot be masked; write a label or a column's full name, "
            "and how: `pii.email: partial` or `public.customers.ssn: null`"
        )
    how = match["how"]
    if how is None:
        return MaskEntry(match["what"], MaskHow.REDACT)
    if how not in frozenset(MaskHow):
        raise ValueError(f"`{how[:80]}` is no way to mask; there are {_HOWS}")
    return MaskEntry(match["what"], MaskHow(how))
