"""Habits: exact while they are counted, saved and read at the same time, and bounded."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from assent.control.history import History
from assent.core.action import Action
from assent.core.changes import Change, CountHabit
from assent.core.entry import Entry
from assent.core.faults import OutsideFault
from assent.core.ids import SubjectId, TargetId
from assent.core.resource import Resource
from builders import ANA, SHOP, FixedClock, World, a_touch, an_action

ORDERS = "sql.read public.orders"


class Kept:
    """A store of habits whose reads and writes wait until they are let go."""

    def __init__(self) -> None:
        self.habit: dict[tuple[str, str], int] = {}
        self.go = asyncio.Event()
        self.go.set()
        self.away = False

    async def habits(
        self, subject: SubjectId, target: TargetId, keys: Sequence[tuple[str, str]]
    ) -> Mapping[str, int]:
        found = {f"{verb} {name}": self.habit.get((verb, name), 0) for verb, name in keys}
        await self.go.wait()
        return found

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        await self.go.wait()
        if self.away:
            raise OutsideFault("store-unavailable", "away")
        for change in changes:
            assert isinstance(change, CountHabit)
            key = (change.verb, change.resource)
            self.habit[key] = self.habit.get(key, 0) + change.times


def a_history(kept: Kept, capacity: int = 100) -> History:
    return History(kept, FixedClock(), capacity)  # type: ignore[arg-type]


def on(name: str) -> Action:
    statement = replace(an_action().statement, touches=(a_touch("sql.read", name),))
    return replace(an_action(), statement=statement)


async def test_counts_go_on_where_the_store_stands(world: World) -> None:
    for _ in range(3):
        world.history.count(an_action())
    await world.history.flush()
    again = History(world.store, world.clock)  # type: ignore[arg-type]
    assert await again.counts(an_action()) == {ORDERS: 3}
    again.count(an_action())
    assert await again.counts(an_action()) == {ORDERS: 4}
    await again.flush()
    key = [("sql.read", "public.orders")]
    assert await world.store.habits(ANA.id, SHOP.id, key) == {ORDERS: 4}


async def test_what_cannot_be_saved_is_saved_the_next_time() -> None:
    kept = Kept()
    history = a_history(kept)
    history.count(an_action())
    kept.away = True
    with pytest.raises(OutsideFault):
        await history.flush()
    history.count(an_action())
    kept.away = False
    await history.flush()
    assert kept.habit == {("sql.read", "public.orders"): 2}


async def test_a_count_that_comes_while_the_store_is_read_is_not_lost() -> None:
    kept = Kept()
    kept.habit[("sql.read", "public.orders")] = 5
    history = a_history(kept)
    kept.go.clear()
    reading = asyncio.create_task(history.counts(an_action()))
    await asyncio.sleep(0)
    saving = asyncio.create_task(history.flush())
    await asyncio.sleep(0)
    kept.go.set()
    assert await reading == {ORDERS: 5}
    await saving
    history.count(an_action())
    assert await history.counts(an_action()) == {ORDERS: 6}


async def test_an_evicted_count_that_is_being_saved_is_not_read_in_between() -> None:
    kept = Kept()
    history = a_history(kept, capacity=1)
    history.count(on("public.a"))
    history.count(on("public.b"))
    kept.go.clear()
    saving = asyncio.create_task(history.flush())
    await asyncio.sleep(0)
    reading = asyncio.create_task(history.counts(on("public.a")))
    await asyncio.sleep(0)
    kept.go.set()
    await saving
    assert await reading == {"sql.read public.a": 1}


async def test_memory_is_bounded_by_attempts_as_well_as_by_counts() -> None:
    history = a_history(Kept(), capacity=10)
    for number in range(50):
        await history.counts(on(f"public.t{number}"))
        history.count(on(f"public.u{number}"))
    assert len(history._counts) <= 10


async def test_one_action_counts_once_for_each_thing_it_touches() -> None:
    history = a_history(Kept())
    touches = (a_touch("sql.read", "public.a", "x"), a_touch("sql.read", "public.a", "y"))
    action = replace(an_action(), statement=replace(an_action().statement, touches=touches))
    await history.counts(action)
    history.count(action)
    assert await history.counts(action) == {"sql.read public.a": 1}


async def test_the_catalogue_and_session_settings_are_no_habits() -> None:
    history = a_history(Kept())
    setting = replace(a_touch("sql.session"), resource=Resource("Setting", "datestyle"))
    touches = (a_touch("sql.read", "pg_catalog.pg_class"), setting)
    action = replace(an_action(), statement=replace(an_action().statement, touches=touches))
    assert await history.counts(action) == {}
    assert await history.counts(replace(an_action(), target=None)) == {}
