"""What a session could reach: asked without a trace, for lists that show nothing in vain."""

from datetime import timedelta
from pathlib import Path

from assent.control.reach import Reach
from assent.core.action import Operation, Statement, Touch
from assent.core.resource import Resource
from assent.policy import load
from assent.protocols.every import PROTOCOLS
from builders import GROUPS, POLICIES, World, a_world

CALLS = """
@id("reads") permit (principal, action == Action::"tool.call", resource)
when { resource.name == "read" };
@id("asked") @require("approve: 1 of dba")
forbid (principal, action == Action::"tool.call", resource) when { resource.name == "write" };
@id("writes") permit (principal, action == Action::"tool.call", resource)
when { resource.name == "write" };
@id("never") forbid (principal, action == Action::"tool.call", resource)
when { resource.name == "wipe" };
"""
BY_VALUE = """
@id("small") permit (principal, action == Action::"tool.call", resource)
when { context.touch.arguments.contains("size=1") };
"""


def a_call(name: str) -> Statement:
    touch = Touch("tool.call", Operation.EXECUTE, Resource("Tool", name))
    return Statement("tool.call", (touch,), complete=True)


def reach_in(world: World, *texts: str) -> Reach:
    sources = {f"{number}.cedar": text for number, text in enumerate((POLICIES, *texts))}
    world.policies.replace(load(sources, PROTOCOLS, GROUPS))
    return Reach(
        decider=world.decider,
        surroundings=world.sessions.surroundings,
        clock=world.clock,
        ids=world.ids,
    )


async def test_what_is_permitted_or_would_be_with_assent_is_within_reach(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        live = (await world.connect()).session
        reach = reach_in(world, CALLS)
        before = len(world.journal)
        found = {
            name: await reach.could(live, a_call(name), name)
            for name in ("read", "write", "wipe", "other")
        }
        assert found == {"read": True, "write": True, "wipe": False, "other": False}
        assert len(world.journal) == before


async def test_what_depends_on_values_that_are_not_known_yet_is_within_reach(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        live = (await world.connect()).session
        reach = reach_in(world, BY_VALUE)
        assert await reach.could(live, a_call("big"), "big")
        assert reach.asks_for_values(a_call("big"))
        assert not reach_in(world, CALLS).asks_for_values(a_call("big"))


async def test_nothing_is_within_reach_of_a_session_whose_time_is_over(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        live = (await world.connect()).session
        reach = reach_in(world, CALLS)
        world.clock.advance(timedelta(days=1))
        assert not await reach.could(live, a_call("read"), "read")
