"""Explaining: everything the log says, in order, to those who may know."""

import pytest

from assent.core.faults import MissingFault
from builders import ANA, BEN, CARL, READ, TIM, World, a_caller


async def test_a_request_is_told_from_its_opening_to_its_end(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "to help", "")
    await world.requests.withdraw(a_caller(TIM), request.id)
    told = await world.explain.explain(a_caller(BEN), request.id)
    entries = told["entries"]
    assert [entry["kind"] for entry in entries] == ["request.opened", "request.settled"]  # type: ignore[index, union-attr]
    assert entries[0]["subject"] == "tim"  # type: ignore[index, call-overload]
    assert entries[0]["payload"]["reason"] == "to help"  # type: ignore[index, call-overload]


async def test_a_session_and_its_entries_are_for_its_person_and_those_who_oversee(
    world: World,
) -> None:
    client = await world.connect()
    answer = await world.ask(client, READ)
    for about in (client.session.session.id, answer.entry):
        for who in (ANA, CARL):
            told = await world.explain.explain(a_caller(who), about)
            assert told["entries"]
        with pytest.raises(MissingFault):
            await world.explain.explain(a_caller(BEN), about)


@pytest.mark.parametrize("about", ["", "req_none", "ses_none", "ent_none", "x" * 10_000, "../etc"])
async def test_what_is_not_there_is_missing_and_not_echoed_at_length(
    world: World, about: str
) -> None:
    with pytest.raises(MissingFault) as caught:
        await world.explain.explain(a_caller(CARL), about)
    assert len(caught.value.detail) < 200
