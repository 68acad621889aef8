"""Exports lose nothing, whatever is away or stops, and wait for nobody but their own sink."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assent.control.directory import Directory
from assent.control.exporting import Event, Export, Exporting, Standing, Telling, Wanted
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ForbiddenFault, OperatorFault, OutsideFault
from assent.stores import SqlStore, open_store
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock
from log_of_effects import ANA, LogOfEffects, touch
from memory_plane import MemoryPlane

ORIGIN = "gateway.example/audit"


class MemorySink:
    """Keeps indexes. away: faults that it raises first."""

    kind = "memory"

    def __init__(self, name: str = "one", *away: Exception, refuses: int = 0) -> None:
        self.name = name
        self.events: list[Any] = []
        self._away = list(away)
        self._refuses = refuses

    @property
    def indexes(self) -> list[int]:
        return [one["unmapped"]["assent"]["index"] for one in self.events]

    async def send(self, events: Sequence[Event]) -> int:
        if self._away:
            raise self._away.pop(0)
        self.events += events
        return self._refuses


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    yield store
    await store.close()


def export(store: SqlStore, sink: MemorySink, wanted: Wanted | None = None) -> Export:
    telling = Telling(store, Directory(), ORIGIN, "0.1.0")
    return Export(sink, wanted or Wanted(), telling, store, StoppedClock())


def logins(count: int, log: LogOfEffects | None = None) -> list[Entry]:
    log = log or LogOfEffects()
    return [log.entry(EntryKind.LOGIN, {}, subject=ANA) for _ in range(count)]


async def test_every_entry_is_told_once_and_in_order(store: SqlStore) -> None:
    await store.commit((), logins(600))
    sink = MemorySink()
    one = export(store, sink)
    await one.follower.catch_up()
    assert sink.indexes == list(range(600))
    assert (one.standing.position, one.standing.behind, one.standing.sent) == (600, 0, 600)
    assert one.standing.last_sent_at is not None


@pytest.mark.parametrize(
    "fault",
    [
        OutsideFault("exporter-away", "the collector is away"),
        OperatorFault("secret-missing", "set the environment variable `KEY`"),
        RuntimeError("nobody thought of it"),
    ],
)
async def test_whatever_is_wrong_with_a_sink_nothing_is_passed_over(
    store: SqlStore, fault: Exception
) -> None:
    await store.commit((), logins(5))
    sink = MemorySink("one", fault)
    one = export(store, sink)
    with pytest.raises(OutsideFault):
        await one.follower.catch_up()
    assert one.standing.last_error
    assert one.standing.position == 0
    await one.follower.catch_up()
    assert sink.indexes == list(range(5))
    assert one.standing.last_error == ""
    assert one.standing.passed_over == 0


async def test_after_a_restart_it_goes_on_where_it_was(store: SqlStore) -> None:
    log = LogOfEffects()
    await store.commit((), logins(5, log))
    first, second = MemorySink(), MemorySink()
    await export(store, first).follower.catch_up()
    await store.commit((), logins(3, log))
    await export(store, second).follower.catch_up()
    assert (first.indexes, second.indexes) == ([0, 1, 2, 3, 4], [5, 6, 7])


async def test_what_was_sent_and_not_noted_is_sent_again(store: SqlStore) -> None:
    await store.commit((), logins(5))
    sink = MemorySink()
    telling = Telling(store, Directory(), ORIGIN, "0.1.0")
    one = Export(sink, Wanted(), telling, store, StoppedClock())
    # As if the gateway had been killed right behind the answer of the collector.
    await one._handle(await store.entries(0, 5))
    await export(store, sink).follower.catch_up()
    assert sink.indexes == [0, 1, 2, 3, 4] * 2


async def test_one_that_is_away_does_not_hold_up_another(store: SqlStore) -> None:
    await store.commit((), logins(5))
    away = MemorySink("away", *[OutsideFault("exporter-away", "gone")] * 9)
    well = MemorySink("well")
    one, other = export(store, away), export(store, well)
    with pytest.raises(OutsideFault):
        await one.follower.catch_up()
    await other.follower.catch_up()
    assert (away.indexes, well.indexes) == ([], [0, 1, 2, 3, 4])


async def test_it_runs_along_as_the_log_grows(store: SqlStore) -> None:
    sink = MemorySink("one", OutsideFault("exporter-away", "gone"))
    running = asyncio.create_task(export(store, sink).follower.run())
    log = LogOfEffects()
    async with asyncio.timeout(20):
        for _ in range(3):
            await store.commit((), logins(2, log))
            while len(sink.events) < log.made:
                await asyncio.sleep(0.01)
    running.cancel()
    assert sink.indexes == list(range(6))


async def test_only_kinds_that_are_wanted_are_told(store: SqlStore) -> None:
    log = LogOfEffects()
    attempt, decision = log.decided("one", touch("sql.read", "public.orders"))
    await store.commit((), [*logins(2), attempt, decision])
    sink = MemorySink()
    one = export(store, sink, Wanted(kinds=frozenset({"decision"})))
    await one.follower.catch_up()
    assert sink.indexes == [3]
    assert one.standing.position == 4
    # The attempt is not told, and yet known.
    assert sink.events[0]["activity_name"] == "Query"


async def test_a_decision_knows_its_attempt_on_the_page_before(store: SqlStore) -> None:
    log = LogOfEffects()
    attempt, decision = log.decided("one", touch("sql.delete", "public.orders"))
    await store.commit((), [attempt, decision])
    telling = Telling(store, Directory(), ORIGIN, "0.1.0")
    (event,) = await telling.events(await store.entries(1, 1), Wanted())
    unmapped: Any = event["unmapped"]
    assert unmapped["assent"]["verb"] == "sql.delete"
    assert unmapped["assent"]["touches"][0]["name"] == "public.orders"


async def test_what_a_sink_never_takes_is_counted(store: SqlStore) -> None:
    await store.commit((), logins(5))
    one = export(store, MemorySink(refuses=2))
    await one.follower.catch_up()
    assert (one.standing.sent, one.standing.refused) == (3, 2)
    assert "never takes" in one.standing.last_error


async def test_only_who_oversees_sees_how_far_each_is(store: SqlStore) -> None:
    plane = MemoryPlane()
    exporting = Exporting(store)
    exporting.exports = [export(store, MemorySink())]
    await store.commit((), logins(5))
    await store.publish()
    with pytest.raises(ForbiddenFault):
        await exporting.standing(await plane.caller("ana"))
    (standing,) = await exporting.standing(await plane.caller("carl"))
    assert isinstance(standing, Standing)
    assert (standing.position, standing.end, standing.behind) == (0, 5, 5)
