"""What was learned is read within bounds, and never guessed at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from assent.core.changes import PutSecurityEvent
from assent.core.faults import OutsideFault
from assent.stores import SqlStore, open_store, recall
from conformance.store_builders import (
    ANA,
    BEN,
    MASTER,
    NOON,
    SIGNER,
    CountedIds,
    StoppedClock,
    lesson,
    put_lesson,
    put_profile,
    security_event,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    await opened.commit([put_lesson("les_1"), put_lesson("les_2"), put_lesson("les_3")], [])
    await opened.commit([PutSecurityEvent(security_event())], [])
    yield opened
    await opened.close()


async def _run(store: SqlStore, sql: str) -> None:
    def run(connection: Connection) -> None:
        connection.execute(text(sql))

    await store._database.write(run)


async def test_lessons_have_a_bound_of_their_own(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recall.MOST_LESSONS == 100_000
    monkeypatch.setattr(recall, "MOST_LESSONS", 2)
    assert await store.lessons(ANA, limit=10**30) == [lesson("les_1"), lesson("les_2")]


@pytest.mark.parametrize(
    "body",
    ["", "null", '{"aspects": [["rows", [], "many"]]}', '{"odd": 1}', '{"weight_milli": 0.5}'],
)
async def test_a_lesson_that_cannot_be_read_is_a_fault_and_not_skipped(
    store: SqlStore, body: str
) -> None:
    await _run(store, f"update lessons set body = '{body}' where id = 'les_2'".replace(":", "\\:"))
    with pytest.raises(OutsideFault, match="store-unreadable"):
        await store.lessons(ANA)
    assert await store.lessons(BEN) == []


async def test_a_security_event_that_cannot_be_read_is_a_fault(store: SqlStore) -> None:
    await _run(store, "update security_events set body = '{}'")
    with pytest.raises(OutsideFault, match="store-unreadable"):
        await store.security_events(ANA, NOON)


async def test_profiles_behind_the_last_one_are_none(store: SqlStore) -> None:
    await store.commit([put_profile(), put_profile(b"ben", BEN)], [])
    assert await store.profiles(ANA) == [(BEN, b"ben")]
    assert await store.profiles(BEN) == []
    assert await store.profiles(limit=0) == []
