"""Timers: kept with their state, called at their time, again until they are dropped."""

import asyncio
from datetime import datetime, timedelta
from typing import cast

import pytest

from assent.control.timers import Timers
from assent.core.changes import DropTimer, PutTimer
from assent.core.faults import OutsideFault
from assent.core.ports import Store
from assent.core.timer import Timer
from builders import MINUTE, NOON, World, until


def timers(world: World, within_s: float = 5.0) -> Timers:
    return Timers(store=cast(Store, world.store), clock=world.clock, within_s=within_s)


async def set_one(world: World, kind: str, about: str, due_at: datetime = NOON) -> None:
    await world.store.commit((PutTimer(Timer(kind, about, due_at)),), ())


async def test_a_timer_is_handled_at_its_time_and_no_earlier(world: World) -> None:
    handled: list[tuple[str, datetime]] = []

    async def handle(about: str, due_at: datetime) -> None:
        handled.append((about, due_at))
        await world.store.commit((DropTimer(about, "t.x"),), ())

    watched = timers(world)
    watched.when("t.x", handle)
    await set_one(world, "t.x", "one", NOON + MINUTE)
    await watched.once()
    assert handled == []
    world.clock.advance(MINUTE)
    await watched.once()
    await watched.once()
    assert handled == [("one", NOON + MINUTE)]


async def test_a_timer_outlives_the_process_that_set_it(world: World) -> None:
    await set_one(world, "t.x", "one")
    handled: list[str] = []

    async def handle(about: str, due_at: datetime) -> None:
        handled.append(about)

    next_process = timers(world)
    next_process.when("t.x", handle)
    await next_process.once()
    assert handled == ["one"]


@pytest.mark.parametrize("fault", [OutsideFault("away", "it is away"), RuntimeError("ours")])
async def test_a_handler_that_fails_is_called_again_later_and_stops_nobody(
    world: World, fault: Exception
) -> None:
    tried: list[str] = []

    async def fails(about: str, due_at: datetime) -> None:
        tried.append(about)
        raise fault

    async def works(about: str, due_at: datetime) -> None:
        tried.append(about)
        await world.store.commit((DropTimer(about),), ())

    watched = timers(world)
    watched.when("t.fails", fails)
    watched.when("t.works", works)
    await set_one(world, "t.fails", "bad")
    await set_one(world, "t.works", "good")
    await watched.once()
    await watched.once()
    assert sorted(tried) == ["bad", "good"]
    world.clock.advance(timedelta(seconds=2))
    await watched.once()
    world.clock.advance(timedelta(seconds=2))
    await watched.once()
    assert tried.count("bad") == 2
    world.clock.advance(timedelta(seconds=2))
    await watched.once()
    assert tried.count("bad") == 3


async def test_a_handler_that_hangs_is_given_up_and_tried_again(world: World) -> None:
    calls = 0

    async def hangs(about: str, due_at: datetime) -> None:
        nonlocal calls
        calls += 1
        await asyncio.Event().wait()

    watched = timers(world, within_s=0.01)
    watched.when("t.x", hangs)
    await set_one(world, "t.x", "one")
    await watched.once()
    world.clock.advance(MINUTE)
    await watched.once()
    assert calls == 2


async def test_a_timer_that_is_set_again_is_a_new_one(world: World) -> None:
    handled: list[datetime] = []

    async def handle(about: str, due_at: datetime) -> None:
        handled.append(due_at)
        await set_one(world, "t.x", "one", due_at + MINUTE)

    watched = timers(world)
    watched.when("t.x", handle)
    await set_one(world, "t.x", "one")
    for _ in range(3):
        await watched.once()
        world.clock.advance(MINUTE)
    assert handled == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]


async def test_what_nobody_handles_waits_for_who_does(world: World) -> None:
    await set_one(world, "t.later", "one")
    watched = timers(world)
    await watched.once()
    handled: list[str] = []

    async def handle(about: str, due_at: datetime) -> None:
        handled.append(about)

    watched.when("t.later", handle)
    world.clock.advance(MINUTE)
    await watched.once()
    assert handled == ["one"]
    with pytest.raises(ValueError, match="two handlers"):
        watched.when("t.later", handle)


async def test_a_slow_handler_keeps_no_other_from_its_time(world: World) -> None:
    began, ended, released = list[str](), list[str](), asyncio.Event()

    async def slow(about: str, due_at: datetime) -> None:
        began.append(about)
        await released.wait()

    async def quick(about: str, due_at: datetime) -> None:
        ended.append(about)
        await world.store.commit((DropTimer(about),), ())

    watched = timers(world)
    watched.when("t.slow", slow)
    watched.when("t.quick", quick)
    await set_one(world, "t.slow", "one")
    running = asyncio.create_task(watched.once())
    await until(lambda: began)
    await set_one(world, "t.quick", "two")
    await watched.once()
    assert ended == ["two"]
    # It is in hand already, and not begun a second time.
    assert began == ["one"]
    released.set()
    await running
