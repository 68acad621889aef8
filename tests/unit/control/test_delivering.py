"""Delivering: at least once, each channel on its own, with back-off, and never for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from assent.control.delivering import (
    GIVE_UP_AFTER,
    MOST_TRIES,
    PAGES,
    REST,
    Delivering,
    channels,
    spread,
    wait_after,
)
from assent.core.faults import OutsideFault
from assent.core.ids import NoticeId
from assent.core.notice import Delivery, Notice
from builders import BEN, DORA, World, a_world, disabled
from channels import Channel


@pytest.fixture
def chat() -> Channel:
    return Channel()


@pytest.fixture
def mail() -> Channel:
    return Channel("mail")


@pytest_asyncio.fixture
async def world(tmp_path: Path, chat: Channel, mail: Channel) -> AsyncIterator[World]:
    async with a_world(tmp_path, notifiers=(chat, mail)) as built:
        yield built


def delivering(world: World, *known: Channel, within_s: float = 0.05) -> Delivering:
    return Delivering(
        store=world.store,  # type: ignore[arg-type]
        channels=channels(known),
        directory=world.directory,
        events=world.events,
        clock=world.clock,
        jitter=lambda *_: 0.0,
        within_s=within_s,
    )


async def keep(world: World, headline: str = "hello", **fields: object) -> NoticeId:
    put = world.outbox.notice("t", to=[BEN.id, DORA.id], headline=headline, **fields)  # type: ignore[arg-type]
    await world.store.commit((put,), ())
    assert put.notice.id is not None
    return put.notice.id


async def deliver(sending: Delivering) -> None:
    async with asyncio.TaskGroup() as tasks:
        await sending.due(lambda one, how: tasks.create_task(sending.send(one, how)))


async def test_a_notice_reaches_every_channel_and_the_pages_once(
    world: World, chat: Channel, mail: Channel
) -> None:
    await keep(world)
    async with world.events.subscribe() as heard:
        await world.outbox.deliver()
        await world.outbox.deliver()
        assert (await anext(heard)).headline == "hello"
    assert chat.told == mail.told == [("t", ("ben", "dora"))]


async def test_a_key_that_is_known_tells_nothing_again(world: World, chat: Channel) -> None:
    await keep(world, key="once")
    await keep(world, key="once")
    await world.outbox.deliver()
    assert len(chat.told) == 1


async def test_a_channel_that_is_away_is_tried_again_after_longer_and_longer(
    world: World, chat: Channel
) -> None:
    sending = delivering(world, chat)
    chat.away = True
    await keep(world)
    waits = []
    for _ in range(4):
        before = chat.tries
        while chat.tries == before:
            await deliver(sending)
            world.clock.advance(timedelta(seconds=2.5))
        waits.append(world.clock.now())
    gaps = [(b - a).total_seconds() for a, b in pairwise(waits)]
    assert gaps == [2.5, 5.0, 10.0]
    chat.away = False
    world.clock.advance(timedelta(minutes=1))
    await deliver(sending)
    assert chat.told == [("t", ("ben", "dora"))]


def test_the_wait_doubles_up_to_an_hour_and_luck_spreads_it() -> None:
    assert wait_after(1, 0.0) == timedelta(seconds=2.5)
    assert wait_after(2, 1.0) == timedelta(seconds=10)
    assert wait_after(500, 1.0) == timedelta(hours=1)
    lucks = {spread(NoticeId(f"ntc_{number}"), "chat", 1) for number in range(50)}
    assert len(lucks) == 50
    assert all(0 <= luck < 1 for luck in lucks)


async def test_a_channel_that_hangs_keeps_no_other_from_its_notices(
    world: World, chat: Channel, mail: Channel
) -> None:
    sending = delivering(world, chat, mail)
    chat.hangs = True
    for number in range(6):
        await keep(world, f"number {number}")
    await deliver(sending)
    await deliver(sending)
    assert len(mail.told) == 6
    # It was given four at once and then a rest, and nothing more meanwhile.
    assert chat.tries == 4
    await deliver(sending)
    assert chat.tries == 4
    chat.hangs = False
    world.clock.advance(REST)
    await deliver(sending)
    await deliver(sending)
    assert len(chat.told) == 6


async def test_what_is_tried_too_often_or_too_long_is_given_up_and_kept(
    world: World, chat: Channel, mail: Channel
) -> None:
    sending = delivering(world, chat, mail)
    notice = await keep(world)
    chat.away = True
    for _ in range(MOST_TRIES - 1):
        await deliver(sending)
        world.clock.advance(timedelta(hours=1) - GIVE_UP_AFTER / 10_000)
    dead = await world.store.dead_deliveries()
    assert [(one.id, how.channel, how.error) for one, how in dead] == []
    world.clock.advance(GIVE_UP_AFTER)
    await deliver(sending)
    dead = await world.store.dead_deliveries()
    assert [(one.id, how.channel) for one, how in dead] == [(notice, "chat")]
    assert "cannot be reached" in dead[0][1].error


async def test_a_channel_that_says_never_is_not_asked_again(world: World, chat: Channel) -> None:
    sending = delivering(world, chat)
    chat.refuses = True
    await keep(world)
    await deliver(sending)
    world.clock.advance(timedelta(days=1))
    await deliver(sending)
    assert chat.tries == 1


async def test_a_fault_of_ours_in_a_channel_loses_no_notice(world: World, chat: Channel) -> None:
    sending = delivering(world, chat)
    chat.broken = True
    await keep(world)
    await deliver(sending)
    chat.broken = False
    world.clock.advance(timedelta(minutes=1))
    await deliver(sending)
    assert len(chat.told) == 1


async def test_a_channel_that_was_taken_away_holds_nothing_up(world: World, chat: Channel) -> None:
    await keep(world)
    sending = delivering(world, chat)
    await deliver(sending)
    dead = await world.store.dead_deliveries()
    assert [how.channel for _, how in dead] == ["mail"]


async def test_nobody_who_is_disabled_is_told(world: World, chat: Channel) -> None:
    await keep(world)
    world.replace_people(disabled(BEN))
    await world.outbox.deliver()
    assert chat.told == [("t", ("dora",))]
    await keep(world, "second")
    world.replace_people(disabled(DORA))
    await world.outbox.deliver()
    assert len(chat.told) == 1


async def test_a_notice_for_whoever_watches_is_sent_without_names(
    world: World, chat: Channel
) -> None:
    await world.store.commit((world.outbox.notice("t", to=(), headline="look"),), ())
    await world.outbox.deliver()
    assert chat.told == [("t", ())]


async def test_what_is_loud_goes_everywhere_and_the_rest_where_it_is_wanted(
    tmp_path: Path,
) -> None:
    chat, mail = Channel(), Channel("mail")
    wanted = frozenset({"mail"})
    async with a_world(tmp_path, notifiers=(chat, mail), ordinary_channels=wanted) as world:
        await keep(world, "quiet")
        await keep(world, "loud", loud=True)
        await world.outbox.deliver()
        assert [one.headline for one in chat.notices] == ["loud"]
        assert [one.headline for one in mail.notices] == ["quiet", "loud"]


async def test_one_thread_is_told_in_order_each_in_the_place_of_the_one_before(
    world: World, chat: Channel
) -> None:
    for number in range(3):
        await keep(world, f"number {number}", thread="req_1")
        world.clock.advance(timedelta(seconds=1))
    for _ in range(3):
        await world.outbox.deliver()
    assert [one.headline for one in chat.notices] == ["number 0", "number 1", "number 2"]
    assert chat.earlier == ["", "message-1", "message-2"]


async def test_what_comes_late_takes_the_place_of_nothing_newer(
    world: World, chat: Channel
) -> None:
    chat.away = True
    await keep(world, "late", thread="req_1")
    await world.outbox.deliver()
    chat.away = False
    await keep(world, "newer", thread="req_1")
    await world.outbox.deliver()
    world.clock.advance(timedelta(minutes=1))
    await world.outbox.deliver()
    assert [one.headline for one in chat.notices] == ["newer", "late"]
    assert chat.earlier == ["", ""]


async def test_what_holds_no_more_is_not_told(world: World, chat: Channel) -> None:
    world.outbox.only_while("t", lambda notice: notice.headline != "stale")
    await keep(world, "stale")
    await keep(world, "fresh")
    await world.outbox.deliver()
    assert [one.headline for one in chat.notices] == ["fresh"]


async def test_what_a_channel_took_is_not_sent_again_because_the_store_was_away(
    world: World, chat: Channel
) -> None:
    await keep(world)
    sending = delivering(world, chat)
    started: list[tuple[Notice, Delivery]] = []
    with suppress(OutsideFault):
        await sending.due(lambda one, how: started.append((one, how)))
    world.store.away = True
    await sending.send(*started[0])
    assert chat.tries == 1
    world.store.away = False
    await deliver(sending)
    await deliver(sending)
    assert chat.tries == 1
    assert await world.store.due_deliveries(world.clock.now() + timedelta(days=9)) == []


def test_the_pages_are_always_a_channel() -> None:
    assert channels().of(loud=False) == (PAGES,)
