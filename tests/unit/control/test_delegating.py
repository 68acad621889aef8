"""Giving somebody one's place: an action like any other, decided by policies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Delegation, GrantKind
from assent.core.request import RequestState, Verdict
from assent.core.subject import Subject, SubjectKind
from builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    POLICIES,
    TIM,
    World,
    a_caller,
    a_subject,
    disabled,
    policies,
)

DAY = timedelta(days=1)
PERMITTED = (
    POLICIES
    + """
@id("delegate") @max_duration("2d")
permit (principal, action == Action::"delegation.give", resource == System::"delegations");
"""
)
ASKED = (
    PERMITTED
    + """
@id("delegate.ask") @message("security must know") @require("approve: 1 of security")
forbid (principal, action == Action::"delegation.give", resource == System::"delegations");
"""
)


@pytest.fixture
def permitted(world: World) -> World:
    """A world whose policies let everybody delegate what is theirs."""
    world.policies.replace(policies(PERMITTED))
    return world


async def test_a_permitted_delegation_is_a_grant_at_once(permitted: World) -> None:
    given = await permitted.delegating.give(a_caller(BEN), "dba", "ana", DAY, "holiday")
    assert given.state is RequestState.COMPLETED
    grant = await permitted.store.grant(given.grant)
    assert grant.kind is GrantKind.DELEGATION
    assert (grant.subject, grant.target) == (ANA.id, None)
    assert grant.delegation == Delegation(BEN.id, "dba")
    assert grant.ends_at - grant.starts_at == DAY
    assert permitted.journal[-4:] == ["attempt", "decision", "request.settled", "grant.issued"]


async def test_it_lasts_no_longer_than_policies_let(permitted: World) -> None:
    given = await permitted.delegating.give(a_caller(BEN), "dba", "ana", 10 * DAY, "")
    grant = await permitted.store.grant(given.grant)
    assert grant.ends_at - grant.starts_at == 2 * DAY


async def test_without_a_policy_nobody_delegates(world: World) -> None:
    with pytest.raises(ForbiddenFault):
        await world.delegating.give(a_caller(BEN), "dba", "ana", DAY, "")


async def test_where_people_are_asked_it_waits_for_them(world: World) -> None:
    world.policies.replace(policies(ASKED))
    asked = await world.delegating.give(a_caller(BEN), "dba", "ana", DAY, "holiday")
    assert asked.state is RequestState.PENDING
    assert world.delegations.of(ANA.id, world.clock.now()) == ()
    await world.requests.answer(a_caller(CARL), asked.id, Verdict.APPROVE, "")
    assert (await world.stored(asked.id)).state is RequestState.COMPLETED
    assert world.delegations.of(ANA.id, world.clock.now()) == (Delegation(BEN.id, "dba"),)


async def test_what_was_assented_to_is_not_minted_once_the_giver_left_the_group(
    world: World,
) -> None:
    world.policies.replace(policies(ASKED))
    asked = await world.delegating.give(a_caller(BEN), "dba", "ana", DAY, "")
    world.replace_people(a_subject("ben", "engineers"))
    await world.requests.answer(a_caller(CARL), asked.id, Verdict.APPROVE, "")
    assert (await world.stored(asked.id)).state is RequestState.REJECTED
    assert world.delegations.of(ANA.id, world.clock.now()) == ()


async def test_only_what_is_ones_own_can_be_given(permitted: World) -> None:
    for caller, group in ((ANA, "dba"), (BEN, "security"), (BEN, "")):
        with pytest.raises(ForbiddenFault):
            await permitted.delegating.give(a_caller(caller), group, "tim", DAY, "")


async def test_a_delegate_cannot_delegate_on(permitted: World) -> None:
    await permitted.delegating.give(a_caller(BEN), "dba", "ana", DAY, "")
    with pytest.raises(ForbiddenFault, match="themselves"):
        await permitted.delegating.give(a_caller(ANA), "dba", "tim", DAY, "")


async def test_it_goes_to_people_who_can_use_it(permitted: World) -> None:
    agent = Subject(a_subject("bot").id, "bot", kind=SubjectKind.AGENT, on_behalf_of=ANA.id)
    permitted.replace_people(agent, disabled(TIM))
    for to in ("bot", "tim", "ben", "dora"):
        with pytest.raises(ConflictFault):
            await permitted.delegating.give(a_caller(BEN), "dba", to, DAY, "")
    with pytest.raises(MissingFault):
        await permitted.delegating.give(a_caller(BEN), "dba", "nobody", DAY, "")
    for span in (timedelta(0), timedelta(days=31)):
        with pytest.raises(ConflictFault):
            await permitted.delegating.give(a_caller(BEN), "dba", "ana", span, "")


async def test_giver_holder_and_security_end_it_and_nobody_else(permitted: World) -> None:
    for who in (BEN, ANA, CARL):
        given = await permitted.delegating.give(a_caller(BEN), "dba", "ana", DAY, "")
        with pytest.raises(ForbiddenFault):
            await permitted.grants.revoke(a_caller(DORA), given.grant, "not mine")
        await permitted.grants.revoke(a_caller(who), given.grant, "enough")
        assert permitted.delegations.of(ANA.id, permitted.clock.now()) == ()


async def test_nobody_answers_their_own_request_by_a_delegate(permitted: World) -> None:
    permitted.replace_people(a_subject("tim", "temps", "dba"))
    await permitted.delegating.give(
        a_caller(permitted.directory.subject(TIM.id)), "dba", "ana", DAY, ""
    )
    asked = await permitted.access.ask(a_caller(TIM), "shop", None, "", "")
    with pytest.raises(ForbiddenFault):
        await permitted.requests.answer(a_caller(ANA), asked.id, Verdict.APPROVE, "")


async def test_an_answer_in_somebodys_place_says_so_and_ends_with_it(permitted: World) -> None:
    permitted.policies.replace(
        policies(
            PERMITTED.replace(
                '"approve: 1 of dba") @message("temps', '"approve: 2 of dba") @message("temps'
            )
        )
    )
    given = await permitted.delegating.give(a_caller(BEN), "dba", "ana", DAY, "")
    asked = await permitted.access.ask(a_caller(TIM), "shop", None, "", "")
    answered = await permitted.requests.answer(a_caller(ANA), asked.id, Verdict.APPROVE, "")
    assert answered.approvals[0].in_place_of == BEN.id
    assert permitted.requests.unmet(answered) == ("assent of 1 of dba",)
    await permitted.grants.revoke(a_caller(BEN), given.grant, "back")
    # It is asked at the moment of the decision who counts, not when they answered.
    assert permitted.requests.unmet(await permitted.stored(asked.id)) == ("assent of 2 of dba",)


async def test_who_is_asked_by_name_gives_their_own_place(permitted: World) -> None:
    text = PERMITTED.replace(
        '"approve: 1 of dba") @message("temps', '"approve: 1 of manager") @message("temps'
    )
    permitted.policies.replace(policies(text))
    permitted.replace_people(replace(TIM, reports_to=(DORA.id,)))
    asked = await permitted.access.ask(a_caller(TIM), "shop", None, "", "")
    assert await permitted.requests.inbox(a_caller(ANA)) == []
    await permitted.delegating.give(a_caller(DORA), "@me", "ana", DAY, "")
    assert [one.id for one in await permitted.requests.inbox(a_caller(ANA))] == [asked.id]
    await permitted.requests.answer(a_caller(ANA), asked.id, Verdict.APPROVE, "")
    assert (await permitted.stored(asked.id)).state is RequestState.COMPLETED
