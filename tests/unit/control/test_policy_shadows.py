import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from assent.control.policy_shadows import LASTS_FOR, Shadow
from assent.control.sign_in import Caller
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OperatorFault
from builders import ANA, BEN, CARL, POLICIES, READ, World, a_caller, a_world, until

NEVER = '@id("never") forbid (principal, action == Action::"sql.read", resource);'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as found:
        found.plane.configuring.begin({"00.cedar": POLICIES}, found.plane.directory.targets())
        yield found


def carl() -> Caller:
    return a_caller(CARL)


async def a_draft(world: World, text: str = NEVER) -> str:
    files = {"00.cedar": POLICIES, "10.cedar": text}
    draft = await world.plane.drafting.drafts.begin(carl(), "never", files)
    return draft.id


async def one_read(world: World) -> None:
    client = await world.connect()
    await world.ask(client, READ)
    await world.store.publish()


async def followed(world: World, shadow: Shadow, looked_at: int) -> None:
    running, begun = asyncio.create_task(world.plane.drafting.shadows.run()), shadow.position
    try:
        # It moves on once all of a page is counted.
        await until(lambda: shadow.position > begun and shadow.found.looked_at >= looked_at)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_each_decision_since_then_is_also_made_by_the_draft(world: World) -> None:
    await one_read(world)
    shadow = await world.plane.drafting.shadows.begin(carl(), await a_draft(world))
    before = shadow.position
    await one_read(world)
    await followed(world, shadow, 1)
    assert shadow.position > before
    (group,) = shadow.found.groups.values()
    assert (group.kind, group.policies) == ("denied", ("never",))
    assert group.examples[0].person == "ana"


async def test_nothing_that_is_done_is_otherwise_meanwhile(world: World) -> None:
    await world.plane.drafting.shadows.begin(carl(), await a_draft(world))
    client = await world.connect()
    answer = await world.ask(client, READ)
    assert "never" not in repr(answer)


async def test_a_restart_looks_again_at_all_since_it_began(world: World) -> None:
    shadow = await world.plane.drafting.shadows.begin(carl(), await a_draft(world))
    draft = shadow.draft
    await one_read(world)
    shadows = world.plane.drafting.shadows
    shadows._shadows.clear()
    await shadows.recover()
    again = shadows.of(draft)
    assert again is not None
    assert again.position == draft.shadow_from
    await followed(world, again, 1)


async def test_it_ends_by_itself_and_by_hand_and_when_the_draft_is_another_one(
    world: World,
) -> None:
    shadows, drafts = world.plane.drafting.shadows, world.plane.drafting.drafts
    id = await a_draft(world)
    await shadows.begin(carl(), id)
    await shadows.end(carl(), id)
    assert shadows.of(await drafts.get(carl(), id)) is None
    await shadows.begin(carl(), id)
    await drafts.save(carl(), id, {"00.cedar": POLICIES})
    assert shadows.of(await drafts.get(carl(), id)) is None
    await shadows.begin(carl(), id)
    world.clock.advance(LASTS_FOR)
    await shadows.begin(carl(), await a_draft(world))


async def test_too_many_at_once_are_refused(world: World) -> None:
    await world.plane.drafting.shadows.begin(carl(), await a_draft(world))
    with pytest.raises(ConflictFault, match="one of each person"):
        await world.plane.drafting.shadows.begin(carl(), await a_draft(world))


async def test_what_does_not_load_is_not_tried(world: World) -> None:
    with pytest.raises(OperatorFault):
        await world.plane.drafting.shadows.begin(carl(), await a_draft(world, "permit"))


async def test_nobody_else_begins_or_ends_it(world: World) -> None:
    id = await a_draft(world)
    for person in (ANA, BEN):
        with pytest.raises(ForbiddenFault):
            await world.plane.drafting.shadows.begin(a_caller(person), id)
    with pytest.raises(MissingFault):
        await world.plane.drafting.shadows.begin(carl(), "drf_none")
