"""Counter-offers: what is accepted is what is granted; what was said to more counts no longer."""

from datetime import timedelta

import pytest

from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import ApprovalId
from assent.core.request import Request, RequestState, Verdict
from assent.core.scope import Budget, Scope, Terms
from builders import ANA, BEN, DORA, MINUTE, POLICIES, TIM, World, a_caller, policies

TWO = POLICIES.replace(
    '"approve: 1 of dba") @message("temps', '"approve: 2 of dba") @message("temps'
)
SHORT = Terms(10 * MINUTE, Scope(read_only=True))


async def asked(world: World) -> Request:
    return await world.access.ask(a_caller(TIM), "shop", 20 * MINUTE, "", "")


async def test_an_accepted_offer_is_granted_as_it_was_offered(world: World) -> None:
    request = await asked(world)
    offered = await world.offers.offer(a_caller(BEN), request.id, SHORT, "this will do")
    assert offered.state is RequestState.PENDING
    assert offered.approvals[0].terms == SHORT
    await world.offers.accept(a_caller(TIM), request.id)
    done = await world.stored(request.id)
    assert done.state is RequestState.COMPLETED
    assert done.action.details == {"for_s": "600", "read_only": "true"}
    assert done.action_digest == offered.approvals[0].action_digest == done.action.digest()
    (grant,) = world.grants.valid(TIM.id, done.action.target, world.clock.now())
    assert grant.ends_at - grant.starts_at == 10 * MINUTE
    assert grant.scope.read_only


async def test_an_offer_alone_releases_nothing(world: World) -> None:
    request = await asked(world)
    await world.offers.offer(a_caller(BEN), request.id, SHORT, "")
    assert (await world.stored(request.id)).state is RequestState.PENDING
    assert world.grants.valid(TIM.id, request.action.target, world.clock.now()) == []


async def test_what_was_assented_to_before_does_not_count_for_less(world: World) -> None:
    world.policies.replace(policies(TWO))
    request = await asked(world)
    await world.requests.answer(a_caller(DORA), request.id, Verdict.APPROVE, "")
    await world.offers.offer(a_caller(BEN), request.id, SHORT, "")
    narrowed = await world.offers.accept(a_caller(TIM), request.id)
    assert narrowed.state is RequestState.PENDING
    assert world.requests.unmet(narrowed) == ("assent of 1 of dba",)
    assert [person.name for person in world.requests.asked(narrowed)] == ["dora"]
    await world.requests.answer(a_caller(DORA), request.id, Verdict.APPROVE, "")
    assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_two_who_offer_the_same_both_count_once_it_is_accepted(world: World) -> None:
    world.policies.replace(policies(TWO))
    request = await asked(world)
    for person in (BEN, DORA):
        await world.offers.offer(a_caller(person), request.id, SHORT, "")
    await world.offers.accept(a_caller(TIM), request.id)
    assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_of_several_different_offers_one_is_named(world: World) -> None:
    request = await asked(world)
    await world.offers.offer(a_caller(BEN), request.id, SHORT, "")
    other = await world.offers.offer(a_caller(DORA), request.id, Terms(budget=Budget(writes=2)), "")
    with pytest.raises(ConflictFault, match="several offers"):
        await world.offers.accept(a_caller(TIM), request.id)
    await world.offers.accept(a_caller(TIM), request.id, other.approvals[1].id)
    done = await world.stored(request.id)
    assert done.action.details == {"for_s": "1200", "budget": "writes 2"}


async def test_only_the_requester_accepts_and_only_an_offer_that_stands(world: World) -> None:
    request = await asked(world)
    with pytest.raises(ConflictFault, match="nobody has offered"):
        await world.offers.accept(a_caller(TIM), request.id)
    await world.offers.offer(a_caller(BEN), request.id, SHORT, "")
    with pytest.raises(ForbiddenFault):
        await world.offers.accept(a_caller(BEN), request.id)
    with pytest.raises(MissingFault, match="no open offer"):
        await world.offers.accept(a_caller(TIM), request.id, ApprovalId("apr_none"))
    await world.retracting.retract(a_caller(BEN), request.id)
    with pytest.raises(ConflictFault, match="nobody has offered"):
        await world.offers.accept(a_caller(TIM), request.id)


async def test_who_is_not_asked_offers_nothing(world: World) -> None:
    request = await asked(world)
    with pytest.raises((ForbiddenFault, MissingFault)):
        await world.offers.offer(a_caller(ANA), request.id, SHORT, "")
    with pytest.raises(ForbiddenFault, match="own"):
        await world.offers.offer(a_caller(TIM), request.id, SHORT, "")


async def test_an_offer_is_less_than_was_asked_for(world: World) -> None:
    request = await asked(world)
    for terms in (Terms(), Terms(timedelta(hours=1)), Terms(20 * MINUTE)):
        with pytest.raises(ConflictFault):
            await world.offers.offer(a_caller(BEN), request.id, terms, "")


async def test_an_offer_that_no_policy_permits_leaves_the_request_as_it_was(
    world: World,
) -> None:
    request = await asked(world)
    await world.offers.offer(a_caller(BEN), request.id, SHORT, "")
    never = '@id("never") @message("not now") forbid (principal, action == '
    never += 'Action::"access.request", resource);'
    world.policies.replace(policies(POLICIES, never))
    with pytest.raises(ConflictFault, match="not permitted"):
        await world.offers.accept(a_caller(TIM), request.id)
    assert (await world.stored(request.id)).action.details == {"for_s": "1200"}


async def test_an_offer_without_terms_is_none(world: World) -> None:
    request = await asked(world)
    with pytest.raises(ConflictFault):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.OFFER, "")
    assert (await world.stored(request.id)).approvals == ()


async def test_after_the_deadline_nothing_is_accepted(world: World) -> None:
    request = await asked(world)
    await world.offers.offer(a_caller(BEN), request.id, SHORT, "")
    world.clock.advance(15 * MINUTE)
    with pytest.raises(ConflictFault):
        await world.offers.accept(a_caller(TIM), request.id)
