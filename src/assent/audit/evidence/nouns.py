"""What an evidence pack is made of: figures, bars and tables, and what they are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from assent.core.clock import isoformat
from assent.core.grant import Grant
from assent.core.request import Request
from assent.core.review import Review
from assent.core.session import Session
from assent.core.subject import Subject

Cell: TypeAlias = str | int | None
MOST_ROWS = 20_000
"""How many rows of a table are shown; a period with more is to be asked for in parts."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. kind: `text`, `time` (RFC 3339), `number` or `id`. about: what it says."""

    name: str
    kind: str = "text"
    about: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. count: how many rows there were, of which the first MOST_ROWS are in `rows`.

    empty: the sentence that stands for no rows.
    """

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    count: int


def table(
    name: str,
    title: str,
    about: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    empty: str,
) -> Table:
    """Return a table, without the rows that are too many."""
    kept = tuple(tuple(row) for row in rows[:MOST_ROWS])
    return Table(name, title, about, tuple(columns), kept, empty, len(rows))


@dataclass(frozen=True, slots=True)
class Figure:
    """A number for the first page. about: what was counted."""

    label: str
    value: int
    about: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Numbers that one would rather look at than read."""

    title: str
    items: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """What one report found. notes: what a reader has to know of how it was counted."""

    figures: tuple[Figure, ...]
    bars: tuple[Bars, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """A policy in force. who, what, on: the three parts of its head, as written."""

    id: str
    effect: str
    who: str
    what: str
    on: str
    has_conditions: bool
    adds: str
    file: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be looked up in the store before a report can be finished: ids."""

    grants: frozenset[str] = frozenset()
    requests: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What the store and the directory say besides the log.

    names, targets: what to call people and targets, by id. own: the gateway's own subject.
    grants: those asked for, and all that counted at some time of the period. scopes: of grants,
    in words. groups: of people, by id. revision: of the policies in `standing`.
    """

    since: datetime
    until: datetime
    names: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)
    own: str | None = None
    grants: Mapping[str, Grant] = field(default_factory=dict)
    scopes: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    sessions: Mapping[str, Session] = field(default_factory=dict)
    reviews: Sequence[Review] = ()
    people: Sequence[Subject] = ()
    standing: Sequence[Standing] = ()
    revision: str = ""

    def who(self, subject: object) -> str:
        """Return what to call somebody; their id where nobody of that id is there any more."""
        return self.names.get(str(subject), str(subject)) if subject else ""

    def where(self, target: object) -> str:
        """Return what to call a target."""
        return self.targets.get(str(target), str(target)) if target else ""

    def within(self, at: datetime | None) -> bool:
        """Return whether something had happened before the end of the period."""
        return at is not None and at < self.until


class Fold(Protocol):
    """Reads the entries of a period one by one, in the order of the log."""

    def take(self, said: "Said") -> None:
        """Read an entry."""
        ...

    def needs(self) -> Needs:
        """Return what has to be looked up."""
        ...

    def finish(self, known: Known) -> Findings:
        """Return the report."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """An entry as a report reads it.

    facts: as in the leaf. content: its payload, empty where there is none or it is not readable;
    readable: whether it is, or there is none.
    """

    index: int
    id: str
    kind: str
    at: datetime
    subject: str | None
    target: str | None
    session: str | None
    request: str | None
    facts: Mapping[str, object]
    content: Mapping[str, object]
    readable: bool = True

    def fact(self, name: str) -> str:
        """Return a fact as text, empty where it is not said."""
        value = self.facts.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        """Return a fact that is a number, None where none is said."""
        value = self.facts.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def word(self, name: str) -> str:
        """Return a text of the payload; what cannot be read says so."""
        if not self.readable:
            return UNREADABLE
        value = self.content.get(name)
        return value if isinstance(value, str) else ""

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of texts of the payload."""
        value = self.content.get(name)
        return tuple(str(one) for one in value) if isinstance(value, list) else ()


UNREADABLE = "(erased)"


def instant(at: datetime | None) -> Cell:
    """Return a time as a cell."""
    return isoformat(at) if at is not None else None


def listed(words: Sequence[str]) -> str:
    """Return words as one cell, each once, in their order."""
    return "; ".join(dict.fromkeys(word for word in words if word))


def top(counts: Mapping[str, int], most: int = 8) -> tuple[tuple[str, int], ...]:
    """Return the largest of counts, and what the others make together."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ranked[most:])
    others = ((f"{len(ranked) - most} others", rest),) if rest else ()
    return (*ranked[:most], *others)
