"""Held requests that outlive the process: set aside, answered meanwhile, taken up by the same."""

import asyncio
import json
from contextlib import suppress
from dataclasses import replace

import pytest

from assent.core.changes import PutRequest
from assent.core.plugins import Authorize, Permitted, RefusalKind, Refused
from assent.core.request import Request, RequestState, Verdict
from assent.policy.more import EXCEEDS
from builders import (
    ANA,
    BEN,
    CARL,
    DELETE_ALL,
    DORA,
    MINUTE,
    POLICIES,
    Client,
    World,
    a_caller,
    a_request,
    a_statement,
    an_action,
    asking_to,
    restarted,
    until,
)

TWO_DBAS = POLICIES.replace("approve: 1 of dba", "approve: 2 of dba")


async def killed(world: World, question: Authorize = DELETE_ALL) -> tuple[World, Request]:
    """Hold a statement, end the process without a word, and start the next one."""
    client = await world.connect()
    asking = world.asking(client, question)
    request = await world.held(client)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    again = await restarted(world)
    return again, await again.stored(request)


async def test_a_held_request_whose_process_died_is_set_aside_and_can_be_answered(
    world: World,
) -> None:
    deadline = world.clock.now() + 15 * MINUTE
    again, request = await killed(world)
    assert request.state is RequestState.PENDING
    assert request.detached
    assert request.deadline_at == deadline
    assert "send the same again" in request.outcome
    assert [one.id for one in await again.requests.inbox(a_caller(BEN))] == [request.id]
    answered = await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    assert answered.state is RequestState.APPROVED
    assert answered.detached


async def test_who_sends_the_same_again_goes_on_in_the_same_request(world: World) -> None:
    again, request = await killed(world)
    client = await again.connect()
    asking = again.asking(client, DELETE_ALL)
    assert await again.held(client) == request.id
    assert not (await again.stored(request.id)).detached
    await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    answer = await asking
    assert isinstance(answer, Permitted)
    assert answer.request == request.id
    assert (await again.stored(request.id)).state is RequestState.RELEASED


async def test_what_was_assented_to_meanwhile_is_let_go_at_once(world: World) -> None:
    again, request = await killed(world)
    await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    client = await again.connect()
    answer = await again.did(client, DELETE_ALL)
    assert isinstance(answer, Permitted)
    assert client.held == []
    assert (await again.stored(request.id)).state is RequestState.COMPLETED


async def test_what_runs_is_the_action_that_was_assented_to_and_the_log_names_both_sessions(
    world: World,
) -> None:
    again, request = await killed(world)
    await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    client = await again.connect()
    answer, action = await again.sessions.attempts.authorize(
        client.session, DELETE_ALL, client.held.append
    )
    assert isinstance(answer, Permitted)
    assert action.id == request.action.id
    assert action.digest() == request.action_digest
    leaves = [json.loads(one.leaf) for one in await again.store.entries(limit=10_000)]
    taken = [leaf for leaf in leaves if leaf["facts"].get("taken_up")]
    new = client.session.session.id
    assert [leaf["facts"]["taken_up"] for leaf in taken] == [new]
    assert taken[0]["facts"]["held_in"] == request.action.session != new
    assert taken[0]["session"] == new


async def test_the_log_says_when_it_was_taken_up_in_a_session_that_is_open_for_long(
    world: World,
) -> None:
    again, request = await killed(world)
    client = await again.connect()
    again.clock.advance(MINUTE)
    asking = again.asking(client, DELETE_ALL)
    assert await again.held(client) == request.id
    leaves = [json.loads(one.leaf) for one in await again.store.entries(limit=10_000)]
    (taken,) = [leaf for leaf in leaves if leaf["facts"].get("taken_up")]
    # An entry is not older than those before it, or the log would not verify.
    assert taken["at"] == max(leaf["at"] for leaf in leaves)
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking


async def test_it_is_decided_again_on_the_facts_of_the_new_session(world: World) -> None:
    _, request = await killed(world)
    stricter = await restarted(world, TWO_DBAS)
    await stricter.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    client = await stricter.connect()
    asking = stricter.asking(client, DELETE_ALL)
    await until(lambda: client.held)
    assert "asks again" in (await stricter.stored(request.id)).outcome
    await stricter.requests.answer(a_caller(DORA), request.id, Verdict.APPROVE, "go")
    assert isinstance(await asking, Permitted)


@pytest.mark.parametrize(
    "question",
    [
        asking_to("sql.delete", "delete from customers", has_where=False),
        asking_to("sql.delete", "delete from orders", has_where=False, in_transaction=True),
    ],
)
async def test_something_else_is_asked_for_by_itself(world: World, question: Authorize) -> None:
    again, request = await killed(world)
    client = await again.connect()
    asking = again.asking(client, question)
    other = await again.held(client)
    assert other != request.id
    assert (await again.stored(request.id)).detached
    await _end(again, client, asking)


async def test_the_same_text_that_touches_something_else_is_asked_for_by_itself(
    world: World,
) -> None:
    again, request = await killed(world)
    await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    client = await again.connect()
    elsewhere = replace(
        DELETE_ALL, statement=a_statement("sql.delete", has_where=False, name="secret.orders")
    )
    asking = again.asking(client, elsewhere)
    assert await again.held(client) != request.id
    assert (await again.stored(request.id)).detached
    await _end(again, client, asking)


