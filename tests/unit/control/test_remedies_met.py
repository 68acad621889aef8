"""What was demanded and what was done about it: both are in the log, one by one."""

import json
from typing import Any

from assent.core.request import RequestState, Verdict
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    DORA,
    TIM,
    World,
    a_caller,
    policies,
)

ALL_OF_IT = """
@id("open-temps") permit (principal, action == Action::"access.request", resource);
@id("all") @require("reason; ticket; step-up: 15m; approve: 2 of dba")
forbid (principal in Group::"temps", action == Action::"access.request", resource);
"""


async def leaves(world: World) -> list[dict[str, Any]]:
    return [json.loads(entry.leaf) for entry in await world.store.entries(limit=1_000)]


async def met(world: World) -> list[dict[str, Any]]:
    return [leaf for leaf in await leaves(world) if leaf["kind"] == "remedy.met"]


async def test_a_denial_says_what_is_demanded_of_whom(world: World) -> None:
    world.policies.replace(policies(ALL_OF_IT))
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    (decision,) = [leaf for leaf in await leaves(world) if leaf["kind"] == "decision"]
    assert decision["facts"]["remedies"] == ["approval", "reason", "step-up", "ticket"]
    assert (decision["subject"], request.state) == (TIM.id, RequestState.PENDING)
    assert await met(world) == []


async def test_each_remedy_is_said_once_by_whom_and_by_what(world: World) -> None:
    world.policies.replace(policies(ALL_OF_IT))
    request = await world.access.ask(a_caller(TIM), "shop", None, "", "")
    await world.requests.give_reason(a_caller(TIM), request.id, "to look at orders", "")
    await world.requests.give_reason(a_caller(TIM), request.id, "to look at all orders", "OPS-1")
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    await world.requests.answer(a_caller(DORA), request.id, Verdict.APPROVE, "")
    await world.step_up(TIM)
    said = await leaves(world)
    ids = {leaf["kind"]: leaf["id"] for leaf in said}
    assert [
        (leaf["subject"], leaf["facts"]["remedy"], leaf["facts"].get("by"))
        for leaf in said
        if leaf["kind"] == "remedy.met"
    ] == [
        (TIM.id, "reason", None),
        (TIM.id, "ticket", None),
        # The second of the two approvals completed it.
        (DORA.id, "approval", ids["approval"]),
        (TIM.id, "step-up", ids["step-up"]),
    ]
    assert all(leaf["request"] == request.id for leaf in await met(world))
    assert all(leaf["facts"]["action"] == request.action.id for leaf in await met(world))
    assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_words_that_came_with_a_request_count_from_its_start(world: World) -> None:
    world.policies.replace(policies(ALL_OF_IT))
    await world.access.ask(a_caller(TIM), "shop", None, "to look at orders", "")
    said = await leaves(world)
    opened = next(leaf["id"] for leaf in said if leaf["kind"] == "request.opened")
    assert [leaf["facts"] for leaf in await met(world)] == [
        {"action": said[0]["facts"]["action"], "by": opened, "remedy": "reason"}
    ]


async def test_a_held_statement_is_released_before_it_runs_by_entries_of_its_own(
    world: World,
) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    begun = len(await leaves(world))
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    told = (await leaves(world))[begun:]
    assert [leaf["kind"] for leaf in told] == [
        "approval", "remedy.met", "request.changed", "attempt", "decision", "request.changed",
    ]  # fmt: skip
    assert told[1]["facts"]["by"] == told[0]["id"]
    assert [leaf["facts"]["state"] for leaf in told if "state" in leaf["facts"]] == [
        "approved",
        "released",
    ]
    assert told[4]["facts"]["outcome"] == "permit"


async def test_no_remedy_is_met_by_a_rejection(world: World) -> None:
    client = await world.connect(ANA)
    asking = world.asking(client, DELETE_ALL)
    await world.requests.answer(a_caller(BEN), await world.held(client), Verdict.REJECT, "no")
    await asking
    assert await met(world) == []
