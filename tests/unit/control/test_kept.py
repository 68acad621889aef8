"""The entry of a result says which obligations of its permit were kept, and how far."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from assent.control.kept import Keeping
from assent.core.action import Action, Phase
from assent.core.decision import Obligation, Permit
from assent.core.enforcement import Enforcement, MaskHow
from assent.core.flows import Flows
from assent.core.frame import ResultFrame
from assent.core.ids import ActionId
from assent.core.plugins import Authorize, Exceed, Permitted
from assent.core.request import Verdict
from builders import (
    BEN,
    POLICIES,
    READ,
    SHOP,
    Client,
    World,
    a_caller,
    a_statement,
    an_action,
    policies,
)

LIMITING = """
@id("limiting") @max_rows("1000") @more("approve: 1 of dba") @statement_timeout("30s") @record
permit (principal, action == Action::"sql.read", resource);
"""
MASKING = """
@id("masking") @mask("pii: hash") @record_results
permit (principal, action == Action::"sql.read", resource);
"""
NOTE = "public.orders.note"
EXCEED = Exceed("", "max_rows", 1000, 1000, 52_000)


@pytest_asyncio.fixture(autouse=True)
async def honoured(world: World) -> None:
    """Let enforcement keep every obligation, and label a column."""
    world.decider._honours = frozenset(
        {"decide_each", "mask", "max_rows", "more", "record", "record_results", "statement_timeout"}
    ) | {"max_duration", "mask_inference", "max_bytes", "read_only"}
    labels = {NOTE: frozenset({"pii.note"})}
    world.directory.replace(world.directory.subjects(), [replace(SHOP, labels=labels)])


async def run(world: World, client: Client, question: Authorize) -> Action:
    """Return the action of a statement that was permitted and is under way."""
    answer, action = await world.sessions.attempts.authorize(
        client.session, question, client.held.append
    )
    assert isinstance(answer, Permitted)
    return action


async def ended(world: World, client: Client, action: Action, error: str = "") -> dict[str, Any]:
    """Return the facts of the result that the log has of an action."""
    frame = ResultFrame(1, world.clock.now(), 1_000, 3, 300, error)
    await world.sessions.results.finish(client.session, action, "", frame)
    leaves = [json.loads(one.leaf) for one in await world.store.entries(limit=1_000)]
    (facts,) = [
        leaf["facts"]
        for leaf in leaves
        if leaf["kind"] == "result" and leaf["facts"]["action"] == action.id
    ]
    found: dict[str, Any] = facts
    return found


async def test_a_result_says_what_its_permit_obliged_to(world: World) -> None:
    world.policies.replace(policies(POLICIES, LIMITING))
    client = await world.connect()
    facts = await ended(world, client, await run(world, client, READ))
    assert facts["obligations"] == {"kept": ["max_rows", "record", "statement_timeout"]}


async def test_a_result_says_how_many_of_its_columns_are_masked(world: World) -> None:
    world.policies.replace(policies(POLICIES, MASKING))
    client = await world.connect()
    flows = Flows((frozenset({NOTE}), frozenset({"public.orders.id"})), frozenset({NOTE}))
    question = Authorize(
        replace(a_statement("sql.read"), flows=flows),
        "select note, id",
        (),
        Phase.EXECUTE,
        in_transaction=False,
    )
    facts = await ended(world, client, await run(world, client, question))
    assert facts["obligations"]["kept"] == ["mask", "record", "record_results"]
    # What is found by its look is masked too: then nobody counts columns.
    assert "masked_columns" not in facts["obligations"]


@pytest.mark.parametrize("let", [True, False])
async def test_a_result_that_was_ended_at_its_limit_says_where(world: World, let: bool) -> None:
    world.policies.replace(policies(POLICIES, LIMITING))
    client = await world.connect()
    action = await run(world, client, READ)
    asking = asyncio.create_task(
        world.sessions.attempts.exceed(client.session, EXCEED, action, client.held.append)
    )
    verdict = Verdict.APPROVE if let else Verdict.REJECT
    await world.requests.answer(a_caller(BEN), await world.held(client), verdict, "")
    await asking
    said = (await ended(world, client, action, "57014 canceled"))["obligations"]
    stopped = {"stopped_at": "max_rows", "passed_rows": 1000, "passed_bytes": 52_000}
    kept = {"kept": ["max_rows", "record", "statement_timeout"]}
    assert said == (kept if let else kept | stopped)


def test_masked_columns_are_counted_by_what_they_are_computed_from() -> None:
    flows = Flows((frozenset({f"archive.{NOTE}"}), frozenset(), frozenset({"archive.a.b.*"})))
    action = replace(an_action(), statement=replace(a_statement(), flows=flows))
    masks = {NOTE: MaskHow.HASH, "a.b.c": MaskHow.NULL}
    keeping = Keeping()
    permit = Permit("r", ("p",), (Obligation("mask", "pii: hash", "p"),))
    keeping.begin(action, permit, Enforcement(masks=masks), "archive.")
    assert keeping.end(action.id) == {"obligations": {"kept": ["mask"], "masked_columns": 2}}
    assert keeping.end(action.id) == {}


def test_what_obliges_to_nothing_says_nothing_and_what_never_ends_is_forgotten() -> None:
    keeping, action = Keeping(), an_action()
    keeping.begin(action, Permit("r", ("p",), (Obligation("max_duration", "1h", "p"),)), None)
    assert keeping.end(action.id) == {}
    permit = Permit("r", ("p",), (Obligation("record", "", "p"),))
    for number in range(1_001):
        keeping.begin(replace(action, id=ActionId(f"act_{number}")), permit, None)
    assert keeping.end(ActionId("act_0")) == {}
    assert keeping.end(ActionId("act_1000")) == {"obligations": {"kept": ["record"]}}
