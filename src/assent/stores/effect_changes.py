"""Changes of the index of effects. Each can be made again, and changes nothing then."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, assert_never

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
    Select,
    String,
    bindparam,
    case,
    delete,
    func,
    select,
    text,
    update,
)

from assent.core.effect import (
    MOST_TOUCHES,
    TOUCH_BITS,
    Came,
    DropEffects,
    Effect,
    EffectOutcome,
    IndexEffects,
    Ran,
    StatementText,
    index_of,
    last_part,
    place_of,
    words_of,
)
from assent.core.ids import SessionId
from assent.stores.effect_tables import effects
from assent.stores.statements import put_those_new

EffectChange: TypeAlias = IndexEffects | DropEffects

EFFECTS = (IndexEffects, DropEffects)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MOST_DROPPED = 1_000
"""So many effects are taken out by one change, so that nobody waits long for the writer."""

# From this version on, SQLite's full text can forget what is deleted without being merged.
_FORGETS_FROM = (3, 42)


def apply(connection: Connection, change: EffectChange) -> None:
    """Write one change. Raises nothing but what the database does."""
    match change:
        case IndexEffects():
            _index(connection, change)
        case DropEffects():
            _drop(connection, change)
        case _:
            assert_never(change)


def microseconds(at: datetime) -> int:
    """Return an instant as it stands in the index."""
    return (at - _EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """Return the instant that stands in the index as this."""
    return _EPOCH + microseconds * _MICROSECOND


def _effect_row(effect: Effect) -> dict[str, Any]:
    return {
        "place": effect.place,
        "at_us": microseconds(effect.at),
        "entry_id": effect.entry,
        "subject_id": effect.subject,
        "target_id": effect.target,
        "session_id": effect.session,
        "request_id": effect.request,
        "action_id": effect.action,
        "sequence": effect.sequence,
        "verb": effect.verb,
        "operation": effect.operation,
        "kind": effect.kind,
        "resource": effect.resource,
        "name": last_part(effect.resource),
        "outcome": effect.outcome.value,
        "rows": effect.rows,
        "error": effect.error,
        "score": effect.score,
    }


def _index(connection: Connection, change: IndexEffects) -> None:
    new, again = _apart(connection, change.effects)
    put_those_new(connection, effects, [_effect_row(one) for one in new])
    came = [*change.came, *again]
    if came:
        # In the order of the log, whatever said it: a release is of what was held before.
        came.sort(key=lambda one: one.index)
        connection.execute(_CAME, [_came_row(one) for one in came])
    placed = [one for one in change.ran if one.place is not None]
    if placed:
        connection.execute(_PLACED, [_ran_row(one) for one in placed])
    found = [one for one in change.ran if one.place is None]
    if found:
        connection.execute(_FOUND, [_ran_row(one) for one in found])
    if change.texts:
        _put_texts(connection, change.texts)


def _apart(connection: Connection, found: Sequence[Effect]) -> tuple[list[Effect], list[Came]]:
    """Return the effects to add, and what is to be said of actions that have some already."""
    actions = {effect.action for effect in found if effect.action is not None}
    first: dict[str, int] = {}
    if actions:
        column = effects.c.action_id
        known = select(column, func.min(effects.c.place)).where(column.in_(sorted(actions)))
        rows = connection.execute(known.group_by(column))
        first = {action: index_of(place) for action, place in rows}
    new, again = [], []
    for effect in _told_once(connection, found):
        index = index_of(effect.place)
        if effect.action is None or first.setdefault(effect.action, index) == index:
            new.append(effect)
        elif effect.place == place_of(index):
            again.append(Came(index, effect.action, effect.outcome, request=effect.request))
    return new, again


def _told_once(connection: Connection, found: Sequence[Effect]) -> Iterator[Effect]:
    """Yield the effects but those that an earlier segment told of: one may be logged twice."""
    newest: dict[tuple[SessionId, int], int] = {}
    for effect in found:
        if effect.session is not None and effect.sequence is not None:
            key = (effect.session, index_of(effect.place))
            if key not in newest:
                newest[key] = _newest_before(connection, *key)
            if effect.sequence <= newest[key]:
                continue
        yield effect


def _newest_before(connection: Connection, session: SessionId, index: int) -> int:
    """Return the last statement of a session that entries before that index told of, or 0."""
    columns = effects.c
    told = select(columns.sequence).where(
        columns.session_id == session,
        columns.sequence.is_not(None),
        columns.place < place_of(index),
    )
    newest = told.order_by(columns.sequence.desc()).limit(1)
    return connection.execute(newest).scalar() or 0


_OUTCOME = effects.c.outcome
_SAID = bindparam("said", type_=String)
_WAS_HELD = (
    (EffectOutcome.HELD.value == _OUTCOME)
    | (EffectOutcome.RELEASED.value == _OUTCOME)
    | (EffectOutcome.REFUSED.value == _OUTCOME)
)
_CAME = (
    update(effects)
    .where(
        effects.c.action_id == bindparam("of", type_=String),
        # What stands behind it in the log it says nothing of.
        effects.c.place < bindparam("behind", type_=BigInteger),
    )
    .values(
        outcome=case(
            ((_SAID == "permitted") & _WAS_HELD, "released"),
            (_SAID == "permitted", "permitted"),
            ((_SAID == "held") & (_OUTCOME == "denied"), "held"),
            ((_SAID == "refused") & (_OUTCOME == "held"), "refused"),
            else_=_OUTCOME,
        ),
        rows=func.coalesce(bindparam("came_to", type_=BigInteger), effects.c.rows),
        error=case((bindparam("failed", type_=Boolean), True), else_=effects.c.error),
        request_id=func.coalesce(effects.c.request_id, bindparam("asked", type_=String)),
    )
)
"""A request that an effect has is never changed; what is permitted is not denied any more."""

_ROWS = {
    "rows": func.coalesce(bindparam("came_to", type_=BigInteger), effects.c.rows),
    "error": case((bindparam("failed", type_=Boolean), True), else_=effects.c.error),
}
_PLACED = (
    update(effects)
    .where(
        effects.c.place >= bindparam("first", type_=BigInteger),
        effects.c.place < bindparam("behind", type_=BigInteger),
    )
    .values(sequence=bindparam("number", type_=BigInteger), **_ROWS)
)
_FOUND = (
    update(effects)
    .where(
        effects.c.session_id == bindparam("of", type_=String),
        effects.c.sequence == bindparam("number", type_=BigInteger),
        effects.c.rows.is_(None),
        # As the index is made, so that it is used.
        effects.c.sequence.is_not(None),
    )
    .values(**_ROWS)
)


def _came_row(came: Came) -> dict[str, Any]:
    return {
        "of": came.action,
        "behind": place_of(came.index),
        "said": came.outcome.value if came.outcome else None,
        "came_to": came.rows,
        "failed": came.error,
        "asked": came.request,
    }


def _ran_row(ran: Ran) -> dict[str, Any]:
    told = {"number": ran.sequence, "came_to": ran.rows, "failed": ran.error}
    if ran.place is None:
        return {**told, "of": ran.session}
    return {**told, "first": ran.place, "behind": ran.place + MOST_TOUCHES}


def _put_texts(connection: Connection, texts: Iterable[StatementText]) -> None:
    """Add the words of statements that have none yet."""
    found = [(one.place >> TOUCH_BITS, words) for one in texts if (words := words_of(one.text))]
    if not found:
        return
    if _on_postgres(connection):
        rows = [{"statement": statement, "words": list(words)} for statement, words in found]
        connection.execute(_PUT_VECTORS, rows)
    else:
        joined = [{"statement": statement, "words": " ".join(words)} for statement, words in found]
        connection.execute(_PUT_WORDS, joined)


_PUT_VECTORS = text(
    "insert into effect_texts (statement, words) "
    "values (:statement, array_to_tsvector(cast(:words as text[]))) on conflict do nothing"
)
_PUT_WORDS = text(
    "insert into effect_texts (rowid, words) select :statement, :words "
    "where not exists (select 1 from effect_texts where rowid = :statement)"
)


def to_drop(change: DropEffects) -> Select[Any]:
    """Return which effects a change takes out, the oldest first."""
    meant = select(effects.c.place).order_by(effects.c.place)
    if change.subject is not None:
        meant = meant.where(effects.c.subject_id == change.subject)
    if change.before is not None:
        meant = meant.where(effects.c.place < place_of(change.before))
    return meant


def _drop(connection: Connection, change: DropEffects) -> None:
    places = list(connection.execute(to_drop(change).limit(MOST_DROPPED)).scalars())
    if not places:
        return
    statements = [{"gone": one} for one in sorted({place >> TOUCH_BITS for place in places})]
    if _on_postgres(connection):
        connection.execute(_DROP_VECTORS, statements)
    else:
        _drop_words(connection, statements)
    gone = delete(effects).where(effects.c.place == bindparam("gone", type_=BigInteger))
    connection.execute(gone, [{"gone": place} for place in places])


def _drop_words(connection: Connection, statements: Sequence[Mapping[str, int]]) -> None:
    of_them = _COUNT_WORDS.bindparams(first=statements[0]["gone"], last=statements[-1]["gone"])
    if not connection.execute(of_them).scalar():
        return
    forgets = sqlite3.sqlite_version_info >= _FORGETS_FROM
    if forgets:
        connection.execute(_FORGET_WHAT_IS_DELETED)
    connection.execute(_DROP_WORDS, statements)
    if not forgets:
        # Older ones only mark words as deleted until the index is merged.
        connection.execute(_MERGE)


_DROP_VECTORS = text("delete from effect_texts where statement = :gone")
_DROP_WORDS = text("delete from effect_texts where rowid = :gone")
_COUNT_WORDS = text(
    "select exists (select 1 from effect_texts where rowid between :first and :last)"
)
_FORGET_WHAT_IS_DELETED = text(
    "insert into effect_texts (effect_texts, rank) values ('secure-delete', 1)"
)
_MERGE = text("insert into effect_texts (effect_texts) values ('optimize')")


def _on_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
