"""A paused session: what is sent waits, runs after a resume, and is else refused in the log."""

import asyncio
import json
from typing import Any

import pytest

from assent.control import steered
from assent.control.steering import Steer
from assent.core.action import Phase
from assent.core.plugins import Authorize, Permitted, RefusalKind, Refused
from assent.core.request import Verdict
from builders import BEN, CARL, DELETE_ALL, MINUTE, READ, Client, World, a_caller, asking_to, until


async def steer(world: World, client: Client, how: Steer) -> None:
    await world.plane.steering.steer(a_caller(CARL), client.session.session.id, how, "wait")


async def waiting(world: World, question: Authorize = READ) -> tuple[Client, "asyncio.Task[Any]"]:
    """Return a client of a paused session, and what it sent and waits for."""
    client = await world.connect()
    await steer(world, client, Steer.PAUSE)
    asking = world.asking(client, question)
    await until(lambda: client.held)
    return client, asking


async def last_decision(world: World) -> dict[str, Any]:
    leaves = [json.loads(leaf) for leaf in await world.store.leaves(0, 1_000)]
    return next(leaf for leaf in reversed(leaves) if leaf["kind"] == "decision")


async def test_what_is_sent_waits_with_words_and_runs_after_a_resume(world: World) -> None:
    client, asking = await waiting(world)
    before = list(world.journal)
    assert client.held[0].lines[0] == "held by Assent: carl paused this session: wait"
    assert client.held[0].deadline_at == world.clock.now() + steered.WAITS_FOR
    assert client.session.holding == 1
    assert not asking.done()
    await steer(world, client, Steer.RESUME)
    assert isinstance(await asking, Permitted)
    assert world.journal[len(before) :] == ["session.steered", "attempt", "decision"]
    assert client.session.holding == 0


async def test_nothing_is_reused_in_a_paused_session(world: World) -> None:
    client = await world.connect()
    reusable = await world.ask(client, READ)
    assert reusable.reuse_until is not None
    await steer(world, client, Steer.PAUSE)
    assert reusable.epoch != client.session.epoch.value


@pytest.mark.parametrize(
    ("in_transaction", "minutes"), [(False, 15), (True, 1)], ids=["idle", "in a transaction"]
)
async def test_it_is_refused_when_nobody_resumes_in_time(
    world: World, in_transaction: bool, minutes: int
) -> None:
    question = asking_to("sql.read", in_transaction=in_transaction)
    client, asking = await waiting(world, question)
    world.clock.advance(minutes * MINUTE)
    client.session.nudged.set()
    refused = await asking
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.TIMED_OUT
    assert refused.message == "carl paused this session, and nobody resumed it in time"
    decision = await last_decision(world)
    assert (decision["id"], decision["facts"]["outcome"], decision["facts"]["code"]) == (
        refused.entry,
        "deny",
        "paused",
    )
    assert client.session.pause is not None


async def test_the_client_withdraws_what_waits_and_the_session_stays_paused(world: World) -> None:
    client, asking = await waiting(world)
    live = client.session
    world.live.cancel(live.process_id, live.secret_key)
    refused = await asking
    assert refused.kind is RefusalKind.WITHDRAWN
    assert client.cancels == 0
    assert live.pause is not None


async def test_a_client_that_hangs_up_waits_no_longer(world: World) -> None:
    client, asking = await waiting(world)
    await world.sessions.ending.end(client.session, "the client hung up")
    assert (await asking).kind is RefusalKind.WITHDRAWN


async def test_preparing_runs_nothing_and_does_not_wait(world: World) -> None:
    client = await world.connect()
    await steer(world, client, Steer.PAUSE)
    assert isinstance(
        await world.ask(client, asking_to("sql.read", phase=Phase.PREPARE)), Permitted
    )


async def test_what_was_assented_to_meanwhile_waits_for_the_session_too(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await steer(world, client, Steer.PAUSE)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "fine")
    for _ in range(50):
        await asyncio.sleep(0)
    assert not asking.done()
    await steer(world, client, Steer.RESUME)
    assert isinstance(await asking, Permitted)


async def test_a_log_that_is_away_refuses_what_is_given_up(world: World) -> None:
    client, asking = await waiting(world)
    world.store.away = True
    live = client.session
    world.live.cancel(live.process_id, live.secret_key)
    assert (await asking).kind is RefusalKind.UNAVAILABLE
