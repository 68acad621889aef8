"""Who is told of a request: few at first, more on a clock, all of them once how it ended."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from assent.control.choosing import Pace
from assent.core.faults import OutsideFault
from assent.core.impact import Impact, Waiter
from assent.core.request import Request, RequestState, Verdict
from assent.core.subject import Subject
from assent.workflow.request import RequestEvent
from builders import (
    ANA,
    CARL,
    DELETE_ALL,
    MINUTE,
    TIM,
    World,
    a_caller,
    a_subject,
    a_world,
    disabled,
)
from channels import Channel

STAGES = """
@id("staged") @require("approve: 1 of dba > 1 of security") @message("two teams")
forbid (principal in Group::"temps", action == Action::"access.request", resource);
"""
ESCALATED = """
@id("escalated") @require("approve: 1 of dba") @escalate("10m: security") @message("or security")
forbid (principal in Group::"engineers", action == Action::"access.request", resource);
"""


@pytest.fixture
def chat() -> Channel:
    return Channel()


@pytest_asyncio.fixture
async def world(tmp_path: Path, chat: Channel) -> AsyncIterator[World]:
    async with a_world(tmp_path, notifiers=(chat,)) as built:
        yield built


async def asked(world: World, by: Subject = TIM) -> Request:
    return await world.access.ask(a_caller(by), "shop", None, "", "")


async def later(world: World, by: timedelta) -> None:
    """Let time pass, and what it brings happen and be delivered."""
    world.clock.advance(by)
    await world.sweep.once()
    await world.timers.once()
    # One of a thread goes out at a time.
    for _ in range(3):
        await world.outbox.deliver()


def a_hundred_dbas(world: World) -> None:
    world.replace_people(*(a_subject(f"p{number:03}", "dba") for number in range(98)))


async def test_a_hundred_people_who_may_answer_are_not_a_hundred_who_are_told(
    world: World, chat: Channel
) -> None:
    a_hundred_dbas(world)
    request = await asked(world)
    await world.outbox.deliver()
    assert chat.told == [("request.asked", ("ben", "dora"))]
    assert list(request.asked) == ["sub_ben", "sub_dora"]
    anybody = a_caller(a_subject("p050", "dba"))
    await world.requests.answer(anybody, request.id, Verdict.APPROVE, "")
    assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_more_are_told_on_a_clock_twice_as_many_each_time(
    world: World, chat: Channel
) -> None:
    a_hundred_dbas(world)
    request = await asked(world)
    for _ in range(3):
        await later(world, 2 * MINUTE)
    numbers = [len(names) for topic, names in chat.told if topic == "request.asked"]
    assert numbers == [2, 2, 4, 8]
    assert len((await world.stored(request.id)).asked) == 16


async def test_a_reminder_comes_and_the_next_one_after_twice_the_time(
    world: World, chat: Channel
) -> None:
    await asked(world)
    for _ in range(14):
        await later(world, MINUTE)
    reminders = [names for topic, names in chat.told if topic == "request.reminder"]
    assert reminders == [("ben", "dora"), ("ben", "dora")]


async def test_everybody_who_was_told_hears_once_how_it_ended(world: World, chat: Channel) -> None:
    request = await asked(world)
    await world.outbox.deliver()
    ben = next(person for person in world.directory.subjects() if person.name == "ben")
    await world.requests.answer(a_caller(ben), request.id, Verdict.APPROVE, "")
    await later(world, timedelta())
    await later(world, 20 * MINUTE)
    settled = [names for topic, names in chat.told if topic == "request.settled"]
    assert settled == [("ben", "dora")]
    headline = next(one.headline for one in chat.notices if one.topic == "request.settled")
    assert headline == "settled: tim: access on shop · assented to by ben; granted"
    assert ("request.answered", ("tim",)) in chat.told
    assert chat.topics().count("request.reminder") == 0


async def test_the_last_word_takes_the_place_of_the_question(world: World, chat: Channel) -> None:
    request = await asked(world)
    await world.outbox.deliver()
    await world.waiting.advance(request.id, RequestEvent.WITHDRAWN, by=TIM.id)
    await world.outbox.deliver()
    assert chat.topics() == ["request.asked", "request.settled"]
    assert chat.earlier == ["", "message-1"]


async def test_a_question_that_was_settled_before_it_could_be_told_is_not_told(
    world: World, chat: Channel
) -> None:
    request = await asked(world)
    await world.waiting.advance(request.id, RequestEvent.WITHDRAWN, by=TIM.id)
    await world.outbox.deliver()
    assert "request.asked" not in chat.topics()


async def test_who_was_disabled_meanwhile_is_told_nothing_and_others_are_asked(
    world: World, chat: Channel
) -> None:
    a_hundred_dbas(world)
    request = await asked(world)
    for person in world.directory.subjects():
        if person.id in request.asked:
            world.replace_people(disabled(person))
    await world.outbox.deliver()
    assert chat.told == []
    await later(world, 2 * MINUTE)
    assert chat.told == [("request.asked", ("p000", "p001"))]


async def test_the_next_stage_is_asked_once_the_one_before_is_met(
    tmp_path: Path, chat: Channel
) -> None:
    async with a_world(tmp_path, STAGES, notifiers=(chat,)) as world:
        request = await asked(world)
        await world.outbox.deliver()
        assert chat.told == [("request.asked", ("ben", "dora"))]
        ben = next(person for person in world.directory.subjects() if person.name == "ben")
        await world.requests.answer(a_caller(ben), request.id, Verdict.APPROVE, "")
        await world.outbox.deliver()
        assert chat.told[1:] == [("request.asked", ("carl",))]


async def test_an_escalation_asks_the_further_group_at_its_time(
    tmp_path: Path, chat: Channel
) -> None:
    async with a_world(tmp_path, ESCALATED, notifiers=(chat,)) as world:
        request = await asked(world, ANA)
        await later(world, 9 * MINUTE)
        assert CARL.id not in (await world.stored(request.id)).asked
        await later(world, MINUTE)
        assert ("request.asked", ("carl",)) in chat.told
        await world.requests.answer(a_caller(CARL), request.id, Verdict.APPROVE, "")
        assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_in_a_transaction_more_are_asked_at_once_when_others_wait_for_its_locks(
    world: World, chat: Channel
) -> None:
    a_hundred_dbas(world)
    client = await world.connect()
    question = replace(DELETE_ALL, in_transaction=True)
    holding = world.asking(client, question)
    request = await world.held(client)
    place = await world.waiting.place(request)
    place.request = replace(place.request, impact=Impact(rows=1))
    world.waiting.look_again(request, (Waiter("ben", "psql", 12),))
    await world.sweep.once()
    assert len((await world.stored(request)).asked) == 100
    await world.waiting.advance(request, RequestEvent.WITHDRAWN)
    await holding
    await world.outbox.deliver()
    assert "request.answered" not in chat.topics()


async def test_a_hold_in_a_transaction_widens_after_a_third_of_its_time(
    world: World, chat: Channel
) -> None:
    a_hundred_dbas(world)
    client = await world.connect()
    holding = world.asking(client, replace(DELETE_ALL, in_transaction=True))
    request = await world.held(client)
    await later(world, timedelta(seconds=20))
    assert len((await world.stored(request)).asked) == 4
    await world.waiting.advance(request, RequestEvent.WITHDRAWN)
    await holding


async def test_a_notice_names_no_statement_unless_it_is_told_to(
    tmp_path: Path, world: World, chat: Channel
) -> None:
    client = await world.connect()
    holding = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.outbox.deliver()
    said = "\n".join((chat.notices[0].headline, *chat.notices[0].lines))
    assert "delete from orders" not in said
    assert "needs your assent: ana: sql.delete on shop" in said
    assert chat.notices[0].link.endswith(f"/requests/{request}")
    await world.waiting.advance(request, RequestEvent.WITHDRAWN)
    await holding
    other = Channel()
    said_so = Pace(statements=True)
    async with a_world(tmp_path / "other", notifiers=(other,), pace=said_so) as loose:
        client = await loose.connect()
        holding = loose.asking(client, DELETE_ALL)
        await loose.held(client)
        await loose.outbox.deliver()
        assert "delete from orders" in other.notices[0].lines
        await loose.waiting.advance(await loose.held(client), RequestEvent.WITHDRAWN)
        await holding


async def test_a_request_that_cannot_be_kept_leaves_no_notice_and_no_timer(
    world: World, chat: Channel
) -> None:
    world.store.refused_kinds.add("request.opened")
    with pytest.raises(OutsideFault):
        await asked(world)
    await later(world, 5 * MINUTE)
    assert chat.told == []
    assert await world.store.due_timers(world.clock.now() + timedelta(days=9)) == []


async def test_timers_of_what_is_settled_are_gone(world: World) -> None:
    request = await asked(world)
    assert await world.store.due_timers(world.clock.now() + timedelta(days=9)) != []
    await world.waiting.advance(request.id, RequestEvent.WITHDRAWN)
    assert await world.store.due_timers(world.clock.now() + timedelta(days=9)) == []


async def test_a_request_that_expires_says_so_to_those_who_were_asked(
    world: World, chat: Channel
) -> None:
    await asked(world)
    await later(world, 15 * MINUTE)
    headline = next(one.headline for one in chat.notices if one.topic == "request.settled")
    assert headline == "settled: tim: access on shop · expired: nobody answered in time"


async def test_what_asks_nobody_tells_nobody(world: World, chat: Channel) -> None:
    await world.opened()
    await later(world, timedelta())
    assert chat.told == []
