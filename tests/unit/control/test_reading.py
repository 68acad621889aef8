"""Whoever reads what the log says of others is in the log, once a minute for each thing."""

import json
from datetime import timedelta
from typing import Any

import pytest

from assent.control.reading import Readers
from assent.core.faults import OutsideFault
from builders import ANA, CARL, DELETE_ALL, READ, World, a_caller


async def reads(world: World) -> list[tuple[str, dict[str, Any]]]:
    """Return reader and facts of every such entry."""
    leaves = [json.loads(entry.leaf) for entry in await world.store.entries(limit=1_000)]
    return [(leaf["subject"], leaf["facts"]) for leaf in leaves if leaf["kind"] == "log.read"]


async def test_a_story_of_somebody_else_is_read_with_an_entry_and_ones_own_without(
    world: World,
) -> None:
    client = await world.connect()
    answer = await world.ask(client, READ)
    session = client.session.session.id
    for about in (session, answer.entry):
        await world.explain.explain(a_caller(ANA), about)
        assert await reads(world) == []
    for about in (session, answer.entry):
        await world.explain.explain(a_caller(CARL), about)
    assert await reads(world) == [
        (CARL.id, {"what": "story", "about": session}),
        (CARL.id, {"what": "story", "about": answer.entry}),
    ]


async def test_a_request_is_its_requesters_own_whoever_answered_it(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.explain.explain(a_caller(ANA), request)
    assert await reads(world) == []
    await world.explain.explain(a_caller(CARL), request)
    assert await reads(world) == [(CARL.id, {"what": "story", "about": request})]
    asking.cancel()


async def test_why_something_was_risky_is_a_story_and_what_is_usual_a_profile(
    world: World,
) -> None:
    client = await world.connect()
    answer = await world.ask(client, READ)
    await world.risk.explain(a_caller(ANA), answer.entry)
    await world.risk.profile(a_caller(ANA), "ana")
    assert await reads(world) == []
    await world.risk.explain(a_caller(CARL), answer.entry)
    await world.risk.profile(a_caller(CARL), "ana")
    assert [facts["what"] for _, facts in await reads(world)] == ["story", "profile"]


async def test_the_same_is_said_again_after_a_minute_and_other_things_at_once(
    world: World,
) -> None:
    readers = Readers(store=world.store, clock=world.clock, ids=world.ids)  # type: ignore[arg-type]
    for about in ("req_1", "req_1", "req_2"):
        await readers.read(a_caller(CARL), "story", about)
    await readers.read(a_caller(ANA), "story", "req_1")
    world.clock.advance(timedelta(seconds=59))
    await readers.read(a_caller(CARL), "story", "req_1")
    assert len(await reads(world)) == 3
    world.clock.advance(timedelta(seconds=1))
    await readers.read(a_caller(CARL), "story", "req_1")
    assert len(await reads(world)) == 4


async def test_nothing_is_read_that_the_log_cannot_say(world: World) -> None:
    client = await world.connect()
    answer = await world.ask(client, READ)
    world.store.refused_kinds = {"log.read"}
    for _ in range(2):
        with pytest.raises(OutsideFault):
            await world.explain.explain(a_caller(CARL), answer.entry)
        with pytest.raises(OutsideFault):
            await world.risk.profile(a_caller(CARL), "ana")
    world.store.refused_kinds = set()
    await world.explain.explain(a_caller(CARL), answer.entry)
    assert len(await reads(world)) == 1
