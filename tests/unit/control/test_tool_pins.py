"""Pins of tools: a new or a changed tool is asked for once, and called by nobody before."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from assent.control.live import LiveSession
from assent.control.tool_pins import MOST_AT_ONCE, NOT_AGAIN_FOR, ToolPins
from assent.core.faults import OutsideFault
from assent.core.request import RequestState, Verdict
from assent.policy import load
from assent.protocols.every import PROTOCOLS
from assent.protocols.mcp.definitions import Definition, definition_of
from builders import BEN, DORA, GROUPS, POLICIES, SHOP, World, a_caller, a_world

ADMITTED_AT_ONCE = """
@id("tools") permit (principal, action == Action::"tool.admit", resource);
"""
ASKED = """
@id("asks") @require("approve: 1 of owners") @message("an owner must read it") @hold("1h")
forbid (principal, action == Action::"tool.admit", resource);
"""


def a_tool(name: str = "add", words: str = "Add.") -> Definition:
    found = definition_of({"name": name, "description": words, "inputSchema": {}})
    assert found is not None
    return found


@asynccontextmanager
async def world_of(folder: Path, *texts: str) -> AsyncIterator[tuple[World, LiveSession]]:
    async with a_world(folder) as world:
        put_in_force(world, *texts)
        client = await world.connect()
        yield world, client.session


def put_in_force(world: World, *texts: str) -> None:
    sources = {f"{number}.cedar": text for number, text in enumerate((POLICIES, *texts))}
    world.policies.replace(load(sources, PROTOCOLS, GROUPS))


def waiting(world: World) -> list[str]:
    return [place.request.id for place in world.waiting]


def may_be_called(pins: object, *tools: Definition) -> list[str]:
    assert isinstance(pins, dict)
    return [tool.name for tool in tools if pins[tool.name].digest == tool.digest]


async def test_a_tool_that_a_policy_lets_in_may_be_called_at_once_and_the_log_says_so(
    tmp_path: Path,
) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE) as (world, live):
        tools = (a_tool("add"), a_tool("wipe"))
        found = await world.plane.tool_pins.look(live, tools)
        assert may_be_called(found, *tools) == ["add", "wipe"]
        assert world.journal[-3:] == ["attempt", "decision", "result"]
        kept = {pin.name: pin for pin in await world.store.tool_pins(SHOP.id)}
        assert kept == found
        before = len(world.journal)
        await world.plane.tool_pins.look(live, tools)
        assert len(world.journal) == before


async def test_without_a_policy_that_names_it_no_tool_is_let_in_and_nobody_is_asked(
    tmp_path: Path,
) -> None:
    everything = '@id("all") permit (principal, action, resource);'
    async with world_of(tmp_path, everything) as (world, live):
        pins = world.plane.tool_pins
        assert may_be_called(await pins.look(live, [a_tool()]), a_tool()) == []
        assert waiting(world) == []
        put_in_force(world, ADMITTED_AT_ONCE)
        assert may_be_called(await pins.look(live, [a_tool()]), a_tool()) == ["add"]


async def test_owners_are_asked_once_for_all_that_is_new_and_assent_lets_it_in(
    tmp_path: Path,
) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE, ASKED) as (world, live):
        pins, tools = world.plane.tool_pins, (a_tool("add"), a_tool("wipe"))
        told: list[str] = []

        async def hear(target: str) -> None:
            told.append(target)

        pins.when_admitted(hear)
        await pins.look(live, tools)
        await pins.look(live, tools)
        (request,) = waiting(world)
        shown = await world.stored(request)
        assert "new tool add" in shown.action.text
        assert "new tool wipe" in shown.action.text
        assert may_be_called(await pins.look(live, tools), *tools) == []
        await world.requests.answer(a_caller(BEN), shown.id, Verdict.APPROVE, "fine")
        assert may_be_called(await pins.of(SHOP.id), *tools) == ["add", "wipe"]
        assert (await world.stored(request)).state is RequestState.COMPLETED
        assert told == [SHOP.id]


async def test_what_was_changed_again_meanwhile_is_not_let_in_by_an_assent_to_what_it_was(
    tmp_path: Path,
) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE, ASKED) as (world, live):
        pins = world.plane.tool_pins
        await pins.look(live, [a_tool()])
        (first,) = waiting(world)
        changed = a_tool(words="Add, and send it elsewhere.")
        await pins.look(live, [changed])
        shown = await world.stored(first)
        await world.requests.answer(a_caller(DORA), shown.id, Verdict.APPROVE, "fine")
        assert may_be_called(await pins.of(SHOP.id), a_tool(), changed) == []
        (second,) = waiting(world)
        assert second != first


async def test_what_was_rejected_is_not_asked_for_again_before_a_day_has_passed(
    tmp_path: Path,
) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE, ASKED) as (world, live):
        pins = world.plane.tool_pins
        await pins.look(live, [a_tool()])
        shown = await world.stored(waiting(world)[0])
        await world.requests.answer(a_caller(BEN), shown.id, Verdict.REJECT, "no")
        await pins.look(live, [a_tool()])
        assert waiting(world) == []
        world.clock.advance(NOT_AGAIN_FOR + timedelta(seconds=1))
        await pins.look(live, [a_tool()])
        assert len(waiting(world)) == 1


async def test_a_changed_tool_is_shown_by_what_changed(tmp_path: Path) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE) as (world, live):
        pins = world.plane.tool_pins
        await pins.look(live, [a_tool()])
        put_in_force(world, ADMITTED_AT_ONCE, ASKED)
        changed = a_tool(words="Add!")
        found = await pins.look(live, [changed])
        shown = await world.stored(waiting(world)[0])
        assert '-  "description": "Add.",' in shown.action.text
        assert '+  "description": "Add!",' in shown.action.text
        # What people assented to may be called again as soon as it is that again.
        assert may_be_called(found, a_tool()) == ["add"]


async def test_more_tools_than_anybody_reads_are_asked_for_in_several_requests(
    tmp_path: Path,
) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE, ASKED) as (world, live):
        await world.plane.tool_pins.look(live, [a_tool(f"t{n}") for n in range(MOST_AT_ONCE + 1)])
        assert len(waiting(world)) == 2


async def test_what_is_pinned_is_known_after_a_restart(tmp_path: Path) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE) as (world, live):
        await world.plane.tool_pins.look(live, [a_tool()])
        again = ToolPins(
            store=world.plane.store,
            decider=world.decider,
            waiting=world.waiting,
            sign_in=world.sign_in,
            surroundings=world.sessions.surroundings,
            clock=world.clock,
            ids=world.ids,
        )
        assert may_be_called(await again.of(SHOP.id), a_tool()) == ["add"]


async def test_a_tool_is_not_let_in_where_that_cannot_be_kept(tmp_path: Path) -> None:
    async with world_of(tmp_path, ADMITTED_AT_ONCE) as (world, live):
        world.store.refused_kinds = {"result"}
        with pytest.raises(OutsideFault):
            await world.plane.tool_pins.look(live, [a_tool()])
        assert await world.plane.tool_pins.of(SHOP.id) == {}