async def test_somebody_else_does_not_take_it_up(world: World) -> None:
    again, request = await killed(world)
    client = await again.connect(DORA if "engineers" in DORA.groups else BEN)
    asking = again.asking(client, DELETE_ALL)
    assert await again.held(client) != request.id
    await _end(again, client, asking)


async def test_two_sessions_that_send_the_same_take_it_up_once(world: World) -> None:
    again, request = await killed(world)
    clients = [await again.connect(), await again.connect()]
    asking = [again.asking(client, DELETE_ALL) for client in clients]
    held = {await again.held(client) for client in clients}
    assert len(held) == 2
    assert request.id in held
    await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    await until(lambda: any(one.done() for one in asking))
    assert sum(one.done() for one in asking) == 1
    for client, one in zip(clients, asking, strict=True):
        if not one.done():
            await _end(again, client, one)


async def test_one_that_nobody_takes_up_expires_at_its_own_deadline(world: World) -> None:
    again, request = await killed(world)
    again.clock.advance(15 * MINUTE)
    await again.waiting.expire(again.clock.now())
    assert (await again.stored(request.id)).state is RequestState.EXPIRED


@pytest.mark.parametrize("approved", [False, True])
async def test_after_its_deadline_nobody_takes_it_up_swept_or_not(
    world: World, approved: bool
) -> None:
    again, request = await killed(world)
    if approved:
        await again.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go")
    again.clock.advance(15 * MINUTE)
    client = await again.connect()
    asking = again.asking(client, DELETE_ALL)
    assert await again.held(client) != request.id
    await _end(again, client, asking)


async def test_a_second_death_sets_it_aside_again(world: World) -> None:
    again, request = await killed(world)
    third, found = await killed(again)
    assert found.id == request.id
    assert found.detached
    assert (await third.stored(request.id)).state is RequestState.PENDING


async def test_what_waited_in_a_transaction_is_interrupted(world: World) -> None:
    question = asking_to("sql.delete", "delete from orders", has_where=False, in_transaction=True)
    _, request = await killed(world, question)
    assert request.state is RequestState.INTERRUPTED
    assert "did not run" in request.outcome


async def test_the_rest_of_a_result_is_interrupted(world: World) -> None:
    held = a_request(an_action("sql.read", details={EXCEEDS: "max_rows 10"}))
    await world.store.commit((PutRequest(held),), ())
    await restarted(world)
    assert (await world.stored(held.id)).state is RequestState.INTERRUPTED


async def test_what_a_stopped_process_had_released_ran_at_most_once(world: World) -> None:
    released = a_request(an_action("sql.delete"), state=RequestState.RELEASED)
    await world.store.commit((PutRequest(released),), ())
    again = await restarted(world)
    settled = await world.stored(released.id)
    assert settled.state is RequestState.OUTCOME_UNKNOWN
    assert "at most once" in settled.outcome
    client = await again.connect()
    asking = again.asking(client, DELETE_ALL)
    assert await again.held(client) != released.id
    await _end(again, client, asking)


async def test_a_stop_sets_it_aside_and_tells_the_client_where_to_go_on(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.holding.stop()
    answer = await asking
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.UNAVAILABLE
    assert f"the gateway is restarting; request {request} stays open until " in answer.message
    assert "connect again and send it again" in answer.message
    found = await world.stored(request)
    assert (found.state, found.detached) == (RequestState.PENDING, True)
    # Its connection is cut then: that withdraws nothing.
    await world.sessions.ending.end(client.session, "the gateway is stopping", cut=True)
    assert (await world.stored(request)).state is RequestState.PENDING


async def test_a_stop_ends_what_waits_in_a_transaction(world: World) -> None:
    client = await world.connect()
    question = asking_to("sql.delete", "delete from orders", has_where=False, in_transaction=True)
    asking = world.asking(client, question)
    request = await world.held(client)
    await world.holding.stop()
    answer = await asking
    assert isinstance(answer, Refused)
    assert "did not run" in answer.message
    assert (await world.stored(request)).state is RequestState.INTERRUPTED


async def test_after_a_stop_nothing_is_held_any_more(world: World) -> None:
    client = await world.connect()
    await world.holding.stop()
    answer = await world.ask(client, DELETE_ALL)
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.UNAVAILABLE
    await world.requests.list(a_caller(CARL), (), mine=False)


async def test_hanging_up_withdraws_as_ever(world: World) -> None:
    again, request = await killed(world)
    client = await again.connect()
    asking = again.asking(client, DELETE_ALL)
    await again.held(client)
    await again.sessions.ending.end(client.session, "the client hung up")
    assert isinstance(await asking, Refused)
    assert (await again.stored(request.id)).state is RequestState.WITHDRAWN
    assert ANA.id == request.action.subject


async def _end(world: World, client: Client, asking: "asyncio.Task[object]") -> None:
    live = client.session
    world.live.cancel(live.process_id, live.secret_key)
    await asking
