"""What happens to requests: settled once, recovered, and never out of step with the store."""

import asyncio
from typing import cast

import pytest

from assent.control.waiting import Waiting
from assent.core.faults import ConflictFault, MissingFault, OutsideFault
from assent.core.ids import RequestId
from assent.core.ports import Store
from assent.core.request import Request, RequestState, Verdict
from assent.workflow.request import RequestEvent
from builders import BEN, DORA, MINUTE, TIM, World, a_caller


async def asked(world: World) -> Request:
    return await world.access.ask(a_caller(TIM), "shop", None, "", "")


def another(world: World) -> Waiting:
    store = cast(Store, world.store)
    return Waiting(store=store, events=world.events, clock=world.clock, ids=world.ids)


async def test_a_settled_request_is_in_the_store_and_no_longer_in_memory(world: World) -> None:
    request = await asked(world)
    await world.waiting.advance(request.id, RequestEvent.WITHDRAWN)
    assert world.waiting.get(request.id) is None
    found = await world.waiting.find(request.id)
    assert found is not None
    assert found.state is RequestState.WITHDRAWN
    with pytest.raises(ConflictFault, match="withdrawn already"):
        await world.waiting.advance(request.id, RequestEvent.RELEASED)
    with pytest.raises(MissingFault):
        await world.waiting.place(RequestId("req_none"))


async def test_a_move_that_cannot_be_written_did_not_happen(world: World) -> None:
    request = await asked(world)
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.waiting.advance(request.id, RequestEvent.WITHDRAWN)
    current = world.waiting.get(request.id)
    assert current is not None
    assert current.state is RequestState.PENDING


async def test_a_commit_that_was_durable_unheard_is_found_at_the_next_move(world: World) -> None:
    request = await asked(world)
    elsewhere = another(world)
    await elsewhere.recover()
    await elsewhere.advance(request.id, RequestEvent.WITHDRAWN)
    with pytest.raises(ConflictFault):
        await world.waiting.advance(request.id, RequestEvent.SATISFIED)
    assert world.waiting.get(request.id) is None


async def test_one_that_cannot_expire_does_not_keep_the_others_from_it(world: World) -> None:
    first, second = await asked(world), await asked(world)
    elsewhere = another(world)
    await elsewhere.recover()
    await elsewhere.advance(first.id, RequestEvent.WITHDRAWN)
    world.clock.advance(15 * MINUTE)
    await world.waiting.expire(world.clock.now())
    assert (await world.stored(first.id)).state is RequestState.WITHDRAWN
    assert (await world.stored(second.id)).state is RequestState.EXPIRED


async def test_a_request_for_access_outlives_the_process(world: World) -> None:
    request = await asked(world)
    elsewhere = another(world)
    await elsewhere.recover()
    found = elsewhere.get(request.id)
    assert found is not None
    assert found.state is RequestState.PENDING


async def test_listeners_hear_of_a_change_when_it_can_be_moved_again(world: World) -> None:
    request = await asked(world)
    heard = []

    async def listen(changed: Request) -> None:
        heard.append(changed.state)
        if changed.state is RequestState.PENDING:
            await world.waiting.advance(changed.id, RequestEvent.WITHDRAWN)

    world.waiting.when_changed(listen)
    async with asyncio.timeout(5):
        await world.waiting.advance(request.id, RequestEvent.ANSWERED)
    assert heard == [RequestState.PENDING, RequestState.WITHDRAWN]


async def test_questions_are_counted_while_they_are_open_and_unanswered(world: World) -> None:
    first, second = await asked(world), await asked(world)
    assert (world.waiting.questions(BEN.id), world.waiting.questions(DORA.id)) == (2, 2)
    await world.requests.answer(a_caller(BEN), first.id, Verdict.REJECT, "")
    assert (world.waiting.questions(BEN.id), world.waiting.questions(DORA.id)) == (1, 1)
    elsewhere = another(world)
    await elsewhere.recover()
    assert elsewhere.questions(DORA.id) == 1
    await world.waiting.advance(second.id, RequestEvent.WITHDRAWN)
    assert world.waiting.questions(DORA.id) == 0
    assert len((await asked(world)).asked) == 2
