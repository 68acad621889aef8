"""An insert that goes straight to the driver stores what SQLAlchemy would, and fails as it does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, create_engine, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from assent.core.faults import ConflictFault
from assent.stores.statements import append, put, put_new, replace
from assent.stores.types import UtcDateTime

ROWS = Table(
    "rows",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("at", UtcDateTime),
)
NEPAL = timezone(timedelta(hours=5, minutes=45))
AT = datetime(2026, 1, 1, 1, 0, 0, 7, NEPAL)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        ROWS.create(opened)
        yield opened
    engine.dispose()


def test_a_row_is_read_as_it_would_be_had_it_come_the_usual_way(connection: Connection) -> None:
    put(connection, ROWS, {"id": "a", "at": AT, "count": 1})
    connection.execute(ROWS.insert().values(id="b", count=1, at=AT))
    texts = connection.exec_driver_sql("select at from rows").scalars().all()
    assert texts[0] == texts[1]
    assert connection.scalar(select(ROWS.c.at)) == AT.astimezone(UTC)


def test_a_row_whose_key_is_there_is_not_put_twice(connection: Connection) -> None:
    assert put_new(connection, ROWS, {"id": "a", "count": 1})
    assert not put_new(connection, ROWS, {"id": "a", "count": 2})
    with pytest.raises(ConflictFault, match="`a` in rows"):
        put(connection, ROWS, {"id": "a", "count": 2})
    assert connection.scalar(select(ROWS.c.count)) == 1


def test_a_row_is_replaced_in_what_is_told_of_it(connection: Connection) -> None:
    replace(connection, ROWS, {"id": "a", "count": 1, "at": AT})
    replace(connection, ROWS, {"id": "a", "count": 2})
    assert connection.execute(select(ROWS)).one() == ("a", 2, AT.astimezone(UTC))


def test_rows_are_appended_all_or_with_a_fault(connection: Connection) -> None:
    append(connection, ROWS, [])
    append(connection, ROWS, [{"id": name, "count": 0, "at": None} for name in "ab"])
    assert connection.scalars(select(ROWS.c.id)).all() == ["a", "b"]
    with pytest.raises(IntegrityError):
        append(connection, ROWS, [{"id": "b", "count": 0, "at": None}])


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"id": "a", "count": None}, IntegrityError),
        ({"id": "a", "count": object()}, SQLAlchemyError),
        ({"id": "\ud800", "count": 1}, ValueError),
        ({"id": "a", "count": 2**70}, OverflowError),
        ({"id": "a", "count": 1, "at": datetime(2026, 1, 1)}, ValueError),
    ],
)
def test_what_the_database_cannot_take_is_a_fault_that_the_writer_knows(
    connection: Connection, row: dict[str, object], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        put_new(connection, ROWS, row)


def test_a_fault_does_not_tell_the_values(connection: Connection) -> None:
    with pytest.raises(IntegrityError) as raised:
        put_new(connection, ROWS, {"id": "secret words", "count": None})
    assert "secret words" not in str(raised.value)
