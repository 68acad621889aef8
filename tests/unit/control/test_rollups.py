from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from assent.control.rollups import KEPT_FOR, Rollups
from assent.core.secret import Secret
from builders import ANA, CARL, MINUTE, NOON, PASSWORD, READ, World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as made:
        client = await made.connect(ANA)
        for _ in range(3):
            await made.did(client, READ)
        yield made


def fresh(world: World) -> Rollups:
    return Rollups(store=world.store, directory=world.directory, clock=world.clock)


async def test_a_new_process_counts_the_same_again(world: World) -> None:
    first, second = fresh(world), fresh(world)
    await first.catch_up()
    await world.store.publish()
    await second.catch_up()
    day = timedelta(days=1)
    assert first.hours(NOON - day, NOON + day) == second.hours(NOON - day, NOON + day)
    assert second.progress.behind == 0
    hour = first.hours(NOON, NOON + day)[NOON]
    assert hour.sessions == 1
    assert hour.automatic >= hour.statements >= 1
    assert sum(hour.scores.values()) == hour.automatic + hour.held + hour.refused


async def test_what_is_older_than_thirty_days_is_forgotten_and_not_read_again(world: World) -> None:
    rollups = fresh(world)
    await rollups.catch_up()
    world.clock.at += KEPT_FOR + timedelta(hours=2)
    await world.sign_in.login(CARL.name, Secret(PASSWORD), "127.0.0.1")
    await world.store.publish()
    await rollups.catch_up()
    assert rollups.hours(NOON - MINUTE, NOON + MINUTE) == {}
    later = fresh(world)
    await later.catch_up()
    assert later.first > 0


async def test_what_is_above_low_risk_is_kept_newest_first(world: World) -> None:
    rollups = fresh(world)
    await rollups.catch_up()
    found = [one.at for one in rollups.surprises]
    assert found == sorted(found, reverse=True)
    assert all(one.level != "low" for one in rollups.surprises)
