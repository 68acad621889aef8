"""What was really done, or attempted: one effect for each thing that an action touched.

Effects are an index of the log, made from it after the fact: they prove nothing, and can be
thrown away and made again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.ids import ActionId, EntryId, RequestId, SessionId, SubjectId, TargetId

TOUCH_BITS, STATEMENT_BITS = 8, 16
MOST_TOUCHES = 1 << TOUCH_BITS
MOST_STATEMENTS = 1 << STATEMENT_BITS
"""How many touches of a statement, and statements of one entry of the log, have a place."""

UNSAID = -1
"""Rows, where the target did not say how many."""

MOST_WORDS, LONGEST_WORD = 4_096, 64
_WORD = re.compile(r"[^\W_]+")


class EffectOutcome(StrEnum):
    """What was answered. RELEASED, REFUSED: it was held first, and then people let it, or not."""

    PERMITTED = "permitted"
    DENIED = "denied"
    HELD = "held"
    RELEASED = "released"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that was touched, or would have been.

    place: of the effect among all others, see `place_of`. entry: of the decision. resource: its
    full name, such as `public.orders`. rows: what the target said of the whole statement, UNSAID
    where it did not, None while that is not known. error: whether it ended in one. sequence: of
    a statement that has no action of its own, because an earlier decision served it again.
    """

    place: int
    at: datetime
    entry: EntryId
    subject: SubjectId
    verb: str
    operation: str
    kind: str
    resource: str
    outcome: EffectOutcome
    score: int
    target: TargetId | None = None
    session: SessionId | None = None
    request: RequestId | None = None
    action: ActionId | None = None
    sequence: int | None = None
    rows: int | None = None
    error: bool = False


@dataclass(frozen=True, slots=True)
class StatementText:
    """Words of a statement that policy lets be searched. place: of its first effect."""

    place: int
    text: str


@dataclass(frozen=True, slots=True)
class Came:
    """What the entry of that index said of an action that was decided before.

    outcome: HELD, REFUSED, or None for nothing new. rows: None for nothing new.
    """

    index: int
    action: ActionId
    outcome: EffectOutcome | None = None
    rows: int | None = None
    error: bool = False
    request: RequestId | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a statement of a session whose effects are in the index already.

    place: of its first effect, to give it its sequence; None where the sequence finds it.
    """

    session: SessionId
    sequence: int
    place: int | None = None
    rows: int | None = None
    error: bool = False


@dataclass(frozen=True, slots=True)
class IndexEffects:
    """Add to the index, and keep what came of what is in it; again, it changes nothing.

    An effect of an action that is in the index already, from an earlier entry, is not added:
    where it is permitted now, those that are there become so.
    """

    effects: tuple[Effect, ...] = ()
    texts: tuple[StatementText, ...] = ()
    came: tuple[Came, ...] = ()
    ran: tuple[Ran, ...] = ()


@dataclass(frozen=True, slots=True)
class DropEffects:
    """Take effects and texts out of the index: of one subject, or from before an entry's index.

    Only so many at a time: `left_to_drop` says whether there are more.
    """

    subject: SubjectId | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class EffectFilter:
    """Which effects are meant; empty or None for all.

    verbs: names of verbs, or what they begin with and `.*`. resource: the last part of a name
    (`orders`), or several (`public.orders`). rows_over: more rows than that. text: words that
    stand in the statement, all of them. since, until: half open. but: a subject whose are left
    out.
    """

    verbs: tuple[str, ...] = ()
    resource: str = ""
    subject: SubjectId | None = None
    target: TargetId | None = None
    session: SessionId | None = None
    outcomes: tuple[EffectOutcome, ...] = ()
    rows_over: int | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    but: SubjectId | None = None


@dataclass(frozen=True, slots=True)
class EffectPosition:
    """Where a page ends: effects behind it are older."""

    at: datetime
    place: int


@dataclass(frozen=True, slots=True)
class EffectPage:
    """Effects, newest first. next: where to go on, None for the end; a page may be short."""

    effects: Sequence[Effect]
    next: EffectPosition | None


def place_of(index: int, statement: int = 0, touch: int = 0) -> int:
    """Return the place of an effect. index: of the entry that told of it, in the log.

    statement: counts those that the entry tells of, touch: what each of them touched, from 0.
    """
    return (index << STATEMENT_BITS | statement) << TOUCH_BITS | touch


def index_of(place: int) -> int:
    """Return the index of the log's entry that told of the effect."""
    return place >> (STATEMENT_BITS + TOUCH_BITS)


def last_part(resource: str) -> str:
    """Return what a name ends in, as it is searched by: `public.Orders` is `orders`."""
    return resource.rsplit(".", 1)[-1].strip('"').casefold()


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text as they are searched by: each once, in lower case, sorted.

    A word is letters and digits; it is cut to 64 characters. Of a very long text not all.
    """
    found: set[str] = set()
    for match in _WORD.finditer(text):
        found.add(match[0].casefold()[:LONGEST_WORD])
        if len(found) == MOST_WORDS:
            break
    return tuple(sorted(found))
