"""Watching a session: nothing before the log says who, and no more than whoever reads can take."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from assent.control.live_watch import MOST_AT_ONCE, Glimpse, LiveWatch
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.frame import RowsFrame, StatementFrame
from assent.core.ids import SessionId
from assent.core.role import Role
from assent.recording.frames import decode, encode
from builders import ANA, CARL, NOON, TIM, Client, World, a_caller, until


def frame(number: int, text: str = "select 1") -> StatementFrame:
    return StatementFrame(number, NOON, text, (), "permit", "ent_1")


def record(world: World, client: Client, *frames: Any) -> None:
    """Record, as a gateway does."""
    for one in frames:
        world.recorder.record(client.session.session.id, one)
        client.session.told_watchers()


class Kept:
    """What was recorded, as it is read back."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def page(
        self, session: SessionId, after: int = 0, limit: int | None = None
    ) -> list[tuple[int, dict[str, Any]]]:
        kept = [decode(encode(one)) for one in self.world.recorder.kept[session]]
        return list(enumerate(kept, 1))[after:][:limit]

    async def segments(self, session: SessionId) -> tuple[()]:
        return ()


def watch_of(world: World, *, tells: bool = False) -> LiveWatch:
    return LiveWatch(
        store=world.store,
        library=Kept(world),  # type: ignore[arg-type]
        views=world.views,
        directory=world.directory,
        live=world.live,
        clock=world.clock,
        ids=world.ids,
        tells=tells,
    )


async def test_who_watches_somebody_else_is_in_the_log_before_anything_is_shown(
    world: World,
) -> None:
    client = await world.connect()
    caller = replace(a_caller(CARL), reason="INC-7")
    live = await watch_of(world).begin(caller, client.session.session.id)
    assert live is client.session
    leaf = json.loads((await world.store.leaves(0, 1_000))[-1])
    assert (leaf["kind"], leaf["subject"], leaf["facts"]) == (
        "session.watched",
        CARL.id,
        {"of": ANA.id},
    )
    assert client.said == []


async def test_a_page_that_was_away_for_a_moment_is_the_same_one(world: World) -> None:
    client = await world.connect()
    watch = watch_of(world)
    for _ in range(3):
        await watch.begin(a_caller(CARL), client.session.session.id)
    assert world.journal.count("session.watched") == 1


async def test_the_person_is_told_where_the_operator_wants_it(world: World) -> None:
    client = await world.connect()
    await watch_of(world, tells=True).begin(a_caller(CARL), client.session.session.id)
    assert client.said == [("carl watches this session from now on",)]


async def test_ones_own_session_is_watched_without_an_entry(world: World) -> None:
    client = await world.connect()
    await watch_of(world).begin(a_caller(ANA), client.session.session.id)
    assert "session.watched" not in world.journal


async def test_a_log_that_is_away_shows_nothing(world: World) -> None:
    client = await world.connect()
    world.store.away = True
    with pytest.raises(OutsideFault):
        await watch_of(world).begin(a_caller(CARL), client.session.session.id)


async def test_others_and_administrators_without_a_reason_see_nothing(world: World) -> None:
    client = await world.connect()
    with pytest.raises(MissingFault):
        await watch_of(world).begin(a_caller(TIM), client.session.session.id)
    ruler = replace(a_caller(CARL), roles=frozenset({Role.ADMINISTRATOR}))
    with pytest.raises(ForbiddenFault):
        await watch_of(world).begin(ruler, client.session.session.id)
    await world.sessions.ending.end(client.session, "done")
    with pytest.raises(ConflictFault):
        await watch_of(world).begin(a_caller(CARL), client.session.session.id)


async def test_what_is_recorded_is_shown_and_the_end_is_told(world: World) -> None:
    client = await world.connect()
    record(world, client, frame(1, "select 'before'"))
    seen: list[Glimpse] = []

    async def look() -> None:
        async for glimpse in watch_of(world).follow(client.session):
            seen.append(glimpse)  # noqa: PERF401

    looking = asyncio.create_task(look())
    await until(lambda: seen)
    record(world, client, RowsFrame(1, NOON, ("id",), (("1",),)), frame(2, "x" * 20_000))
    await asyncio.wait_for(_until_texts(seen, 2), 5)
    await world.sessions.ending.end(client.session, "done")
    client.session.told_watchers()
    await asyncio.wait_for(looking, 5)
    shown = [one for glimpse in seen for _, one in glimpse.frames]
    texts = [one["text"] for one in shown if one["kind"] == "statement"]
    assert all(one["kind"] != "rows" for one in shown)
    assert texts == ["select 'before'", "x" * 10_000]
    assert seen[-1].over
    assert client.session.watchers == ()


async def _until_texts(seen: list[Glimpse], count: int) -> None:
    while sum(len(glimpse.frames) for glimpse in seen) < count:
        await asyncio.sleep(0.01)


async def test_whoever_reads_slowly_is_told_how_much_was_left_out(world: World) -> None:
    client = await world.connect()
    record(world, client, *(frame(number) for number in range(1, 5_001)))
    async for glimpse in watch_of(world).follow(client.session):
        assert len(glimpse.frames) == MOST_AT_ONCE
        assert glimpse.skipped == 5_000 - MOST_AT_ONCE
        assert glimpse.frames[-1][0] == 5_000
        break


async def test_a_server_that_stops_ends_what_is_watched(world: World) -> None:
    client = await world.connect()
    watch = watch_of(world)
    looking = asyncio.create_task(_all(watch, client))
    await until(lambda: client.session.watchers)
    watch.close()
    assert await asyncio.wait_for(looking, 5) >= 0


async def _all(watch: LiveWatch, client: Client) -> int:
    return len([glimpse async for glimpse in watch.follow(client.session)])
