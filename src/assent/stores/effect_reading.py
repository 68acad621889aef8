"""How effects are found: by the filter that few fit, or newest first until enough are found.

Filters can be put together in any way, and there cannot be an index for each. Either one of
them fits few effects, and those are looked through, or all of them fit many, and then enough are
found soon by going back in time; how far one question goes back is bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
)

from assent.core.effect import (
    MOST_TOUCHES,
    TOUCH_BITS,
    DropEffects,
    Effect,
    EffectFilter,
    EffectOutcome,
    EffectPage,
    EffectPosition,
    last_part,
    words_of,
)
from assent.core.ids import ActionId, EntryId, RequestId, SessionId, SubjectId, TargetId
from assent.stores.effect_changes import instant, microseconds, to_drop
from assent.stores.effect_tables import TEXTS, effects
from assent.stores.fetching import Fetching, bounded
from assent.stores.rows import Row

FEW = 3_000
"""So many effects are looked through in any order."""

WALKS = (500, 10_000)
"""So many are looked through newest first, until a page is full; it ends behind the last ones."""

MOST_ON_A_PAGE = 1_000

_Condition = ColumnElement[bool]
_columns = effects.c
_NEWEST = (_columns.at_us.desc(), _columns.place.desc())


class EffectReading(Fetching):
    """The part of the Store port that searches the index of effects."""

    async def effects(
        self, wanted: EffectFilter, before: EffectPosition | None = None, limit: int = 100
    ) -> EffectPage:
        """Return effects that fit, newest first, those behind `before`; see `EffectPage`."""
        most = bounded(limit, MOST_ON_A_PAGE)

        def look(connection: Connection) -> EffectPage:
            return find(connection, wanted, before, most)

        return await self._ask(look)

    async def left_to_drop(self, drop: DropEffects) -> bool:
        """Return whether a change would still take an effect out."""
        return bool(await self._rows(to_drop(drop).limit(1)))


@dataclass(frozen=True, slots=True)
class _Way:
    """A filter with an index of its own. in_time: whether that index is in order of time.

    places: of what fits, where the filter is not about a column.
    """

    fits: _Condition
    in_time: bool = True
    places: Select[Any] | None = None


def find(
    connection: Connection, wanted: EffectFilter, before: EffectPosition | None, limit: int
) -> EffectPage:
    """Return a page of what fits."""
    if (wanted.text and not words_of(wanted.text)) or limit < 1:
        return EffectPage((), None)
    time = _in_time(wanted, before)
    ways = _ways(wanted, connection.dialect.name)
    counts = [_count(connection, way, time) for way in ways]
    least = min(counts, default=FEW + 1)
    if least <= FEW:
        few = _places(ways[counts.index(least)], time).limit(FEW)
        # The limit keeps either database from choosing another index than the key.
        all_of_them = select(effects).where(_columns.place.in_(few), time).limit(FEW)
        return _page(connection, all_of_them, wanted, limit)[0]
    # Words are looked for between two statements of the log, so these must lie close together.
    in_time = None if wanted.text else next((way for way in ways if way.in_time), None)
    return _walk(connection, wanted, in_time, time, limit)


def _walk(
    connection: Connection, wanted: EffectFilter, way: _Way | None, time: _Condition, limit: int
) -> EffectPage:
    """Return a page of what fits among the newest, looking at more only where few fit."""
    inner = select(effects).where(time, *((way.fits,) if way else ())).order_by(*_NEWEST)
    page = EffectPage((), None)
    for width in WALKS:
        page, seen = _page(connection, inner.limit(width), wanted, limit)
        if page.next is not None:
            return page
        row = connection.execute(select(seen.c.at_us, seen.c.place).offset(width - 1)).first()
        if row is None:
            return page
        page = EffectPage(page.effects, EffectPosition(instant(row.at_us), row.place))
    return page


def _page(
    connection: Connection, among: Select[Any], wanted: EffectFilter, limit: int
) -> tuple[EffectPage, Subquery]:
    """Return a page of what fits among these, and these."""
    seen = among.subquery("seen")
    fits = [*_fits(wanted, seen.c), *_rest(wanted, seen.c)]
    if wanted.text:
        fits.append(_has_words(connection, wanted.text, seen))
    found = select(seen).where(*fits).order_by(seen.c.at_us.desc(), seen.c.place.desc())
    rows = [row._asdict() for row in connection.execute(found.limit(limit + 1))]
    items = [effect_of(row) for row in rows[:limit]]
    last = EffectPosition(items[-1].at, items[-1].place) if len(rows) > limit else None
    return EffectPage(items, last), seen


def _count(connection: Connection, way: _Way, time: _Condition) -> int:
    """Return how many effects a filter fits, as far as FEW."""
    some = _places(way, time).limit(FEW + 1).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar() or 0


def _places(way: _Way, time: _Condition) -> Select[Any]:
    if way.places is not None:
        return way.places
    return select(_columns.place).where(way.fits, *((time,) if way.in_time else ()))


def _in_time(wanted: EffectFilter, before: EffectPosition | None) -> _Condition:
    conditions: list[_Condition] = []
    if wanted.since is not None:
        conditions.append(_columns.at_us >= microseconds(wanted.since))
    if wanted.until is not None:
        conditions.append(_columns.at_us < microseconds(wanted.until))
    if before is not None:
        at = microseconds(before.at)
        conditions.append(_columns.at_us <= at)
        conditions.append(tuple_(_columns.at_us, _columns.place) < tuple_(at, before.place))
    return and_(true(), *conditions)


def _ways(wanted: EffectFilter, dialect: str) -> list[_Way]:
    """Return what the filter asks for, each with an index; those that fit fewest first."""
    ways = [_Way(condition) for condition in _equalities(wanted, _columns)]
    if wanted.verbs:
        ways.append(_Way(_verbs(wanted.verbs, _columns.verb)))
    if wanted.outcomes:
        outcome = _outcomes(wanted.outcomes, _columns.outcome)
        others = EffectOutcome.PERMITTED not in wanted.outcomes
        # The words of the partial index, without which it would not be used.
        rare = text("effects.outcome <> 'permitted'")
        ways.append(_Way(and_(outcome, rare) if others else outcome, in_time=others))
    if wanted.rows_over is not None:
        positive = text("effects.rows > 0")
        over = _columns.rows > wanted.rows_over
        ways.append(_Way(and_(over, positive) if wanted.rows_over >= 0 else over, in_time=False))
    if wanted.text:
        ways.append(_Way(true(), in_time=False, places=_with_words(wanted.text, dialect)))
    return ways


def _equalities(wanted: EffectFilter, columns: Any) -> list[_Condition]:
    asked = (
        (columns.session_id, wanted.session),
        (columns.subject_id, wanted.subject),
        (columns.name, last_part(wanted.resource) if wanted.resource else None),
        (columns.target_id, wanted.target),
    )
    return [column == value for column, value in asked if value is not None]


def _fits(wanted: EffectFilter, columns: Any) -> list[_Condition]:
    """Return all that is asked for, but of the text, with no regard to indexes."""
    found = _equalities(wanted, columns)
    if wanted.verbs:
        found.append(_verbs(wanted.verbs, columns.verb))
    if wanted.outcomes:
        found.append(_outcomes(wanted.outcomes, columns.outcome))
    if wanted.rows_over is not None:
        found.append(columns.rows > wanted.rows_over)
    return found


def _rest(wanted: EffectFilter, columns: Any = _columns) -> list[_Condition]:
    """Return what has no index."""
    found: list[_Condition] = []
    if "." in wanted.resource:
        whole = wanted.resource.casefold().replace('"', "")
        resource = func.replace(func.lower(columns.resource), '"', "")
        # `public.orders` is also found in another database of the target: `shop.public.orders`.
        found.append(or_(resource == whole, resource.endswith(f".{whole}", autoescape=True)))
    if wanted.but is not None:
        found.append(columns.subject_id != wanted.but)
    return found


def _verbs(verbs: Sequence[str], column: Any) -> _Condition:
    alike = []
    for verb in verbs:
        if verb.endswith(".*"):
            begin = verb[:-1]
            # The character behind the dot ends the range, in any order of text but a language's.
            alike.append(and_(column >= begin, column < begin[:-1] + "/"))
        else:
            alike.append(column == verb)
    return or_(*alike)


def _outcomes(outcomes: Sequence[EffectOutcome], column: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column.in_([one.value for one in outcomes])
    return condition


def _has_words(connection: Connection, wanted: str, seen: Subquery) -> _Condition:
    """Return whether the statement of an effect among these has all the words."""
    fits, key = _words(wanted, connection.dialect.name)
    ends = select(func.min(seen.c.place), func.max(seen.c.place))
    first, last = connection.execute(ends).one()
    statement = seen.c.place.op(">>")(literal_column(str(TOUCH_BITS)))
    column: ColumnElement[int] = literal_column(key, type_=_columns.place.type)
    between = column.between((first or 0) >> TOUCH_BITS, (last or 0) >> TOUCH_BITS)
    return statement.in_(select(column).select_from(text(TEXTS)).where(fits, between))


def _with_words(wanted: str, dialect: str) -> Select[Any]:
    """Return the places of the effects of statements that have all the words."""
    fits, key = _words(wanted, dialect)
    statement = literal_column(f"{TEXTS}.{key}", type_=_columns.place.type)
    shift: ColumnElement[int] = literal_column(str(MOST_TOUCHES))
    return (
        select(literal_column("theirs.place"))
        # The words first: SQLite keeps to this order, and PostgreSQL finds it itself.
        .select_from(text(f"{TEXTS} cross join effects as theirs"))
        .where(
            fits,
            literal_column("theirs.place") >= statement * shift,
            literal_column("theirs.place") < (statement + 1) * shift,
        )
    )


def _words(wanted: str, dialect: str) -> tuple[Any, str]:
    """Return whether a row of the table of words has all of these, and the name of its key."""
    words = words_of(wanted)
    if dialect == "postgresql":
        query = " & ".join(f"'{word}'" for word in words)
        return text(f"{TEXTS}.words @@ cast(:words as tsquery)").bindparams(
            words=query
        ), "statement"
    query = " AND ".join(f'"{word}"' for word in words)
    return text(f"{TEXTS} match :words").bindparams(words=query), "rowid"


def effect_of(row: Row) -> Effect:
    """Return the effect that a row says."""
    return Effect(
        place=row["place"],
        at=instant(row["at_us"]),
        entry=EntryId(row["entry_id"]),
        subject=SubjectId(row["subject_id"]),
        verb=row["verb"],
        operation=row["operation"],
        kind=row["kind"],
        resource=row["resource"],
        outcome=EffectOutcome(row["outcome"]),
        score=row["score"],
        target=TargetId(row["target_id"]) if row["target_id"] else None,
        session=SessionId(row["session_id"]) if row["session_id"] else None,
        request=RequestId(row["request_id"]) if row["request_id"] else None,
        action=ActionId(row["action_id"]) if row["action_id"] else None,
        sequence=row["sequence"],
        rows=row["rows"],
        error=bool(row["error"]),
    )
