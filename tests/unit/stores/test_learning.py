"""However much was learned, it is written in few statements, in the order in which it was."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, event, func, select

from assent.core.changes import CountHabit, DropLessons, ForgetSubject, PutSecurityEvent
from assent.core.ids import LessonId, SubjectId
from assent.stores import learning
from assent.stores.learning import LEARNING, Learning
from assent.stores.tables import habits, lessons, metadata, profiles, security_events
from conformance.store_builders import ANA, BEN, NOON, SHOP, put_lesson, put_profile, security_event


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        metadata.create_all(opened)
        yield opened
    engine.dispose()


def statements(connection: Connection, learned: list[Learning]) -> list[str]:
    """Return the first words of every statement that writing it takes."""
    ran: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        ran.append(" ".join(statement.lower().split()[:3]))

    event.listen(connection, "before_cursor_execute", note)
    learning.apply(connection, learned)
    event.remove(connection, "before_cursor_execute", note)
    return ran


def test_a_flush_of_many_is_one_statement_a_kind(connection: Connection) -> None:
    flush: list[Learning] = []
    for number in range(500):
        person = SubjectId(f"sub_{number}")
        flush += [put_lesson(f"les_{number}", person), put_profile(b"p", person)]
        flush += [CountHabit(person, SHOP, "sql.read", "orders", NOON)]
        flush += [PutSecurityEvent(security_event(subject=person))]
    assert sorted(statements(connection, flush)) == [
        "insert into habits",
        "insert into lessons",
        "insert into profiles",
        "insert into security_events",
    ]
    for table in (habits, lessons, profiles, security_events):
        assert connection.execute(select(func.count()).select_from(table)).scalar() == 500


def test_nothing_moves_past_what_takes_away(connection: Connection) -> None:
    drop = DropLessons(ANA, (LessonId("les_1"), LessonId("les_2")))
    learned: list[Learning] = [put_lesson("les_1"), put_profile(), drop, put_lesson("les_2")]
    assert statements(connection, learned) == [
        "insert into lessons",
        "insert into profiles",
        "delete from lessons",
        "insert into lessons",
    ]
    assert connection.execute(select(lessons.c.id)).scalars().all() == ["les_2"]


def test_forgetting_one_leaves_the_other(connection: Connection) -> None:
    learning.apply(connection, [put_profile(), put_profile(b"ben", BEN), ForgetSubject(ANA)])
    assert connection.execute(select(profiles.c.subject_id, profiles.c.body)).all() == [
        (BEN, b"ben")
    ]


def test_nothing_learned_is_no_statement(connection: Connection) -> None:
    assert statements(connection, []) == []
    assert statements(connection, [DropLessons(ANA, ())]) == []


def test_every_kind_of_addition_has_a_statement() -> None:
    taking_away = {DropLessons, ForgetSubject}
    assert set(learning._STATEMENTS) == set(LEARNING) - taking_away
