"""Payloads that are not there, or cannot be opened: was that said in the log?

An entry of kind `payload.redacted` says that the keys of a person were destroyed; one of the
older kind `payload.erased` names the entries. Only what comes later in the log excuses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assent_verify.report import SHOWN, NamedEntry

REDACTED = "payload.redacted"
ERASED = "payload.erased"

Subject = str | None


@dataclass(slots=True)
class Redactions:
    """What entries say that cannot be read any more. Of each the index of the last that says it."""

    subjects: dict[Subject, int] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)

    def read(self, index: int, leaf: Mapping[str, Any]) -> None:
        """Take over what an entry of one of the two kinds says."""
        facts = leaf["facts"]
        keys = _texts(facts.get("keys"))
        self.keys.update(dict.fromkeys(keys, index))
        self.entries.update(dict.fromkeys(_texts(facts.get("entries")), index))
        about = facts.get("about")
        if keys and "about" in facts and (about is None or isinstance(about, str)):
            self.subjects[about] = index

    def update(self, later: "Redactions") -> None:
        """Take over what entries say that come later."""
        self.subjects |= later.subjects
        self.keys |= later.keys
        self.entries |= later.entries

    def excuse(self, one: "Lack") -> bool:
        """Return whether a later entry says that this cannot be read any more."""
        index = one.entry.index
        return (
            self.entries.get(one.entry.id, -1) > index
            or (one.key is None and self.subjects.get(one.subject, -1) > index)
            or (one.key is not None and self.keys.get(one.key, -1) > index)
        )


@dataclass(frozen=True, slots=True)
class Lack:
    """A payload that cannot be read. key: of which data key it is; None if all of it is gone."""

    entry: NamedEntry
    subject: Subject
    key: str | None = None


@dataclass(slots=True)
class Lacks:
    """How much is lacking in one range, by what would excuse it; the first few by name."""

    counts: dict[tuple[Subject, str | None], int] = field(default_factory=dict)
    first: list[Lack] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.counts)


def left_over(lacking: Iterable[Lack], said: Redactions) -> Lacks:
    """Return what the range does not excuse itself."""
    left = Lacks()
    for one in lacking:
        if not said.excuse(one):
            place = (one.subject, one.key)
            left.counts[place] = left.counts.get(place, 0) + 1
            if len(left.first) < SHOWN:
                left.first.append(one)
    return left


def unexcused(ranges: Sequence[tuple[Lacks, Redactions]]) -> tuple[Redactions, list[int]]:
    """Return all that is said, and the numbers of the ranges that need a second look.

    ranges: in the order of the log. In those a person or a key is lacking that nothing later
    names: entry by entry it may still be said.
    """
    said, again = Redactions(), []
    for number in range(len(ranges) - 1, -1, -1):
        lacks, own = ranges[number]
        for subject, key in lacks.counts:
            known = said.subjects.get(subject) if key is None else said.keys.get(key)
            if known is None:
                again.append(number)
                break
        later = said
        said = Redactions()
        said.update(own)
        said.update(later)
    return said, again[::-1]


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
