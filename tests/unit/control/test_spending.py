"""Budgets: counted with the decision that permits, never passed, and once used up for ever."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control import spending
from assent.core.changes import PutGrant, SpendGrant
from assent.core.faults import OutsideFault
from assent.core.frame import ResultFrame
from assent.core.grant import Grant
from assent.core.ids import GrantId, SubjectId
from assent.core.plugins import Exceed, Permitted, Refused
from assent.core.scope import Budget, Scope, Spent
from assent.workflow.wishes import Wish
from builders import ANA, MINUTE, NOON, READ, SHOP, World, a_caller, a_grant, asking_to

INSERT = asking_to("sql.insert", "insert into orders values (1)")


async def asked(world: World, budget: Budget, scope: Scope | None = None) -> GrantId:
    wish = Wish(budget=budget, scope=scope or Scope())
    request = await world.access.ask(a_caller(ANA), "shop", 20 * MINUTE, "", "", wish)
    assert request.grant is not None
    return request.grant


async def spent(world: World, grant: GrantId) -> Spent:
    kept = await world.store.grant(grant)
    assert kept is not None
    in_memory = world.grants.get(grant)
    assert in_memory is None or in_memory.spent == kept.spent
    found: Spent = kept.spent
    return found


async def test_actions_writes_and_what_came_of_them_are_counted_durably(world: World) -> None:
    grant = await asked(world, Budget(actions=10, writes=10, rows=100))
    client = await world.connect()
    await world.did(client, READ)
    await world.did(client, INSERT)
    found = await spent(world, grant)
    assert (found.actions, found.writes, found.rows, found.bytes) == (2, 1, 6, 600)


async def test_what_is_used_up_denies_and_is_told_and_is_used_up_for_ever(world: World) -> None:
    grant = await asked(world, Budget(writes=1))
    client = await world.connect()
    heard: list[str] = []
    client.session.say = lambda lines: heard.extend(lines)
    assert isinstance(await world.did(client, INSERT), Permitted)
    assert "is used up: 0 of 1 writes left" in heard[0]
    refused = await world.did(client, INSERT)
    assert isinstance(refused, Refused)
    assert "0 of 1 writes left" in refused.message
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []
    world.grants._live.clear()
    await world.grants.recover()
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []
    assert (await spent(world, grant)).writes == 1


async def test_nothing_that_a_budget_pays_for_is_reused(world: World) -> None:
    await asked(world, Budget(rows=100))
    client = await world.connect()
    answer = await world.did(client, READ)
    assert isinstance(answer, Permitted)
    assert answer.reuse_until is None
    assert answer.enforcement is not None
    assert [(limit.name, limit.most) for limit in answer.enforcement.limits] == [("max_rows", 100)]


async def test_what_something_unlimited_covers_costs_no_budget(world: World) -> None:
    limited = await asked(world, Budget(writes=1))
    await asked(world, Budget())
    client = await world.connect()
    for _ in range(3):
        assert isinstance(await world.did(client, INSERT), Permitted)
    assert await spent(world, limited) == Spent()


async def test_a_risk_that_a_budget_has_no_points_for_is_denied_before_it_runs(
    world: World,
) -> None:
    grant = await asked(world, Budget(risk_points=1))
    client = await world.connect()
    answer = await world.did(client, INSERT)
    score = (await spent(world, grant)).risk_points
    assert isinstance(answer, Refused) == (score == 0)
    assert score <= 1


async def test_a_log_that_is_away_counts_nothing(world: World) -> None:
    grant = await asked(world, Budget(writes=1))
    client = await world.connect()
    world.store.refused_kinds = {"decision"}
    assert isinstance(await world.did(client, INSERT), Refused)
    world.store.refused_kinds = set()
    assert await spent(world, grant) == Spent()
    assert isinstance(await world.did(client, INSERT), Permitted)


async def test_a_budget_that_was_used_up_elsewhere_denies_at_the_last_moment(world: World) -> None:
    grant = await asked(world, Budget(writes=1))
    client = await world.connect()
    # As another process would, past what this one remembers.
    await world.store.commit((SpendGrant(grant, Spent(writes=1)),), ())
    refused = await world.did(client, INSERT)
    assert isinstance(refused, Refused)
    assert "at this very moment" in refused.message
    assert (await world.store.grant(grant)).spent.writes == 1


async def test_results_that_run_at_once_take_turns_at_what_is_left(world: World) -> None:
    await asked(world, Budget(rows=10))
    client = await world.connect()
    live = client.session
    first, one = await world.sessions.attempts.authorize(live, READ, client.held.append)
    second, other = await world.sessions.attempts.authorize(live, READ, client.held.append)
    assert isinstance(first, Permitted)
    assert isinstance(second, Permitted)
    limits = [answer.enforcement.limits for answer in (first, second) if answer.enforcement]
    assert [limit.most for (limit,) in limits] == [10, 0]
    world.sessions.results.not_sent(one)
    question = Exceed(second.entry, "max_rows", 0, 0, 0, counted=True)
    answer = await world.sessions.attempts.exceed(live, question, other, client.held.append)
    assert isinstance(answer, Permitted)
    assert answer.enforcement is not None
    assert answer.enforcement.limits == limits[0]
    reached = replace(question, most=10, passed_rows=10)
    stopped = await world.sessions.attempts.exceed(live, reached, other, client.held.append)
    assert isinstance(stopped, Refused)
    assert "10 rows were left" in stopped.message
    assert client.held == []


async def test_what_can_wait_for_its_turn_before_it_runs_is_permitted_with_what_is_left_then(
    world: World,
) -> None:
    await asked(world, Budget(bytes=1000))
    client = await world.connect()
    attempts, live = world.sessions.attempts, client.session
    first, one = await attempts.authorize(live, READ, client.held.append)
    second, other = await attempts.authorize(live, READ, client.held.append)
    assert isinstance(first, Permitted)
    assert isinstance(second, Permitted)
    assert await attempts.in_turn(live, one, first) is first
    waiting = asyncio.ensure_future(attempts.in_turn(live, other, second))
    frame = ResultFrame(1, world.clock.now(), 1_000, -1, 600, "")
    await world.sessions.results.finish(live, one, "", frame)
    turn = await waiting
    assert isinstance(turn, Permitted)
    assert turn.enforcement is not None
    assert [(limit.name, limit.most) for limit in turn.enforcement.limits] == [("max_bytes", 400)]


async def test_what_has_no_turn_in_time_is_refused_and_costs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spending, "_WAITS_S", 0.01)
    grant = await asked(world, Budget(bytes=1000))
    client = await world.connect()
    attempts, live = world.sessions.attempts, client.session
    await attempts.authorize(live, READ, client.held.append)
    second, other = await attempts.authorize(live, READ, client.held.append)
    assert isinstance(second, Permitted)
    refused = await attempts.in_turn(live, other, second)
    assert isinstance(refused, Refused)
    assert "another result still runs under the same budget" in refused.message
    await world.sessions.results.abandon(live, other, "", released=False)
    assert (await spent(world, grant)).bytes == 0


async def test_an_action_that_ran_without_an_end_counts_as_all_that_was_left(
    world: World,
) -> None:
    grant = await asked(world, Budget(rows=10))
    client = await world.connect()
    _, action = await world.sessions.attempts.authorize(client.session, READ, client.held.append)
    await world.sessions.results.abandon(client.session, action, "", released=True)
    assert (await spent(world, grant)).rows == 10


async def test_what_policies_leave_of_a_budget_is_less_than_what_was_asked(world: World) -> None:
    grant = world.grants.draft(
        ANA.id,
        SHOP.id,
        asked=None,
        permitted=MINUTE,
        request=None,
        reason="",
        wish=Wish(budget=Budget(rows=50, writes=3)),
        budget=Budget(rows=20, actions=9),
    )
    assert grant.budget == Budget(rows=20, writes=3, actions=9)


async def test_a_grant_whose_start_cannot_be_kept_has_not_started(world: World) -> None:
    wish = Wish(first_use=True)
    request = await world.access.ask(a_caller(ANA), "shop", 10 * MINUTE, "", "", wish)
    await world.opened()
    world.store.refused_kinds = {"session.opened"}
    client = await world.connected(ANA, "127.0.0.1")
    assert isinstance(client.live, Refused)
    world.store.refused_kinds = set()
    found = world.grants.get(request.grant)
    assert found is not None
    assert found.began_at is None
    client = await world.connect()
    begun = world.grants.get(request.grant)
    assert begun is not None
    assert begun.began_at == NOON


async def test_among_thousands_of_grants_each_finds_its_own(world: World) -> None:
    for number in range(5_000):
        subject = SubjectId(f"sub_{number}")
        one = Grant(GrantId(f"grt_{number}"), subject, SHOP.id, NOON, NOON + timedelta(hours=1))
        world.grants.take_up(one)
    for number in range(0, 5_000, 500):
        (found,) = world.grants.valid(SubjectId(f"sub_{number}"), SHOP.id, NOON)
        assert found.id == f"grt_{number}"
    await world.grants.expire(NOON)
    assert len(world.grants.valid(SubjectId("sub_7"), SHOP.id, NOON)) == 1


async def test_the_end_of_a_grant_that_cannot_be_logged_is_tried_again(world: World) -> None:
    await world.store.commit((PutGrant(a_grant()),), ())
    world.grants.take_up(a_grant())
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.grants.expire(NOON + timedelta(hours=1))
    world.store.away = False
    await world.grants.expire(NOON + timedelta(hours=1))
    assert world.grants.get(a_grant().id) is None
    assert len(world.grants) == 0
