"""Access in an emergency: at once where a policy names it, and never without a review."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from assent.control.opening import Proof
from assent.control.replay import as_recorded, decide_again, recorded
from assent.core.decision import Deny
from assent.core.evidence import Connection
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import GrantKind
from assent.core.plugins import Permitted, Refused
from assent.core.request import Request, RequestState, Verdict
from assent.core.review import ReviewVerdict
from assent.core.scope import Budget
from assent.core.subject import SubjectKind
from builders import (
    ANA,
    BEN,
    CARL,
    MINUTE,
    SHOP,
    TIM,
    Client,
    World,
    a_caller,
    a_world,
    asking_to,
    policies,
    restarted,
)
from builders import POLICIES as USUAL
from emergency_world import EMERGENCY, HONOURS, REASON, broken, caller_of

DAY = timedelta(days=1)
ASKED = (
    EMERGENCY
    + """
@id("break-glass.ask") @message("a DBA must know") @require("approve: 1 of dba")
forbid (principal, action == Action::"access.break-glass", resource);
"""
)
INSERT = asking_to("sql.insert", "insert into orders values (1)")


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, EMERGENCY, honours=HONOURS) as built:
        yield built


async def connected(world: World, subject: str = "ana") -> Client:
    person = caller_of(world, subject).subject
    client = Client()
    candidate = await world.candidate(person)
    client.live = await world.sessions.opening.open(
        candidate,
        Proof(candidate.credentials[0]),
        "",
        Connection("127.0.0.1", "psql"),
        client.handles(),
        client.held.append,
    )
    return client


async def test_it_is_a_short_grant_at_once_with_its_review_in_one_commit(world: World) -> None:
    taken = await broken(world, a_caller(ANA))
    grant = await world.store.grant(taken.opened.grant.id)
    assert grant.kind is GrantKind.BREAK_GLASS
    assert grant.ends_at - grant.starts_at == 20 * MINUTE
    assert grant.budget == Budget(writes=5)
    assert world.journal[-6:] == [
        "attempt",
        "decision",
        "request.settled",
        "grant.issued",
        "review.opened",
        "credential.minted",
    ]
    (review,) = await world.store.reviews(ANA.id)
    assert review == taken.reviews[0]
    assert (review.group, review.due_at) == ("security", world.clock.now() + DAY)
    request = await world.stored(grant.request)
    assert (request.state, request.reason) == (RequestState.COMPLETED, REASON)


async def test_where_the_commit_fails_there_is_neither_grant_nor_review(world: World) -> None:
    world.store.refused_kinds = {"review.opened"}
    with pytest.raises(Exception, match="store"):
        await world.plane.break_glass.take(a_caller(ANA), "shop", None, REASON)
    assert await world.store.grants(ANA.id) == []
    assert await world.store.reviews() == []
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []


async def test_owners_security_and_the_person_hear_of_it_loudly(world: World) -> None:
    taken = await broken(world, a_caller(ANA))
    due = await world.store.due_deliveries(world.clock.now())
    (notice,) = {one.key: one for one, _ in due if one.topic == "break-glass.taken"}.values()
    assert notice.loud
    assert set(notice.to) == {"sub_ana", "sub_ben", "sub_dora", "sub_carl"}
    assert notice.headline == "ana broke the glass on shop"
    assert notice.link.endswith(f"/reviews/{taken.reviews[0].id}")
    assert f"reason: {REASON}" in notice.lines


async def test_no_policy_and_no_wish_make_it_longer_than_an_hour(world: World) -> None:
    world.policies.replace(policies(USUAL, EMERGENCY.replace('@max_duration("20m")', "")))
    taken = await broken(world, a_caller(ANA))
    assert taken.opened.grant.ends_at - world.clock.now() == timedelta(hours=1)
    short = await world.plane.break_glass.take(a_caller(ANA), "shop", 5 * MINUTE, REASON)
    assert not isinstance(short, Request)
    assert short.opened.grant.ends_at - world.clock.now() == 5 * MINUTE
    world.directory.replace(world.directory.subjects(), (replace(SHOP, longest_grant_s=60),))
    capped = await broken(world, a_caller(ANA))
    assert capped.opened.grant.ends_at - world.clock.now() == MINUTE


async def test_only_a_policy_that_names_it_permits_it(world: World) -> None:
    world.policies.replace(policies(USUAL, '@id("all") permit (principal, action, resource);'))
    with pytest.raises(ForbiddenFault, match="break-glass"):
        await broken(world, a_caller(ANA))
    assert await world.store.reviews() == []


async def test_who_is_not_meant_by_the_policy_cannot(world: World) -> None:
    with pytest.raises(ForbiddenFault):
        await broken(world, a_caller(TIM))


@pytest.mark.parametrize("kind", [SubjectKind.WORKLOAD, SubjectKind.AGENT])
async def test_machines_and_agents_never_do_whatever_policies_say(
    world: World, kind: SubjectKind
) -> None:
    robot = replace(ANA, kind=kind, on_behalf_of=BEN.id if kind is SubjectKind.AGENT else None)
    world.replace_people(robot)
    with pytest.raises(ForbiddenFault, match="only people break the glass"):
        await broken(world, a_caller(robot))
    assert '"code":"not-a-person"' in await world.log()


async def test_it_needs_a_reason_a_target_and_sensible_terms(world: World) -> None:
    take = world.plane.break_glass.take
    for reason in ("", "help", "   short   "):
        with pytest.raises(ConflictFault, match="10 characters"):
            await take(a_caller(ANA), "shop", None, reason)
    with pytest.raises(MissingFault):
        await take(a_caller(ANA), "nothing", None, REASON)
    for span in (timedelta(0), timedelta(hours=2)):
        with pytest.raises(ConflictFault):
            await take(a_caller(ANA), "shop", span, REASON)
    with pytest.raises(ConflictFault):
        await take(a_caller(ANA), "shop", None, REASON, "", 0)
    assert "attempt" not in world.journal


async def test_a_session_under_it_says_so_and_is_recorded_with_results(world: World) -> None:
    await broken(world, a_caller(ANA))
    client = await connected(world)
    assert "break-glass on `shop`: everything you do is recorded" in client.said[-1][0]
    answer = await world.ask(client, asking_to("sql.read", "select * from orders"))
    assert isinstance(answer, Permitted)
    assert answer.enforcement is not None
    assert answer.enforcement.record_results
    assert answer.reuse_until is None


async def test_guards_can_make_way_for_it(world: World) -> None:
    usual = await world.connect(ANA)
    refused = await world.ask(usual, INSERT)
    assert isinstance(refused, Refused)
    await broken(world, a_caller(ANA))
    assert isinstance(await world.ask(usual, INSERT), Permitted)


async def test_what_is_open_already_is_recorded_from_then_on_and_says_so(world: World) -> None:
    usual = await world.connect(ANA)
    before = await world.ask(usual, asking_to("sql.read", "select 1"))
    assert before.enforcement is None
    await broken(world, a_caller(ANA))
    assert usual.said[-1][0].startswith("break-glass on `shop`")
    after = await world.ask(usual, asking_to("sql.read", "select 1"))
    assert after.enforcement.record_results


async def test_where_results_cannot_be_recorded_nothing_is_done(tmp_path: Path) -> None:
    async with a_world(tmp_path, EMERGENCY) as world:
        await broken(world, a_caller(ANA))
        client = await connected(world)
        assert isinstance(client.live, Refused)


async def test_an_overdue_review_stands_against_the_next_time(world: World) -> None:
    (review,) = (await broken(world, a_caller(ANA))).reviews
    world.clock.advance(DAY - MINUTE)
    again = await broken(world, a_caller(ANA))
    world.clock.advance(MINUTE)
    with pytest.raises(ForbiddenFault) as fault:
        await broken(world, a_caller(ANA))
    assert review.id in fault.value.detail
    assert again.reviews[0].id not in fault.value.detail
    assert "it can be closed by carl" in fault.value.detail
    assert '"code":"review-overdue"' in await world.log()
    await broken(world, a_caller(BEN))
    await world.plane.reviews.close(a_caller(CARL), review.id, ReviewVerdict.JUSTIFIED, "right")
    await broken(world, a_caller(ANA))


async def test_where_nobody_else_could_review_it_there_is_none(world: World) -> None:
    world.replace_people(replace(CARL, disabled=True))
    with pytest.raises(ForbiddenFault, match="nobody but you could review it"):
        await broken(world, a_caller(ANA))
    assert await world.store.grants(ANA.id) == []


async def test_a_policy_may_ask_for_something_first(world: World) -> None:
    world.policies.replace(policies(USUAL, ASKED))
    asked = await world.plane.break_glass.take(a_caller(ANA), "shop", None, REASON)
    assert isinstance(asked, Request)
    assert asked.state is RequestState.PENDING
    assert await world.store.reviews() == []
    await world.requests.answer(a_caller(BEN), asked.id, Verdict.APPROVE, "")
    settled = await world.stored(asked.id)
    assert settled.state is RequestState.COMPLETED
    grant = await world.store.grant(settled.grant)
    assert (grant.kind, grant.subject) == (GrantKind.BREAK_GLASS, ANA.id)
    (review,) = await world.store.reviews(ANA.id)
    assert review.grant == grant.id


async def test_what_was_assented_to_is_not_minted_once_a_review_is_overdue(world: World) -> None:
    await broken(world, a_caller(ANA))
    world.policies.replace(policies(USUAL, ASKED))
    world.clock.advance(DAY - MINUTE)
    asked = await world.plane.break_glass.take(a_caller(ANA), "shop", None, REASON)
    assert isinstance(asked, Request)
    world.clock.advance(2 * MINUTE)
    await world.requests.answer(a_caller(BEN), asked.id, Verdict.APPROVE, "")
    settled = await world.stored(asked.id)
    assert settled.state is RequestState.REJECTED
    assert "overdue" in settled.outcome
    assert len(await world.store.reviews(ANA.id)) == 1


async def test_what_was_assented_to_is_minted_once_after_a_restart(world: World) -> None:
    world.policies.replace(policies(USUAL, ASKED))
    asked = await world.plane.break_glass.take(a_caller(ANA), "shop", None, REASON)
    assert isinstance(asked, Request)
    world.store.refused_kinds = {"grant.issued"}
    with pytest.raises(Exception, match="store"):
        await world.requests.answer(a_caller(BEN), asked.id, Verdict.APPROVE, "")
    world.store.refused_kinds = set()
    again = await restarted(world, USUAL, ASKED)
    await again.waiting.carry_out()
    await again.waiting.carry_out()
    assert (await again.stored(asked.id)).state is RequestState.COMPLETED
    assert len(await again.store.reviews(ANA.id)) == 1
    assert len(await again.store.grants(ANA.id)) == 1


async def test_a_refusal_for_an_overdue_review_is_replayed_as_it_was(world: World) -> None:
    await broken(world, a_caller(ANA))
    world.clock.advance(DAY)
    with pytest.raises(ForbiddenFault):
        await broken(world, a_caller(ANA))
    stored = (await world.store.entries(limit=1_000))[-2:]
    attempt, decision = (
        {**json.loads(one.leaf), "payload": json.loads(one.content or b"null")} for one in stored
    )
    again = decide_again(attempt, decision, world.policies.current, HONOURS)
    assert isinstance(again, Deny)
    assert again.code == "review-overdue"
    assert as_recorded(again) == recorded(decision)
