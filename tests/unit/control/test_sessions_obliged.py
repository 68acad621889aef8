"""Sessions whose permits oblige to something: what statements carry, and asking for more."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from assent.control.obligations import SESSION_WIDE
from assent.core.action import Action
from assent.core.enforcement import MaskHow
from assent.core.faults import OutsideFault
from assent.core.flows import Flows
from assent.core.plugins import Authorize, Exceed, Permitted, RefusalKind, Refused
from assent.core.request import RequestState, Verdict
from builders import (
    BEN,
    POLICIES,
    READ,
    SHOP,
    Client,
    World,
    a_caller,
    a_statement,
    asking_to,
    policies,
    until,
)

OBLIGED = SESSION_WIDE | {"decide_each", "max_duration", "record"}
NOTE = "public.orders.note"
MASKING = """
@id("masking") @mask("pii: hash")
permit (principal, action == Action::"sql.read", resource);
"""
LIMITING = """
@id("limiting") @max_rows("1000") @more("approve: 1 of dba") @statement_timeout("30s")
permit (principal, action == Action::"sql.read", resource);
"""
BINDING = """
@id("binding") @read_only @statement_timeout("30s")
permit (principal, action == Action::"session.open", resource);
"""
RECORDING = """
@id("recording") @record_results permit (principal, action == Action::"sql.read", resource);
"""
EXCEED = Exceed("", "max_rows", 1000, 1000, 52_000)


@pytest_asyncio.fixture(autouse=True)
async def kept(world: World) -> None:
    """Let enforcement keep every obligation, and label a column."""
    world.decider._honours = OBLIGED
    labels = {NOTE: frozenset({"pii.note"})}
    world.directory.replace(world.directory.subjects(), [replace(SHOP, labels=labels)])


def reading(flows: Flows | None) -> Authorize:
    statement = replace(a_statement("sql.read"), flows=flows)
    return replace(READ, statement=statement)


async def permitted(world: World, client: Client, question: Authorize) -> tuple[Permitted, Action]:
    answer, action = await world.sessions.attempts.authorize(
        client.session, question, client.held.append
    )
    assert isinstance(answer, Permitted), answer
    return answer, action


async def test_a_plain_permit_carries_nothing_to_do(world: World) -> None:
    answer, _ = await permitted(world, await world.connect(), READ)
    assert answer.enforcement is None


async def test_a_statement_carries_what_is_masked_and_is_reused_only_without_it(
    world: World,
) -> None:
    world.policies.replace(policies(POLICIES, MASKING))
    client = await world.connect()
    read = Flows(outputs=(frozenset({NOTE}),), read=frozenset({NOTE}))
    answer, _ = await permitted(world, client, reading(read))
    assert answer.enforcement is not None
    assert answer.enforcement.masks[NOTE] is MaskHow.HASH
    assert len(answer.enforcement.key.reveal()) == 32
    assert answer.reuse_until is None
    answer, _ = await permitted(world, client, reading(Flows(read=frozenset({"public.orders.id"}))))
    assert answer.enforcement is not None
    assert answer.reuse_until is not None


async def test_a_statement_that_would_tell_what_is_masked_is_denied_and_says_why(
    world: World,
) -> None:
    world.policies.replace(policies(POLICIES, MASKING))
    client = await world.connect()
    refused = await world.ask(client, reading(Flows(tested=frozenset({NOTE}))))
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.DENIED
    assert refused.message.startswith(f"`{NOTE}` is masked for you, so it cannot decide")
    assert '"code":"obligation"' in await world.log()


async def test_recorded_results_are_decided_each_time(world: World) -> None:
    world.policies.replace(policies(POLICIES, RECORDING))
    answer, _ = await permitted(world, await world.connect(), READ)
    assert answer.enforcement is not None
    assert answer.enforcement.record_results
    assert answer.reuse_until is None


async def test_what_the_opening_obliges_to_binds_statements_and_is_told_to_the_target(
    world: World,
) -> None:
    world.policies.replace(policies(POLICIES, BINDING))
    client = await world.connect()
    assert client.session.settings == {
        "default_transaction_read_only": "on",
        "statement_timeout": "30000",
    }
    refused = await world.ask(client, asking_to("sql.insert"))
    assert isinstance(refused, Refused)
    assert "you may only read here" in refused.message
    answer, _ = await permitted(world, client, READ)
    assert answer.enforcement is not None
    assert answer.enforcement.timeout == timedelta(seconds=30)


async def exceeding(world: World) -> tuple[Client, Action, "asyncio.Task[Permitted | Refused]"]:
    """Return what waits for the rest of a result."""
    world.policies.replace(policies(POLICIES, LIMITING))
    client = await world.connect()
    answer, action = await permitted(world, client, READ)
    assert answer.enforcement is not None
    assert [limit.most for limit in answer.enforcement.limits] == [1000]
    asking = asyncio.create_task(
        world.sessions.attempts.exceed(client.session, EXCEED, action, client.held.append)
    )
    return client, action, asking


async def test_more_than_a_limit_waits_for_assent_and_is_an_attempt_of_its_own(
    world: World,
) -> None:
    client, action, asking = await exceeding(world)
    request = await world.held(client)
    assert client.held[0].lines[0] == "held by Assent: 1,000 rows reached: assent needed for more"
    asked = (await world.stored(request)).action
    assert asked.id != action.id
    assert (asked.text, asked.touches) == (action.text, action.touches)
    assert asked.details == {
        "exceeds": "max_rows 1000",
        "passed_bytes": "52000",
        "passed_rows": "1000",
    }
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    answer = await asking
    assert isinstance(answer, Permitted)
    assert answer.reuse_until is None
    settled = await world.stored(request)
    assert (settled.state, settled.outcome) == (
        RequestState.COMPLETED,
        "the rest was let through",
    )


async def test_more_that_is_rejected_is_refused(world: World) -> None:
    client, _, asking = await exceeding(world)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.REJECT, "too much")
    answer = await asking
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.REJECTED


async def test_a_client_that_hangs_up_asks_for_no_more(world: World) -> None:
    client, _, asking = await exceeding(world)
    await world.held(client)
    client.session.gone = True
    client.session.nudged.set()
    answer = await asking
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.WITHDRAWN


async def test_more_that_was_let_through_is_no_habit_of_its_own(world: World) -> None:
    client, action, asking = await exceeding(world)
    before = await world.history.counts(action)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await asking
    assert await world.history.counts(action) == before


async def test_a_log_that_is_away_lets_no_more_through(world: World) -> None:
    world.policies.replace(policies(POLICIES, LIMITING))
    client = await world.connect()
    _, action = await permitted(world, client, READ)
    world.store.refused_kinds = {"attempt"}
    with pytest.raises(OutsideFault):
        await world.decider.decide(action, world.sessions.surroundings.of(client.session))
    answer = await world.sessions.attempts.exceed(
        client.session, EXCEED, action, client.held.append
    )
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.UNAVAILABLE
    assert not client.held


async def test_more_is_denied_at_once_where_the_statement_is_not_permitted_any_more(
    world: World,
) -> None:
    client, _, asking = await exceeding(world)
    request = await world.held(client)
    frozen = '@id("freeze") forbid (principal, action, resource);'
    world.policies.replace(policies(POLICIES, LIMITING, frozen))
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await until(asking.done)
    assert isinstance(await asking, Refused)
