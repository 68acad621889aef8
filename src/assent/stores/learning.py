"""What was learned, written: changes that always fit, so all of one moment go together.

They touch rows that nothing else refers to. However many there are of one kind, they are one
statement.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeAlias, assert_never

from sqlalchemy import Connection, bindparam, delete

from assent.core.changes import (
    CountHabit,
    DropLessons,
    ForgetSubject,
    PutLesson,
    PutProfile,
    PutSecurityEvent,
)
from assent.stores import rows
from assent.stores.statements import Upsert, insert_in
from assent.stores.tables import habits, lessons, profiles, security_events

Addition: TypeAlias = CountHabit | PutLesson | PutProfile | PutSecurityEvent
Learning: TypeAlias = Addition | DropLessons | ForgetSubject

LEARNING = (CountHabit, PutLesson, PutProfile, PutSecurityEvent, DropLessons, ForgetSubject)


def apply(connection: Connection, learned: Sequence[Learning]) -> None:
    """Write all of them, as if one after the other."""
    added: list[Addition] = []
    for change in learned:
        match change:
            case DropLessons() | ForgetSubject():
                # INVARIANT: nothing moves past a change that takes something away.
                _add(connection, added)
                added = []
                _take_away(connection, change)
            case _:
                added.append(change)
    _add(connection, added)


def _add(connection: Connection, added: Sequence[Addition]) -> None:
    # Kinds may change places with each other: no row is of two of them.
    by_kind: dict[type[Addition], list[dict[str, Any]]] = {}
    for change in added:
        by_kind.setdefault(type(change), []).append(_row(change))
    for kind, wanted in by_kind.items():
        connection.execute(_STATEMENTS[kind](connection.dialect.name), wanted)


def _row(change: Addition) -> dict[str, Any]:
    match change:
        case CountHabit():
            return {
                "subject_id": change.subject,
                "target_id": change.target,
                "verb": change.verb,
                "resource": change.resource,
                "times": change.times,
                "last_at": change.at,
            }
        case PutLesson(lesson):
            return rows.lesson_row(lesson)
        case PutProfile(subject, body, at):
            return {"subject_id": subject, "body": body, "at": at}
        case PutSecurityEvent(event):
            return rows.security_event_row(event)
        case _:
            assert_never(change)


def _count_habits(dialect: str) -> Upsert:
    once = insert_in(dialect, habits)
    times = habits.c.times + once.excluded.times
    return once.on_conflict_do_update(
        index_elements=list(habits.primary_key.columns),
        set_={"times": times, "last_at": once.excluded.last_at},
    )


def _put_lessons(dialect: str) -> Upsert:
    # A flush that is tried again after a fault may have been written: learned once is enough.
    return insert_in(dialect, lessons).on_conflict_do_nothing(index_elements=[lessons.c.id])


def _put_profiles(dialect: str) -> Upsert:
    newest = insert_in(dialect, profiles)
    return newest.on_conflict_do_update(
        index_elements=[profiles.c.subject_id],
        set_={"body": newest.excluded.body, "at": newest.excluded.at},
    )


def _put_security_events(dialect: str) -> Upsert:
    return insert_in(dialect, security_events)


# Kept, because building one costs more than running it, and one comes with nearly every decision.
_STATEMENTS: dict[type[Addition], Callable[[str], Upsert]] = {
    CountHabit: cache(_count_habits),
    PutLesson: cache(_put_lessons),
    PutProfile: cache(_put_profiles),
    PutSecurityEvent: cache(_put_security_events),
}


def _take_away(connection: Connection, change: DropLessons | ForgetSubject) -> None:
    if isinstance(change, ForgetSubject):
        for table in (profiles, lessons, habits):
            connection.execute(delete(table).where(table.c.subject_id == change.subject))
    elif change.lessons:
        connection.execute(
            delete(lessons).where(
                lessons.c.id == bindparam("lesson"), lessons.c.subject_id == change.subject
            ),
            [{"lesson": lesson} for lesson in change.lessons],
        )
