"""Changes of the index of effects. Each can be made again, and changes nothing then."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, assert_never

from sqlalchemy import (
    BigInteger,
    Boolean,
    Connection,
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
from assent.stores.effect_tables import effects
from assent.stores.statements import changed, insert

EffectChange: TypeAlias = IndexEffects | DropEffects

EFFECTS = (IndexEffects, DropEffects)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
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
    if new:
        connection.execute(
            insert(connection, effects).on_conflict_do_nothing(), [_effect_row(one) for one in new]
        )
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
    for effect in found:
        index = index_of(effect.place)
        if effect.action is None or first.setdefault(effect.action, index) == index:
            new.append(effect)
        elif effect.place == place_of(index):
            again.append(Came(index, effect.action, effect.outcome, request=effect.request))
    return new, again


_OUTCOME = effects.c.outcome
_SAID = bindparam("said", type_=String)
_HELD = [one.value for one in (EffectOutcome.HELD, EffectOutcome.RELEASED, EffectOutcome.REFUSED)]
_CAME = (
    update(effects)
    .where(effects.c.action_id == bindparam("of", type_=String))
    .values(
        outcome=case(
            ((_SAID == "permitted") & _OUTCOME.in_(_HELD), "released"),
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
        # As the index is made, so that it is used: it holds only what is under way.
        effects.c.sequence.is_not(None),
    )
    .values(**_ROWS)
)


def _came_row(came: Came) -> dict[str, Any]:
    return {
        "of": came.action,
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


def _drop(connection: Connection, change: DropEffects) -> None:
    if change.subject is not None:
        _drop_texts(connection, _OF_SUBJECT, {"subject": change.subject})
        connection.execute(delete(effects).where(effects.c.subject_id == change.subject))
    if change.before is not None:
        behind = place_of(change.before)
        _drop_texts(connection, _OLDER, {"behind": behind >> TOUCH_BITS})
        connection.execute(delete(effects).where(effects.c.place < behind))


_OF_SUBJECT = {
    "postgresql": "delete from effect_texts where statement in "
    "(select place >> 8 from effects where subject_id = :subject)",
    "sqlite": "delete from effect_texts where rowid in "
    "(select place >> 8 from effects where subject_id = :subject)",
}
_OLDER = {
    "postgresql": "delete from effect_texts where statement < :behind",
    "sqlite": "delete from effect_texts where rowid < :behind",
}
_FORGET_WHAT_IS_DELETED = text(
    "insert into effect_texts (effect_texts, rank) values ('secure-delete', 1)"
)
_MERGE = text("insert into effect_texts (effect_texts) values ('optimize')")


def _drop_texts(
    connection: Connection, statements: Mapping[str, str], values: Mapping[str, Any]
) -> None:
    if _on_postgres(connection):
        connection.execute(text(statements["postgresql"]), values)
        return
    forgets = sqlite3.sqlite_version_info >= _FORGETS_FROM
    if forgets:
        connection.execute(_FORGET_WHAT_IS_DELETED)
    if changed(connection, text(statements["sqlite"]), values) and not forgets:
        # Older ones only mark words as deleted until the index is merged.
        connection.execute(_MERGE)


def _on_postgres(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
