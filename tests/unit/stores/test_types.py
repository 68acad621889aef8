"""Instants are aware and in UTC on both sides of the database."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, MetaData, Table, create_engine, select
from sqlalchemy.exc import StatementError

from assent.stores.types import UtcDateTime

TABLE = Table("instants", MetaData(), Column("at", UtcDateTime))


def test_an_instant_comes_back_in_utc_whatever_zone_it_had() -> None:
    engine = create_engine("sqlite://")
    nepal = timezone(timedelta(hours=5, minutes=45))
    with engine.begin() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert().values(at=datetime(2026, 1, 1, 1, 0, 0, 7, nepal)))
        found = connection.execute(select(TABLE.c.at)).scalar_one()
    engine.dispose()
    assert found == datetime(2025, 12, 31, 19, 15, 0, 7, UTC)
    assert found.tzinfo is UTC


def test_a_naive_instant_is_refused() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.create(connection)
        with pytest.raises(StatementError, match="naive"):
            connection.execute(TABLE.insert().values(at=datetime(2026, 1, 1)))
    engine.dispose()
