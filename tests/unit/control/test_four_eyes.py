"""A session that somebody else has to watch: what waits for them, who counts, and when it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from assent.control import live_watch
from assent.control.live_watch import LiveWatch
from assent.control.steering import Steer
from assent.core.faults import ConflictFault
from assent.core.notice import Notice
from assent.core.plugins import Permitted, RefusalKind, Refused
from assent.core.subject import Subject
from builders import ANA, BEN, CARL, DORA, MINUTE, READ, Client, World, a_caller, a_world, until
from emergency_world import HONOURS
from unit.control.test_live_watch import watch_of

WATCHED = """
@id("watched") @watched_by("engineers|owners")
permit (principal, action == Action::"session.open", resource);
"""
LACKS = "it goes on only while somebody of engineers or owners watches it"


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, WATCHED, honours=HONOURS | {"read_only", "watched_by"}) as built:
        yield built


@asynccontextmanager
async def eyes(watch: LiveWatch, client: Client, who: Subject) -> AsyncIterator[None]:
    """Let somebody watch while the block lasts."""
    begun = asyncio.Event()

    async def look() -> None:
        async for _ in watch.follow(client.session, by=who.id):
            begun.set()

    looking = asyncio.create_task(look())
    await asyncio.wait_for(begun.wait(), 5)
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def test_what_is_sent_waits_until_somebody_watches_and_again_when_nobody_does(
    world: World,
) -> None:
    client, watch = await world.connect(), watch_of(world)
    asking = world.asking(client, READ)
    await until(lambda: client.held)
    assert client.held[0].lines[0] == f"held by Assent: {LACKS}"
    assert not asking.done()
    async with eyes(watch, client, DORA):
        answer = await asyncio.wait_for(asking, 5)
        assert isinstance(answer, Permitted)
        assert client.session.pause is None
        assert client.said[-1] == ("your session on `shop` is watched now, and goes on",)
    # What was decided while she looked does not serve again when she does not.
    assert answer.epoch != client.session.epoch.value
    assert client.said[-1][0] == f"nobody watches your session on `shop` any more: {LACKS}"
    asking = world.asking(client, READ)
    await until(lambda: len(client.held) > 1)
    assert not asking.done()
    client.session.gone = True
    client.session.nudged.set()
    assert (await asking).kind is RefusalKind.WITHDRAWN


@pytest.mark.parametrize("who", [ANA, CARL])
async def test_oneself_and_those_of_other_groups_do_not_count(world: World, who: Subject) -> None:
    client, watch = await world.connect(), watch_of(world)
    async with eyes(watch, client, who):
        assert client.session.unwatched is not None
        async with eyes(watch, client, BEN):
            assert client.session.unwatched is None
        assert client.session.unwatched is not None


async def test_who_takes_nothing_of_what_they_are_sent_does_not_count_for_long(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_watch, "EYES_S", 0.05)
    client, watch = await world.connect(), watch_of(world)
    glimpses = watch.follow(client.session, by=DORA.id)
    await anext(glimpses)
    assert client.session.unwatched is None
    await until(lambda: client.session.unwatched is not None)
    client.session.told_watchers()
    await anext(glimpses)
    assert client.session.unwatched is None
    await glimpses.aclose()
    assert client.session.unwatched is not None


async def test_who_left_the_group_counts_no_more(world: World) -> None:
    client, watch = await world.connect(), watch_of(world)
    async with eyes(watch, client, DORA):
        assert client.session.unwatched is None
        world.directory.put_subject(replace(DORA, groups=frozenset({"auditors"})))
        client.session.told_watchers()
        await until(lambda: client.session.unwatched is not None)


async def told(world: World) -> list[Notice]:
    while True:
        due = await world.store.due_deliveries(world.clock.now())
        found = {one.key: one for one, _ in due if one.topic == "session.unwatched"}
        if found:
            return list(found.values())
        await asyncio.sleep(0.01)


async def test_those_who_may_watch_are_told_once_and_its_own_person_is_not(world: World) -> None:
    client = await world.connect()
    asked = [world.asking(client, READ), world.asking(client, READ)]
    await until(lambda: len(client.held) == 2)
    (notice,) = await asyncio.wait_for(told(world), 5)
    assert set(notice.to) == {BEN.id, DORA.id}
    assert notice.headline == "ana waits on shop until somebody watches"
    client.session.gone = True
    client.session.nudged.set()
    await asyncio.gather(*asked)


async def test_it_is_refused_when_nobody_comes(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, READ)
    await until(lambda: client.held)
    world.clock.advance(15 * MINUTE)
    client.session.nudged.set()
    refused = await asking
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.TIMED_OUT
    assert refused.message == f"{LACKS}, and nobody came in time"


async def test_nobody_resumes_what_has_to_be_watched(world: World) -> None:
    client, watch = await world.connect(), watch_of(world)
    session, steering = client.session.session.id, world.plane.steering
    with pytest.raises(ConflictFault) as fault:
        await steering.steer(a_caller(CARL), session, Steer.RESUME, "go")
    assert fault.value.detail == f"the session is not paused: {LACKS}"
    async with eyes(watch, client, DORA):
        await steering.steer(a_caller(CARL), session, Steer.PAUSE, "wait")
        assert client.session.pause is not None
    await steering.steer(a_caller(CARL), session, Steer.RESUME, "go")
    assert client.session.pause == client.session.unwatched is not None
