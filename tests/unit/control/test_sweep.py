"""Time that passes: what is due happens, and the log being slow or away never delays a cut."""

import asyncio

import pytest

from assent.control import sweep
from assent.core.request import RequestState
from builders import ANA, MINUTE, TIM, World, a_caller, until


async def test_sessions_grants_and_requests_end_on_time(world: World) -> None:
    client = await world.connect()
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    world.clock.advance(30 * MINUTE)
    await world.sweep.once()
    assert client.cuts
    assert (await world.stored(request.id)).state is RequestState.EXPIRED
    assert "grant.expired" in world.journal


async def test_before_anything_is_due_nothing_happens(world: World) -> None:
    client = await world.connect()
    before = list(world.journal)
    await world.sweep.once()
    assert client.cuts == []
    assert world.journal == before


async def test_a_log_that_is_away_stops_no_duty_and_no_later_try(world: World) -> None:
    client = await world.connect()
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    world.clock.advance(30 * MINUTE)
    world.store.away = True
    await world.sweep.once()
    assert client.cuts
    world.store.away = False
    await world.sweep.once()
    assert (await world.stored(request.id)).state is RequestState.EXPIRED


async def test_a_log_that_hangs_does_not_delay_a_cut(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "TICK_S", 0.001)
    client = await world.connect()
    await world.access.ask(a_caller(TIM), "shop", None, "", "")
    world.store.gated_kinds = {"request.settled"}
    world.clock.advance(16 * MINUTE)
    sweeping = asyncio.create_task(world.sweep.run())
    await until(lambda: world.store.waiting == 1)
    assert client.cuts == []
    world.clock.advance(4 * MINUTE)
    await until(lambda: client.cuts)
    sweeping.cancel()
    world.store.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await sweeping


async def test_habits_are_saved_now_and_then_and_old_checkpoints_thinned(world: World) -> None:
    await world.opened()
    first = await world.store.publish()
    await world.opened()
    await world.store.publish()
    world.clock.advance(26 * 60 * MINUTE)
    newest = await world.store.publish()
    assert first.size < newest.size
    for _ in range(25):
        await world.sweep.once()
    assert [each.size for each in await world.store.checkpoints()] == [newest.size]
    assert world.history._unsaved == {}


async def test_what_was_learned_is_kept_now_and_then_and_again_after_a_fault(
    world: World,
) -> None:
    client = await world.connect()
    await world.sessions.ending.end(client.session, "done")
    world.store.away = True
    for _ in range(25):
        await world.sweep.once()
    assert await world.learning.lessons(ANA.id) == []
    world.store.away = False
    for _ in range(25):
        await world.sweep.once()
    assert len(await world.learning.lessons(ANA.id)) == 1
    assert await world.store.profile(ANA.id) is not None


async def test_a_fault_of_ours_in_one_duty_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(now: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.grants, "expire", break_down)
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    world.clock.advance(16 * MINUTE)
    await world.sweep.once()
    assert (await world.stored(request.id)).state is RequestState.EXPIRED
