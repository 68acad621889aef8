"""The outbox: a notice is kept with its state, and who may see what could not be delivered."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from assent.core.faults import ForbiddenFault, MissingFault
from assent.core.ids import GrantId, NoticeId, RequestId, SubjectId
from builders import BEN, CARL, TIM, World, a_caller, a_subject, a_world
from channels import Channel

AUDITOR = a_subject("otto", "auditors")
OPERATOR = a_subject("olga", "operators")


@pytest.fixture
def chat() -> Channel:
    return Channel()


@pytest_asyncio.fixture
async def world(tmp_path: Path, chat: Channel) -> AsyncIterator[World]:
    async with a_world(tmp_path, notifiers=(chat,)) as built:
        yield built


async def a_dead_notice(world: World, chat: Channel) -> NoticeId:
    chat.refuses = True
    put = world.outbox.notice("grant.ending", to=[BEN.id], headline="it ends")
    await world.store.commit((put,), ())
    await world.outbox.deliver()
    assert put.notice.id is not None
    return put.notice.id


def test_a_notice_says_what_it_is_about_and_where_to_look(world: World) -> None:
    request = RequestId("req_1")
    notice = world.outbox.notice("request.asked", to=[BEN.id], headline="x", request=request).notice
    assert notice.link == "http://127.0.0.1:8470/requests/req_1"
    assert notice.thread == "req_1"
    grant = world.outbox.notice("grant.ending", to=(), headline="x", grant=GrantId("grt_1")).notice
    assert (grant.link, grant.thread) == ("", "grt_1")
    elsewhere = world.outbox.notice("x", to=(), headline="x", link="https://elsewhere.example/a")
    assert elsewhere.notice.link == "https://elsewhere.example/a"


def test_the_same_words_about_the_same_thing_have_one_key(world: World) -> None:
    def key(headline: str, *to: SubjectId) -> str:
        return world.outbox.notice("t", to=to, headline=headline, thread="req_1").notice.key

    assert key("a", BEN.id, TIM.id) == key("a", TIM.id, BEN.id)
    assert len({key("a", BEN.id), key("b", BEN.id), key("a", TIM.id)}) == 3
    assert world.outbox.notice("t", to=(), headline="a", key="mine").notice.key == "mine"
    loose = {world.outbox.notice("t", to=(), headline="a").notice.key for _ in range(2)}
    assert len(loose) == 2


def test_what_people_wrote_becomes_one_bounded_line(world: World) -> None:
    notice = world.outbox.notice(
        "t", to=(), headline="a\nb\x1b[31m\u202ec", lines=["x" * 900] * 90
    ).notice
    assert notice.headline == "a b [31m c"
    assert len(notice.lines) == 20
    assert len(notice.lines[0]) == 500


async def test_what_was_given_up_is_seen_by_those_who_look_after_it(
    world: World, chat: Channel
) -> None:
    notice = await a_dead_notice(world, chat)
    for person in (CARL, AUDITOR, OPERATOR):
        found = await world.outbox.dead(a_caller(person))
        assert [(item.notice.id, item.delivery.error) for item in found] == [
            (notice, "the chat has no such room")
        ]
    with pytest.raises(ForbiddenFault, match=r"`health\.read`"):
        await world.outbox.dead(a_caller(BEN))


async def test_what_was_given_up_can_be_tried_again(world: World, chat: Channel) -> None:
    notice = await a_dead_notice(world, chat)
    with pytest.raises(ForbiddenFault):
        await world.outbox.retry(a_caller(AUDITOR), notice)
    with pytest.raises(MissingFault, match="given up"):
        await world.outbox.retry(a_caller(OPERATOR), NoticeId("ntc_none"))
    chat.refuses = False
    world.clock.advance(timedelta(days=3))
    again = await world.outbox.retry(a_caller(OPERATOR), notice)
    assert [item.delivery.channel for item in again] == ["chat"]
    await world.outbox.deliver()
    assert chat.told == [("grant.ending", ("ben",))]
    assert await world.outbox.dead(a_caller(CARL)) == []
