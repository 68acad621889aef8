"""Asking for access: at once, after assent, or not at all; and the credential that opens."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control.session_credentials import CREDENTIAL_LASTS_FOR, Opened
from assent.control.waiting import MOST_EACH
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.ids import RequestId, TargetId
from assent.core.request import Request, RequestState, Verdict
from assent.core.scope import Budget
from assent.workflow.wishes import Wish
from builders import (
    ANA,
    BEN,
    CARL,
    MINUTE,
    POLICIES,
    READ,
    SHOP,
    TIM,
    World,
    a_caller,
    disabled,
    policies,
)

STEP_UP = """
@id("fresh") @require("step-up: 15m")
forbid (principal, action == Action::"access.request", resource);
"""
REASON = """
@id("why") @require("reason; ticket")
forbid (principal, action == Action::"access.request", resource);
"""


async def asked(world: World) -> Request:
    return await world.access.ask(a_caller(TIM), "shop", None, "to help", "")


async def test_access_that_policies_permit_is_granted_at_once(world: World) -> None:
    request = await world.access.ask(a_caller(ANA), "shop", 10 * MINUTE, "a look", "T-1")
    assert request.state is RequestState.COMPLETED
    assert request.grant is not None
    grant = await world.store.grant(request.grant)
    assert grant is not None
    assert grant.ends_at - grant.starts_at == 10 * MINUTE
    assert world.journal == ["attempt", "decision", "request.settled", "grant.issued"]


async def test_access_never_lasts_longer_than_permitted(world: World) -> None:
    request = await world.access.ask(a_caller(ANA), "shop", timedelta(days=2), "", "")
    grant = await world.store.grant(request.grant)
    assert grant.ends_at - grant.starts_at == 30 * MINUTE


async def test_access_that_was_assented_to_is_minted_from_then_on(world: World) -> None:
    request = await asked(world)
    assert request.state is RequestState.PENDING
    world.clock.advance(5 * MINUTE)
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    settled = await world.stored(request.id)
    assert settled.state is RequestState.COMPLETED
    grant = await world.store.grant(settled.grant)
    assert grant.starts_at == world.clock.now()
    assert world.grants.valid(TIM.id, grant.target, world.clock.now()) == [grant]


async def test_access_is_not_minted_when_the_policies_became_stricter(world: World) -> None:
    request = await asked(world)
    world.policies.replace(policies(POLICIES.replace("1 of dba", "2 of dba")))
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    again = await world.stored(request.id)
    assert again.state is RequestState.PENDING
    assert again.outcome.startswith("asks again, for more is needed")
    assert world.requests.unmet(again) == ("assent of 1 of dba",)
    assert await world.store.grants() == []


async def test_access_is_not_minted_for_somebody_disabled_meanwhile(world: World) -> None:
    request = await asked(world)
    world.replace_people(disabled(TIM))
    await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert (await world.stored(request.id)).state is RequestState.REJECTED
    assert await world.store.grants() == []


async def test_access_that_asks_for_a_fresh_proof_is_minted_after_it(world: World) -> None:
    world.policies.replace(policies(POLICIES, STEP_UP))
    request = await world.access.ask(a_caller(ANA), "shop", None, "", "")
    assert world.requests.unmet(request) == ("confirm your password (within the last 15 min)",)
    await world.step_up(ANA)
    assert (await world.stored(request.id)).state is RequestState.COMPLETED


async def test_a_reason_and_a_ticket_given_later_complete_a_request(world: World) -> None:
    world.policies.replace(policies(POLICIES, REASON))
    request = await world.access.ask(a_caller(ANA), "shop", None, "", "")
    half = await world.requests.give_reason(a_caller(ANA), request.id, "the monthly report", "")
    assert world.requests.unmet(half) == ("name a ticket",)
    await world.requests.give_reason(a_caller(ANA), request.id, "", "T-7")
    settled = await world.stored(request.id)
    assert settled.state is RequestState.COMPLETED
    assert (settled.reason, settled.ticket) == ("the monthly report", "T-7")


async def test_a_final_denial_says_why_and_where_to_read_on(world: World) -> None:
    with pytest.raises(ForbiddenFault, match=r"no policy permits .* \(see `assent explain ent_"):
        await world.access.ask(a_caller(CARL), "shop", None, "", "")
    assert world.journal == ["attempt", "decision"]


async def test_a_log_that_is_away_grants_nothing(world: World) -> None:
    for kinds in ({"decision"}, {"grant.issued"}):
        world.store.refused_kinds = kinds
        with pytest.raises(OutsideFault):
            await world.access.ask(a_caller(ANA), "shop", None, "", "")
    assert world.grants.valid(ANA.id, world.directory.targets()[0].id, world.clock.now()) == []


async def test_what_was_approved_and_not_minted_is_minted_by_the_next_process(
    world: World,
) -> None:
    request = await asked(world)
    world.store.refused_kinds = {"grant.issued"}
    with pytest.raises(OutsideFault):
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "")
    assert (await world.stored(request.id)).state is RequestState.APPROVED
    world.store.refused_kinds = set()
    await world.waiting.carry_out()
    assert (await world.stored(request.id)).state is RequestState.COMPLETED
    assert len(await world.store.grants()) == 1


async def test_a_credential_lasts_minutes_and_never_longer_than_its_grant(world: World) -> None:
    opened = await world.opened()
    assert opened.expires_at == world.clock.now() + CREDENTIAL_LASTS_FOR
    world.clock.at = opened.grant.ends_at - MINUTE
    assert (await world.opened()).expires_at == opened.grant.ends_at


async def test_a_valid_grant_is_used_again(world: World) -> None:
    first, second = await world.opened(), await world.opened()
    assert first.grant == second.grant
    assert first.password.reveal() != second.password.reveal()


async def test_naming_a_duration_asks_anew(world: World) -> None:
    first = await world.opened()
    second = await world.access.connect(a_caller(ANA), "shop", 5 * MINUTE, "", "", 1)
    assert isinstance(second, Opened)
    assert second.grant.id != first.grant.id


async def test_connecting_without_access_returns_the_request_to_wait_for(world: World) -> None:
    answer = await world.access.connect(a_caller(TIM), "shop", None, "", "", 1)
    assert isinstance(answer, Request)


@pytest.mark.parametrize("seconds", [-1, 0, 0.5, 30 * 86_400 + 1])
async def test_odd_durations_are_refused(world: World, seconds: float) -> None:
    with pytest.raises(ConflictFault, match="a second at least and 30 days at most"):
        await world.access.ask(a_caller(ANA), "shop", timedelta(seconds=seconds), "", "")


@pytest.mark.parametrize("connections", [-1, 0, 257])
async def test_odd_numbers_of_connections_are_refused(world: World, connections: int) -> None:
    with pytest.raises(ConflictFault, match="1 to 256"):
        await world.access.connect(a_caller(ANA), "shop", None, "", "", connections)


async def test_what_people_write_is_bounded(world: World) -> None:
    request = await world.access.ask(a_caller(TIM), "shop", None, "x" * 10_000, "y" * 10_000)
    stored = await world.stored(request.id)
    assert (len(stored.reason), len(stored.ticket)) == (2_000, 200)


async def test_an_unknown_target_is_missing(world: World) -> None:
    with pytest.raises(MissingFault, match="there is no target `nowhere`"):
        await world.access.ask(a_caller(ANA), "nowhere", None, "", "")


async def test_an_outlook_says_what_asking_would_lead_to_and_leaves_no_trace(
    world: World,
) -> None:
    found = {who.name: (await world.access.outlook(a_caller(who)))[0] for who in (ANA, TIM, CARL)}
    assert {name: item.state for name, item in found.items()} == {
        "ana": "automatic",
        "tim": "ask",
        "carl": "closed",
    }
    assert found["tim"].words == ("assent of 1 of dba",)
    assert world.journal == []
    await world.opened()
    assert (await world.access.outlook(a_caller(ANA)))[0].state == "granted"


async def test_a_credentials_password_is_nowhere_but_in_the_answer(world: World) -> None:
    opened = await world.opened()
    password = opened.password.reveal()
    assert password not in repr(opened)
    assert password not in await world.log()
    candidate = await world.candidate()
    assert password not in repr(candidate)


async def test_a_person_has_a_bounded_number_of_requests_that_wait(world: World) -> None:
    for _ in range(MOST_EACH):
        await asked(world)
    with pytest.raises(ConflictFault, match="wait already"):
        await asked(world)
    mine = await world.requests.list(a_caller(TIM), (), True)
    await world.requests.withdraw(a_caller(TIM), RequestId(mine[0].id))
    await asked(world)


async def test_what_a_program_says_that_it_does_is_bound_to_what_it_asks_for(world: World) -> None:
    caller = replace(a_caller(ANA), task="close the month")
    action, outcome = await world.decided(world.access.ask(caller, "shop", None, "why", ""))
    assert action.details["task"] == "close the month"
    assert outcome.evidence.connection.task == "close the month"
    assert action.digest() != replace(action, details={}).digest()


async def test_what_a_program_says_that_it_does_is_bound_to_what_it_does(world: World) -> None:
    client = await world.connect()
    live = client.session
    live.connection = replace(live.connection, task="close the month")
    action, outcome = await world.decided(world.did(client, READ))
    assert (action.details, outcome.evidence.connection.task) == (
        {"task": "close the month"},
        "close the month",
    )


async def test_budgets_of_rows_are_for_what_has_rows(world: World) -> None:
    web = replace(SHOP, id=TargetId("tgt_web"), name="web", protocol="http")
    world.directory.put_target(web)
    wish = Wish(budget=Budget(rows=10))
    with pytest.raises(ConflictFault, match="has no rows"):
        await world.access.ask(a_caller(ANA), "web", None, "why", "", wish)
