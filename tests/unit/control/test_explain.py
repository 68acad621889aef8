"""Explaining: everything the log says, in order, to those who may know."""

import pytest

from assent.core.faults import MissingFault
from assent.core.request import Verdict
from builders import ANA, BEN, CARL, DELETE_ALL, READ, TIM, World, a_caller


async def test_a_request_is_told_from_its_opening_to_its_end(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "to help", "")
    await world.requests.withdraw(a_caller(TIM), request.id)
    told = await world.explain.explain(a_caller(BEN), request.id)
    entries = told["entries"]
    kinds = ["attempt", "decision", "request.opened", "request.settled"]
    assert [entry["kind"] for entry in entries] == kinds  # type: ignore[index, union-attr]
    assert [entry["index"] for entry in entries] == sorted(entry["index"] for entry in entries)  # type: ignore[index, union-attr]
    assert {entry["subject"] for entry in entries} == {"tim"}  # type: ignore[index, union-attr]
    decision, opened = entries[1], entries[2]  # type: ignore[index]
    assert decision["facts"]["policies"] == ["temps-ask"]  # type: ignore[index, call-overload]
    assert decision["payload"]["evidence"]["reason"] == "to help"  # type: ignore[index, call-overload]
    assert opened["facts"]["decision"] == decision["id"]  # type: ignore[index, call-overload]
    assert opened["payload"]["reason"] == "to help"  # type: ignore[index, call-overload]


async def test_a_held_statement_is_told_from_the_attempt_to_its_outcome(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "go on")
    await asking
    told = (await world.explain.explain(a_caller(ANA), request))["entries"]
    assert [entry["kind"] for entry in told] == [  # type: ignore[index, union-attr]
        *("attempt", "decision", "request.opened", "approval", "remedy.met", "request.changed"),
        *("attempt", "decision", "request.changed"),
    ]
    before, after = told[1], told[7]  # type: ignore[index]
    assert (before["facts"]["outcome"], after["facts"]["outcome"]) == ("deny", "permit")  # type: ignore[index, call-overload]
    assert told[0]["payload"]["text"] == "delete from orders"  # type: ignore[index, call-overload]


async def test_access_that_was_permitted_at_once_is_told_with_its_decision(world: World) -> None:
    request = await world.access.ask(a_caller(ANA), "shop", None, "", "")
    told = (await world.explain.explain(a_caller(ANA), request.id))["entries"]
    kinds = [entry["kind"] for entry in told]  # type: ignore[index, union-attr]
    assert kinds == ["attempt", "decision", "request.settled", "grant.issued"]


async def test_a_decision_is_told_with_its_attempt(world: World) -> None:
    client = await world.connect()
    answer = await world.ask(client, READ)
    told = (await world.explain.explain(a_caller(ANA), answer.entry))["entries"]
    assert [entry["kind"] for entry in told] == ["attempt", "decision"]  # type: ignore[index, union-attr]
    assert told[1]["id"] == answer.entry  # type: ignore[index, call-overload]


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
