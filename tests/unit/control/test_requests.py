"""Requests as people see and answer them: who may, how often, and what they are shown."""

import pytest

from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import RequestId
from assent.core.request import Request, RequestState, Verdict
from builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    MINUTE,
    POLICIES,
    TIM,
    World,
    a_caller,
    a_subject,
    disabled,
    policies,
)

STEP_UP = """
@id("fresh") @require("step-up: 15m; approve: 1 of dba")
forbid (principal in Group::"temps", action == Action::"access.request", resource);
"""


async def asked(world: World) -> Request:
    return await world.access.ask(a_caller(TIM), "shop", None, "", "")


async def test_an_inbox_holds_what_this_person_can_answer_now(world: World) -> None:
    request = await asked(world)
    assert [item.id for item in await world.requests.inbox(a_caller(BEN))] == [request.id]
    for who in (TIM, ANA, CARL):
        assert await world.requests.inbox(a_caller(who)) == []
    world.clock.advance(15 * MINUTE)
    assert await world.requests.inbox(a_caller(BEN)) == []


async def test_nobody_answers_their_own_request(world: World) -> None:
    request = await asked(world)
    world.replace_people(a_subject("tim", "temps", "dba"))
    with pytest.raises(ForbiddenFault, match="own"):
        await world.requests.answer(a_caller(TIM), request.id, Verdict.APPROVE, "")


async def test_groups_are_those_of_now_and_not_of_the_sign_in(world: World) -> None:
    request = await asked(world)
    world.replace_people(a_subject("ben", "engineers"))
    with pytest.raises((ForbiddenFault, MissingFault)):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert (await world.stored(request.id)).approvals == ()


async def test_a_disabled_approver_does_not_count(world: World) -> None:
    request = await asked(world)
    world.replace_people(disabled(BEN))
    with pytest.raises((ForbiddenFault, MissingFault)):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")


async def test_nobody_answers_twice(world: World) -> None:
    world.policies.replace(policies(POLICIES.replace("1 of dba", "2 of dba")))
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    with pytest.raises(ConflictFault, match="answered"):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert len((await world.stored(request.id)).approvals) == 1


async def test_an_answer_after_the_deadline_is_too_late_even_before_the_sweep(
    world: World,
) -> None:
    request = await asked(world)
    world.clock.advance(15 * MINUTE)
    with pytest.raises(ConflictFault):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")


async def test_an_approval_is_bound_to_the_digest_of_the_action(world: World) -> None:
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "fine")
    stored = await world.stored(request.id)
    assert stored.approvals[0].action_digest == request.action.digest()


async def test_a_request_is_missing_for_those_it_does_not_concern(world: World) -> None:
    request = await asked(world)
    for who in (TIM, BEN, DORA, CARL):
        assert (await world.requests.get(a_caller(who), request.id)).id == request.id
    with pytest.raises(MissingFault):
        await world.requests.get(a_caller(ANA), request.id)
    with pytest.raises(MissingFault):
        await world.requests.get(a_caller(CARL), RequestId("req_none"))
    assert await world.requests.list(a_caller(ANA), (), False) == []


async def test_only_the_requester_withdraws_and_gives_reasons(world: World) -> None:
    request = await asked(world)
    with pytest.raises(ForbiddenFault, match="only `tim`"):
        await world.requests.withdraw(a_caller(CARL), request.id)
    with pytest.raises(ForbiddenFault, match="only `tim`"):
        await world.requests.give_reason(a_caller(BEN), request.id, "because", "")
    withdrawn = await world.requests.withdraw(a_caller(TIM), request.id)
    assert withdrawn.state is RequestState.WITHDRAWN
    assert withdrawn.settled_by == TIM.id
    with pytest.raises(ConflictFault, match="withdrawn already"):
        await world.requests.withdraw(a_caller(TIM), request.id)


async def test_texts_are_bounded(world: World) -> None:
    request = await asked(world)
    with pytest.raises(ConflictFault, match="at most"):
        await world.requests.give_reason(a_caller(TIM), request.id, "x" * 2_001, "")
    with pytest.raises(ForbiddenFault, match="at most"):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.REJECT, "x" * 2_001)


async def test_a_step_up_counts_beside_an_approval(world: World) -> None:
    world.policies.replace(policies(POLICIES, STEP_UP))
    request = await asked(world)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    current = await world.stored(request.id)
    assert current.state is RequestState.PENDING
    await world.step_up(TIM)
    assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_a_step_up_succeeds_though_a_request_of_theirs_is_overdue(world: World) -> None:
    world.policies.replace(policies(POLICIES, STEP_UP))
    await asked(world)
    world.clock.advance(20 * MINUTE)
    await world.step_up(TIM)
    assert world.sign_in.stepped_up_at(TIM.id) == world.clock.now()


async def test_a_step_up_leaves_requests_alone_that_do_not_ask_for_it(world: World) -> None:
    await asked(world)
    before = len(world.journal)
    await world.step_up(TIM)
    assert world.journal[before:] == ["login", "step-up"]


async def test_comments_and_reasons_are_payloads_and_never_in_a_leaf(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "reason-xyzzy", "ticket-xyzzy")
    await world.requests.answer(a_caller(BEN), request.id, Verdict.REJECT, "comment-xyzzy")
    entries = await world.store.entries()
    assert all(b"xyzzy" not in entry.leaf for entry in entries)
    assert any(b"comment-xyzzy" in (entry.content or b"") for entry in entries)


async def test_a_self_approval_that_policy_lets_is_marked_in_the_log(world: World) -> None:
    own = POLICIES.replace(
        '"approve: 1 of dba") @message("temps', '"approve: 1 of dba, by-requester") @message("temps'
    )
    world.policies.replace(policies(own))
    world.replace_people(a_subject("tim", "temps", "dba"))
    request = await asked(world)
    await world.requests.answer(a_caller(TIM), request.id, Verdict.APPROVE, "it is mine")
    assert (await world.stored(request.id)).state is RequestState.COMPLETED
    assert '"self":true' in await world.log()


async def test_an_inbox_says_how_much_it_leaves_out(world: World) -> None:
    first, second = await asked(world), await asked(world)
    found, waiting = await world.requests.inbox_and_count(a_caller(BEN), 1)
    assert (len(found), waiting) == (1, 2)
    assert found[0].id in (first.id, second.id)
