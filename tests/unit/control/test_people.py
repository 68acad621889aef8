from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.faults import ConflictFault
from assent.core.subject import Subject
from assent.core.token import TokenKind
from builders import ANA, BEN, World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as found:
        yield found


def somebody(world: World, name: str = "nora", **more: object) -> Subject:
    return Subject(world.plane.people.new_id(), name, source="local", **more)  # type: ignore[arg-type]


async def kinds(world: World) -> list[str]:
    import json

    return [json.loads(one.leaf)["kind"] for one in await world.store.entries(0, 100)]


async def test_whoever_is_put_is_there_at_once_and_in_the_log(world: World) -> None:
    nora = await world.plane.people.put(somebody(world), ANA.id)
    assert world.plane.directory.subject_named("nora") == nora
    assert nora in await world.store.subjects()
    await world.plane.people.put(replace(nora, groups=frozenset({"dba"})), ANA.id)
    assert await kinds(world) == ["person.added", "person.changed"]


async def test_who_is_the_same_as_before_is_not_said_again(world: World) -> None:
    nora = await world.plane.people.put(somebody(world), ANA.id)
    await world.plane.people.put(nora, ANA.id)
    assert await kinds(world) == ["person.added"]


async def test_two_people_never_have_one_name(world: World) -> None:
    await world.plane.people.put(somebody(world), None)
    with pytest.raises(ConflictFault, match="nora"):
        await world.plane.people.put(somebody(world), None)
    with pytest.raises(ConflictFault):
        await world.plane.people.put(somebody(world, "ana"), None)


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 129])
async def test_a_name_that_cannot_be_shown_is_refused(world: World, name: str) -> None:
    with pytest.raises(ConflictFault, match="printed"):
        await world.plane.people.put(somebody(world, name), None)


async def test_a_source_changes_only_its_own(world: World) -> None:
    with pytest.raises(ConflictFault, match="configuration"):
        await world.plane.people.put(replace(BEN, source="scim", disabled=True), None)
    assert not world.plane.directory.subject(BEN.id).disabled


async def test_whoever_is_disabled_is_signed_out_everywhere(world: World) -> None:
    nora = await world.plane.people.put(somebody(world), None)
    for kind in (TokenKind.BROWSER, TokenKind.API):
        await world.plane.sign_in.issue(nora, kind, "password")
    assert len(await world.store.tokens(nora.id)) == 2
    await world.plane.people.disable(nora, ANA.id)
    assert await world.store.tokens(nora.id) == []
