"""Taking back an assent: before release it does not count, after it the grant must stand alone."""

import asyncio

import pytest

from assent.core.entry import EntryKind
from assent.core.faults import ConflictFault, OutsideFault
from assent.core.request import Request, RequestState, Verdict
from builders import BEN, CARL, DELETE_ALL, DORA, MINUTE, POLICIES, TIM, World, a_caller, policies

TWO = POLICIES.replace(
    '"approve: 1 of dba") @message("temps', '"approve: 2 of dba") @message("temps'
)


DELEGATION = """
@id("delegate") permit (principal, action == Action::"delegation.give", resource);
@id("delegate.ask") @require("approve: 1 of security")
forbid (principal, action == Action::"delegation.give", resource);
"""


async def asked(world: World) -> Request:
    return await world.access.ask(a_caller(TIM), "shop", None, "", "")


async def test_before_release_it_just_does_not_count(world: World) -> None:
    world.policies.replace(policies(TWO))
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    left = await world.retracting.retract(a_caller(BEN), request.id)
    assert left.state is RequestState.PENDING
    assert world.requests.unmet(left) == ("assent of 2 of dba",)
    assert EntryKind.APPROVAL_WITHDRAWN.value in world.journal
    assert (await world.stored(request.id)).approvals[0].withdrawn_at == world.clock.now()
    await world.requests.answer(a_caller(DORA), request.id, Verdict.APPROVE, "")
    assert (await world.stored(request.id)).state is RequestState.PENDING


async def test_who_withdrew_is_not_asked_for_the_same_again(world: World) -> None:
    world.policies.replace(policies(TWO))
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    await world.retracting.retract(a_caller(BEN), request.id)
    assert await world.requests.inbox(a_caller(BEN)) == []
    with pytest.raises(ConflictFault, match="answered"):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")


async def test_a_grant_that_rested_on_it_is_revoked_and_says_who(world: World) -> None:
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    (grant,) = world.grants.valid(TIM.id, request.action.target, world.clock.now())
    await world.retracting.retract(a_caller(BEN), request.id)
    assert world.grants.valid(TIM.id, request.action.target, world.clock.now()) == []
    stored = await world.store.grant(grant.id)
    assert stored.revoked_because.startswith("ben withdrew their assent")
    assert (await world.stored(request.id)).approvals[0].withdrawn_at is not None


async def test_a_grant_that_stands_without_it_stays(world: World) -> None:
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    trusted = POLICIES.replace('@id("temps-ask") @require("approve: 1 of dba")', '@id("temps-ask")')
    trusted = trusted.replace(
        """access.request", resource);

@id("open")""",
        """access.request", resource) when { context.risk.score > 100 };

@id("open")""",
    )
    world.policies.replace(policies(trusted))
    await world.retracting.retract(a_caller(BEN), request.id)
    assert len(world.grants.valid(TIM.id, request.action.target, world.clock.now())) == 1
    assert (await world.stored(request.id)).approvals[0].withdrawn_at is not None


async def test_two_who_withdraw_at_once_do_not_rest_on_each_other(world: World) -> None:
    world.policies.replace(policies(TWO))
    request = await asked(world)
    for person in (BEN, DORA):
        await world.requests.answer(a_caller(person), request.id, Verdict.APPROVE, "")
    world.policies.replace(policies(POLICIES))  # One assent is enough by now.
    await asyncio.gather(
        *(world.retracting.retract(a_caller(person), request.id) for person in (BEN, DORA))
    )
    assert world.grants.valid(TIM.id, request.action.target, world.clock.now()) == []


async def test_a_statement_that_was_let_go_cannot_be_taken_back(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    with pytest.raises(ConflictFault, match="cannot be taken back"):
        await world.retracting.retract(a_caller(BEN), request)


async def test_who_gave_nothing_has_nothing_to_take_back(world: World) -> None:
    request = await asked(world)
    with pytest.raises(ConflictFault, match="not assented"):
        await world.retracting.retract(a_caller(BEN), request.id)


async def test_after_the_grant_is_over_nothing_rests_on_it(world: World) -> None:
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    world.clock.advance(60 * MINUTE)
    await world.grants.expire(world.clock.now())
    with pytest.raises(ConflictFault, match="over already"):
        await world.retracting.retract(a_caller(BEN), request.id)


async def test_where_the_store_is_away_the_assent_stands_as_it_was(world: World) -> None:
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.retracting.retract(a_caller(BEN), request.id)
    world.store.away = False
    assert (await world.stored(request.id)).approvals[0].withdrawn_at is None


async def test_a_delegation_that_rested_on_it_is_over(world: World) -> None:
    world.policies.replace(policies(POLICIES, DELEGATION))
    asked = await world.delegating.give(a_caller(BEN), "dba", "tim", 20 * MINUTE, "")
    await world.requests.answer(a_caller(CARL), asked.id, Verdict.APPROVE, "")
    assert world.delegations.of(TIM.id, world.clock.now()) != ()
    await world.retracting.retract(a_caller(CARL), asked.id)
    assert world.delegations.of(TIM.id, world.clock.now()) == ()
