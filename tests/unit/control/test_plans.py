"""Maintenance plans: what was assented to before runs, so many times, and nothing else does."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from assent.control.plan_actions import Hours
from assent.control.plans import Proposal
from assent.control.replay import as_recorded, decide_again, recorded
from assent.control.standing import Standing, StandingKind
from assent.core.action import Phase
from assent.core.decision import ApprovalRemedy, Deny, Permit, Quorum
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.grant import GrantKind
from assent.core.plugins import Permitted, Refused
from assent.core.request import Request, RequestState, Verdict
from assent.workflow.wishes import window_of
from builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    MINUTE,
    NOON,
    POLICIES,
    SHOP,
    SQL,
    TIM,
    Client,
    World,
    a_caller,
    a_statement,
    a_subject,
    a_world,
    asking_to,
    policies,
    restarted,
)
from memory_plans import read_texts

HOUR = timedelta(hours=1)
PLANS = """
@id("plans") permit (principal in Group::"engineers", action == Action::"plan.propose", resource);
@id("updates") @message("security must assent") @require("approve: 1 of security")
forbid (principal, action == Action::"sql.update", resource);
@id("inserts") @message("never")
forbid (principal, action == Action::"sql.insert", resource);
"""
DELETE = "delete from orders"
UPDATE = "update orders set cents = 0"
TONIGHT = Hours(NOON, NOON + 2 * HOUR)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, PLANS) as built:
        built.plane.plans.read_with(read_texts)
        yield built


async def proposed(world: World, text: str = DELETE, **more: Any) -> Request:
    proposal = Proposal("shop", text, TONIGHT, reason="the big clean-up")
    return await world.plane.plans.propose(a_caller(ANA), replace(proposal, **more))


async def planned(world: World, text: str = DELETE, **more: Any) -> Request:
    """Return a plan that a DBA has assented to, and its grant."""
    request = await proposed(world, text, **more)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "fine")
    settled = await world.stored(request.id)
    assert settled.state is RequestState.COMPLETED, settled
    return settled


def sending(text: str, **more: Any) -> Any:
    return asking_to("sql.delete", text, has_where=False, **more)


async def is_held(world: World, client: Client, question: Any) -> bool:
    """Return whether it waits for people, and let go of it; false where it ran."""
    told = len(client.held)
    asking = world.asking(client, question)
    while not asking.done() and len(client.held) == told:
        await asyncio.sleep(0.001)
    if asking.done():
        assert isinstance(asking.result(), Permitted), asking.result()
        return False
    await world.requests.withdraw(a_caller(ANA), client.held[-1].request)
    assert isinstance(await asking, Refused)
    return True


async def used(world: World, request: Request) -> list[int]:
    grant = await world.store.grant(request.grant)
    return [text.used for text in grant.plan]


async def test_a_plan_asks_for_all_that_its_statements_ask(world: World) -> None:
    request = await proposed(world, f"{DELETE}; select 1; {UPDATE};")
    (remedy,) = request.remedies
    assert remedy == ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "security")),))
    assert set(request.messages) == {"a DBA must assent", "security must assent"}
    assert request.action.text.endswith(
        f"until 2026-03-04T14:00:00Z\n{DELETE};\nselect 1;\n{UPDATE};"
    )
    assert request.deadline_at == NOON + 2 * HOUR
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert (await world.stored(request.id)).state is RequestState.PENDING
    await world.requests.answer(a_caller(CARL), request.id, Verdict.APPROVE, "")
    settled = await world.stored(request.id)
    grant = await world.store.grant(settled.grant)
    assert (grant.kind, grant.subject, grant.target) == (GrantKind.PLAN, ANA.id, SHOP.id)
    assert [text.times for text in grant.plan] == [1, 1, 1]


async def test_it_is_never_an_access_of_its_own(world: World) -> None:
    await planned(world)
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []


async def test_a_statement_that_could_never_run_is_named(world: World) -> None:
    with pytest.raises(ForbiddenFault, match=r"statement 2 \(`insert into x`\).*never"):
        await proposed(world, f"{DELETE}; insert into x")
    with pytest.raises(ForbiddenFault, match=r"statement 1 \(`vacuum`\)"):
        await proposed(world, "vacuum")
    assert await world.store.requests() == []


async def test_only_a_policy_that_names_plans_permits_them(world: World) -> None:
    world.policies.replace(policies(POLICIES))
    with pytest.raises(ForbiddenFault, match=r"plan\.propose"):
        await proposed(world)
    with pytest.raises(ForbiddenFault):
        await world.plane.plans.propose(
            a_caller(TIM), Proposal("shop", DELETE, TONIGHT, reason="why not")
        )


async def test_a_planned_text_runs_at_once_and_is_counted_with_its_decision(world: World) -> None:
    plan = await planned(world)
    client = await world.connect(ANA)
    answer = await world.ask(client, sending(DELETE))
    assert isinstance(answer, Permitted)
    assert (client.held, answer.request) == ([], "")
    assert await used(world, plan) == [1]
    assert await is_held(world, client, sending(DELETE))
    assert await used(world, plan) == [1]


async def test_what_psql_adds_around_a_text_does_not_matter(world: World) -> None:
    await planned(world, times=3)
    client = await world.connect(ANA)
    for text in (f"{DELETE};", f"\n {DELETE} ;\n", DELETE):
        assert isinstance(await world.ask(client, sending(text)), Permitted)


@pytest.mark.parametrize(
    "question",
    [
        sending("delete from  orders"),
        sending("DELETE from orders"),
        sending(f"{DELETE} -- x"),
        sending(f"{DELETE};;"),
        sending(DELETE, parameters=("1",)),
        sending(f"{DELETE}; {DELETE}"),
    ],
)
async def test_anything_else_is_held_as_usual(world: World, question: Any) -> None:
    plan = await planned(world)
    client = await world.connect(ANA)
    assert await is_held(world, client, question)
    assert await used(world, plan) == [0]


async def test_the_same_text_that_touches_something_else_is_held(world: World) -> None:
    # As under another search_path: what people assented to was another table.
    plan = await planned(world)
    client = await world.connect(ANA)
    statement = a_statement("sql.delete", has_where=False, name="secret.orders")
    assert await is_held(world, client, replace(sending(DELETE), statement=statement))
    assert await used(world, plan) == [0]


async def test_preparing_uses_nothing_up(world: World) -> None:
    plan = await planned(world)
    client = await world.connect(ANA)
    await world.ask(client, sending(DELETE, phase=Phase.PREPARE))
    assert await used(world, plan) == [0]


async def test_it_is_for_its_person_database_and_time(world: World) -> None:
    plan = await planned(world, hours=Hours(NOON + 10 * MINUTE, NOON + HOUR))
    world.policies.replace(policies(POLICIES.replace("30m", "4h").replace("20m", "4h"), PLANS))
    client = await world.connect(ANA)
    assert await is_held(world, client, sending(DELETE))
    world.clock.advance(10 * MINUTE)
    other = await world.connect(BEN)
    told = world.asking(other, sending(DELETE))
    await world.held(other)
    told.cancel()
    client.session.session = replace(client.session.session, database="archive")
    assert await is_held(world, client, sending(DELETE))
    client.session.session = replace(client.session.session, database="shop")
    assert not await is_held(world, client, sending(DELETE))
    world.clock.advance(HOUR)
    assert await used(world, plan) == [1]


async def test_hours_that_come_again_are_kept(world: World) -> None:
    window = window_of("mon-sun 13:00-14:00 UTC")
    world.policies.replace(policies(POLICIES.replace("30m", "4h").replace("20m", "4h"), PLANS))
    await planned(world, hours=Hours(NOON, NOON + 5 * HOUR, window), times=2)
    client = await world.connect(ANA)
    assert await is_held(world, client, sending(DELETE))
    world.clock.advance(HOUR)
    assert not await is_held(world, client, sending(DELETE))


async def test_a_revoked_plan_and_a_withdrawn_assent_run_nothing(world: World) -> None:
    first, second = await planned(world), await planned(world, f"{DELETE}\n;", times=2)
    await world.grants.revoke(a_caller(DORA), first.grant, "not now")
    await world.retracting.retract(a_caller(BEN), second.id)
    client = await world.connect(ANA)
    assert await is_held(world, client, sending(DELETE))
    assert await used(world, first) == await used(world, second) == [0]


async def test_what_policies_ask_meanwhile_is_asked(world: World) -> None:
    plan = await planned(world)
    client = await world.connect(ANA)
    stricter = '@require("approve: 2 of dba")'
    world.policies.replace(policies(POLICIES.replace('@require("approve: 1 of dba")', stricter)))
    assert await is_held(world, client, sending(DELETE))
    assert await used(world, plan) == [0]


async def test_who_assented_and_left_the_group_counts_no_longer(world: World) -> None:
    plan = await planned(world)
    world.replace_people(a_subject("ben", "engineers"))
    client = await world.connect(ANA)
    assert await is_held(world, client, sending(DELETE))
    assert await used(world, plan) == [0]


async def test_nothing_runs_twice_however_many_send_it_at_once(world: World) -> None:
    plan = await planned(world, times=2)
    clients = [await world.connect(ANA) for _ in range(5)]
    asking = [world.asking(client, sending(DELETE)) for client in clients]
    while sum(task.done() for task in asking) + sum(bool(one.held) for one in clients) < 5:
        await asyncio.sleep(0.001)
    assert sum(task.done() for task in asking) == 2
    assert await used(world, plan) == [2]
    for task in asking:
        task.cancel()


async def test_where_the_log_is_away_nothing_runs_and_nothing_is_used(world: World) -> None:
    plan = await planned(world)
    client = await world.connect(ANA)
    world.store.refused_kinds = {"decision"}
    assert isinstance(await world.ask(client, sending(DELETE)), Refused)
    world.store.refused_kinds = set()
    assert await used(world, plan) == [0]


async def test_a_plan_for_later_counts_after_a_restart(world: World) -> None:
    await planned(world, hours=Hours(NOON + 10 * MINUTE, NOON + HOUR))
    again = await restarted(world, POLICIES, PLANS)
    world.clock.advance(10 * MINUTE)
    await again.timers.once()
    client = await again.connect(ANA)
    assert isinstance(await again.ask(client, sending(DELETE)), Permitted)


async def test_its_holder_sees_what_was_run_and_others_do_not(world: World) -> None:
    plan = await planned(world, f"{DELETE}; select 1")
    client = await world.connect(ANA)
    await world.ask(client, sending(DELETE))
    (listed,) = await world.plane.plans.list(a_caller(ANA), everybody=False)
    assert listed.database == "shop"
    assert [(text, one.used) for text, one in listed.texts] == [(DELETE, 1), ("select 1", 0)]
    assert await world.plane.plans.get(a_caller(DORA), plan.grant)
    assert len(await world.plane.plans.list(a_caller(CARL), everybody=True)) == 1
    with pytest.raises(MissingFault):
        await world.plane.plans.get(a_caller(TIM), plan.grant)
    with pytest.raises(ForbiddenFault):
        await world.plane.plans.list(a_caller(ANA), everybody=True)


async def test_it_lasts_no_longer_than_policies_and_the_target_let(world: World) -> None:
    world.directory.replace(world.directory.subjects(), (replace(SHOP, longest_grant_s=600),))
    plan = await planned(world)
    grant = await world.store.grant(plan.grant)
    assert grant.ends_at - grant.starts_at == 10 * MINUTE


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"text": ""}, ConflictFault),
        ({"text": "\\i other.sql"}, ConflictFault),
        ({"text": ";".join([DELETE] * 101)}, ConflictFault),
        ({"text": "x" * 40_001}, ConflictFault),
        ({"times": 0}, ConflictFault),
        ({"times": 1001}, ConflictFault),
        ({"reason": "  "}, ConflictFault),
        ({"target": "nothing"}, MissingFault),
        ({"database": "other"}, ConflictFault),
        ({"hours": Hours(NOON, NOON)}, ConflictFault),
        ({"hours": Hours(NOON - 2 * HOUR, NOON - HOUR)}, ConflictFault),
        ({"hours": Hours(NOON, NOON + timedelta(days=31))}, ConflictFault),
        (
            {"hours": Hours(NOON, NOON + HOUR, window_of("mon 10:00-11:00 Moon/Crater"))},
            ConflictFault,
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(
    world: World, more: dict[str, Any], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        await proposed(world, **more)
    assert await world.store.requests() == []


async def test_without_anybody_who_reads_texts_there_are_no_plans(tmp_path: Path) -> None:
    async with a_world(tmp_path, PLANS) as world:
        with pytest.raises(OutsideFault):
            await proposed(world)


async def test_where_nobody_is_asked_it_stands_at_once_and_helps_nothing_that_is(
    world: World,
) -> None:
    done = await proposed(world, "select 1")
    assert done.state is RequestState.COMPLETED
    assert (await world.store.grant(done.grant)).plan[0].times == 1


async def test_what_a_plan_permitted_is_replayed_from_the_log(world: World) -> None:
    plan = await planned(world)
    client = await world.connect(ANA)
    assert isinstance(await world.ask(client, sending(DELETE)), Permitted)
    stored = (await world.store.entries(limit=1_000))[-2:]
    attempt, decision = (
        {**json.loads(one.leaf), "payload": json.loads(one.content or b"null")} for one in stored
    )
    assert [one["request"] for one in decision["payload"]["evidence"]["approvals"]] == [plan.id]
    again = decide_again(attempt, decision, world.policies.current, SQL.honours)
    assert isinstance(again, Permit)
    assert as_recorded(again) == recorded(decision)


async def test_a_session_that_is_held_itself_runs_no_plan(world: World) -> None:
    plan = await planned(world)
    client = await world.connect(ANA)
    held = ApprovalRemedy(((Quorum(1, "dba"),),))
    denial = Deny("rev", "remedy-needed", ("look again",), (), (held,))
    client.session.standing = Standing(StandingKind.HELD, denial)
    assert await is_held(world, client, sending(DELETE))
    assert await used(world, plan) == [0]
