"""Orders on the log: decided by policies that name them, carried out once, or asked for."""

from collections.abc import Mapping

import pytest

from assent.control.audit_actions import PRUNE, ROTATE, AuditActions, Order
from assent.core.canonical import Json
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.request import RequestState, Verdict
from builders import ANA, BEN, CARL, POLICIES, World, a_caller, policies
from unit.control.audit_orders import asked, assented, at_once

EVERYTHING = (
    POLICIES
    + """
@id("all") permit (principal, action, resource);
@id("administer") permit (principal, action in Action::"administer", resource);
"""
)


def actions(world: World, done: list[Order], *, fault: Exception | None = None) -> AuditActions:
    """Let `done` know of what is carried out, in place of who prunes."""
    made = world.plane.retention._actions

    async def work(order: Order) -> Mapping[str, Json]:
        if fault is not None:
            raise fault
        done.append(order)
        await order.keep((), (), "rotated")
        return {"turned": True}

    made.carry_out(PRUNE, work)
    return made


async def test_what_is_permitted_is_done_at_once(world: World) -> None:
    done: list[Order] = []
    made = actions(at_once(world), done)
    ordered = await made.order(a_caller(CARL), PRUNE, "turn", {"to": "x"}, reason="yearly")
    assert (ordered.state, ordered.told, ordered.request) == ("done", {"turned": True}, None)
    (order,) = done
    assert order.action.details == {"to": "x"}
    assert (order.reason, order.request) == ("yearly", None)
    assert world.journal[-2:] == ["attempt", "decision"]


async def test_who_permits_everything_has_not_thought_of_these(world: World) -> None:
    world.policies.replace(policies(EVERYTHING))
    done: list[Order] = []
    with pytest.raises(ForbiddenFault, match=r'action == Action::"audit.prune"'):
        await actions(world, done).order(a_caller(CARL), PRUNE, "turn", {}, reason="")
    assert done == []


async def test_what_needs_assent_is_done_once_it_is_given(world: World) -> None:
    done: list[Order] = []
    made = actions(asked(world), done)
    ordered = await made.order(a_caller(BEN), PRUNE, "turn the key", {}, reason="yearly")
    assert (ordered.state, done) == ("waiting", [])
    assert ordered.request is not None
    assert ordered.request.action.text == "turn the key"
    assert await assented(world, ordered) is RequestState.COMPLETED
    assert [order.request for order in done] == [ordered.request.id]
    assert (await world.stored(ordered.request.id)).outcome == "rotated"


async def test_what_cannot_be_done_any_more_settles_the_request_with_the_reason(
    world: World,
) -> None:
    made = actions(asked(world), [], fault=ConflictFault("x", "somebody was faster"))
    ordered = await made.order(a_caller(BEN), PRUNE, "turn", {}, reason="")
    assert await assented(world, ordered) is RequestState.REJECTED
    assert ordered.request is not None
    settled = await world.stored(ordered.request.id)
    assert settled.outcome == "it cannot be done any more: somebody was faster"


async def test_what_is_rejected_is_not_done(world: World) -> None:
    done: list[Order] = []
    made = actions(asked(world), done)
    ordered = await made.order(a_caller(BEN), PRUNE, "turn", {}, reason="")
    assert ordered.request is not None
    await world.requests.answer(a_caller(CARL), ordered.request.id, Verdict.REJECT, "no")
    assert done == []


async def test_a_verb_that_is_not_permitted_to_somebody_is_refused(world: World) -> None:
    with pytest.raises(ForbiddenFault):
        await actions(at_once(world), []).order(a_caller(ANA), PRUNE, "turn", {}, reason="")
    with pytest.raises(ForbiddenFault):
        await actions(at_once(world), []).order(a_caller(CARL), ROTATE, "turn", {}, reason="")
