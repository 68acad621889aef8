"""What was applied counts after a start, and the folder where nothing was."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from assent.control.beginning import InForce, Reloading, at_start
from assent.core.changes import PutPolicyRevision
from assent.core.faults import OperatorFault
from assent.core.policy_revision import PolicyRevision
from assent.core.ports import Store
from assent.policy import revision_of
from builders import BEN, GROUPS, NOON, SQL, World, a_world, load

A = {"a.cedar": '@id("a") permit (principal, action == Action::"session.open", resource);'}
B = {"b.cedar": '@id("b") permit (principal, action == Action::"session.open", resource);'}


def read(sources: Mapping[str, str], groups: frozenset[str] | None) -> Any:
    return load(sources, [SQL], groups)


async def begun(world: World, folder: Mapping[str, str], *, unsafe: bool = False) -> InForce:
    store = cast(Store, world.store)
    return await at_start(store, lambda: folder, read, GROUPS, unsafe_from_folder=unsafe)


async def apply(world: World, sources: Mapping[str, str]) -> str:
    revision = revision_of(sources)
    kept = PolicyRevision(revision, sources, NOON, BEN.id)
    await world.store.commit((PutPolicyRevision(kept),), ())
    return revision


def reloading(world: World, begun: InForce, folder: Mapping[str, str]) -> Reloading:
    return Reloading(
        begun=begun,
        policies=world.policies,
        configuring=world.configuring,
        store=cast(Store, world.store),
        read_folder=lambda: folder,
        read_policies=read,
        groups=GROUPS,
        clock=world.clock,
        ids=world.ids,
    )


async def test_the_folder_counts_until_something_was_applied(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        first = await begun(world, A)
        assert (first.applied, first.sources, first.warning) == (False, A, "")
        revision = await apply(world, B)
        then = await begun(world, A)
        assert (then.applied, then.policies.revision) == (True, revision)
        assert "does not count" in then.warning
        assert (await begun(world, B)).warning == ""


async def test_a_folder_that_is_gone_is_no_reason_not_to_start(tmp_path: Path) -> None:
    def gone() -> Mapping[str, str]:
        raise OperatorFault("policies-missing", "is gone")

    async with a_world(tmp_path) as world:
        await apply(world, B)
        found = await at_start(
            cast(Store, world.store), gone, read, GROUPS, unsafe_from_folder=False
        )
        assert "is gone" in found.warning
        with pytest.raises(OperatorFault):
            await at_start(cast(Store, world.store), gone, read, GROUPS, unsafe_from_folder=True)


async def test_the_operator_may_ignore_what_was_applied_and_it_is_named(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        revision = await apply(world, B)
        found = await begun(world, A, unsafe=True)
        assert (found.applied, found.ignored, found.sources) == (False, revision, A)


async def test_applied_policies_that_do_not_load_stop_the_start(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await apply(world, {"a.cedar": "permit ("})
        with pytest.raises(OperatorFault, match="--unsafe-policies-from-folder"):
            await begun(world, A)


async def test_a_folder_is_read_again_and_its_text_is_kept(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        first = await begun(world, A)
        revision = await reloading(world, first, B).reload()
        assert world.policies.current.revision == revision == revision_of(B)
        kept = await world.store.policy_revision(revision)
        assert (kept.sources, kept.by) == (B, None)
        assert world.configuring.sources == B


async def test_a_folder_that_nobody_assented_to_changes_nothing_that_was_applied(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        first = await begun(world, A)
        before = world.policies.current
        await apply(world, B)
        with pytest.raises(OperatorFault, match="does not count"):
            await reloading(world, first, A).reload()
        assert world.policies.current is before
        ignoring = await begun(world, A, unsafe=True)
        assert await reloading(world, ignoring, A).reload() == revision_of(A)
