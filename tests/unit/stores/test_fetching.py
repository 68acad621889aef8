"""Questions are bounded, and what goes wrong with one has an owner."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from assent.core.faults import OutsideFault
from assent.stores import tables
from assent.stores.database import database_at, locate
from assent.stores.fetching import MOST_ROWS, Fetching, bounded, decoded


@pytest.mark.parametrize(
    ("limit", "asked"), [(-1, 0), (0, 0), (7, 7), (MOST_ROWS + 1, MOST_ROWS), (10**30, MOST_ROWS)]
)
def test_a_limit_is_between_nothing_and_the_most(limit: int, asked: int) -> None:
    assert bounded(limit) == asked


def test_the_most_may_be_said() -> None:
    assert bounded(10**9, most=3) == 3


def test_what_a_row_holds_becomes_a_noun() -> None:
    assert decoded(datetime.fromisoformat, "2026-03-01T12:00:00Z") == datetime(
        2026, 3, 1, 12, tzinfo=UTC
    )


def test_a_row_that_is_no_noun_is_an_outside_fault() -> None:
    with pytest.raises(OutsideFault, match="store-unreadable"):
        decoded(datetime.fromisoformat, "yesterday")


async def test_a_database_without_the_table_is_an_outside_fault(tmp_path: Path) -> None:
    database = database_at(locate(tmp_path))
    with pytest.raises(OutsideFault, match="cannot be read"):
        await Fetching(database)._rows(select(tables.profiles))
    await database.close()
