"""Pruning: what is old goes from the log and the recordings, hashes and proofs stay."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from assent.audit.tiles import TILE_WIDTH
from assent.audit.tree import verify_consistency
from assent.core.changes import PutCosignature
from assent.core.entry import Cosignature, Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.frame import StatementFrame
from assent.core.ids import EntryId, SessionId
from assent.core.request import RequestState
from builders import BEN, CARL, NOON, SIGNER, FixedClock, World, a_caller, a_world
from unit.control.audit_orders import AT_ONCE, asked, assented, at_once

DAY = timedelta(days=1)
OLD = SessionId("ses_old")


def entries(world: World, count: int, kind: EntryKind = EntryKind.STEP_UP) -> list[Entry]:
    return [
        Entry(
            EntryId(world.plane.ids.mint("entry")),
            kind,
            world.clock.now(),
            session=OLD if kind is EntryKind.SESSION_ENDED else None,
            payload={"text": "x"},
        )
        for _ in range(count)
    ]


@pytest.fixture
async def full(world: World) -> World:
    """A world with four bundles of a year ago, one of them with a session, and two of today."""
    old = [*entries(world, 300), *entries(world, 1, EntryKind.SESSION_ENDED)]
    await world.store.commit((), [*old, *entries(world, 4 * TILE_WIDTH - len(old))])
    world.recorder.kept[OLD] = [StatementFrame(1, NOON, "select 1", (), "permit", "ent_1")]
    world.clock.advance(365 * DAY)
    await world.store.commit((), entries(world, 2 * TILE_WIDTH + 10))
    await world.store.publish()
    return world


async def indexes(world: World) -> tuple[int, int]:
    found = await world.store.entries(0, 10_000)
    return found[0].index, len(found)


async def test_what_is_old_is_deleted_and_what_was_signed_is_still_proved(full: World) -> None:
    before = await full.store.publish()
    plane = at_once(full).plane
    ordered = await plane.retention.prune(a_caller(CARL), full.clock.now() - 30 * DAY, "a year")
    assert ordered.told["minimum"] == 4 * TILE_WIDTH
    assert full.recorder.kept
    await plane.retention.once()
    assert await full.store.minimum() == 4 * TILE_WIDTH
    assert (await indexes(full))[0] == 4 * TILE_WIDTH
    assert full.recorder.kept == {}
    after = await full.store.publish()
    proof = await full.store.consistency(before.size, after.size)
    verify_consistency(before.size, after.size, before.root, after.root, proof)
    assert len(await full.store.inclusion(3, after.size)) > 0
    (pruned,) = [
        leaf["facts"]
        for leaf in (json.loads(one.leaf) for one in await full.store.entries(1_500, 1_000))
        if leaf["kind"] == "log.pruned"
    ]
    assert pruned["minimum"] == 4 * TILE_WIDTH


async def test_only_whole_bundles_go_and_the_last_full_tile_stays(full: World) -> None:
    plane = at_once(full).plane
    full.clock.advance(10 * DAY)
    ordered = await plane.retention.prune(a_caller(CARL), full.clock.now() - 5 * DAY, "all")
    assert ordered.told["minimum"] == 5 * TILE_WIDTH
    await plane.retention.once()
    assert await full.store.minimum() == 5 * TILE_WIDTH
    again = await plane.retention.prune(a_caller(CARL), full.clock.now() - 400 * DAY, "again")
    assert again.told["minimum"] == 5 * TILE_WIDTH


async def test_a_hold_stops_it_also_in_the_middle(full: World) -> None:
    plane = at_once(full).plane
    await plane.retention.prune(a_caller(CARL), full.clock.now() - 30 * DAY, "a year")
    await plane.legal_holds.place(a_caller(CARL), "ana", "case 7")
    with pytest.raises(ConflictFault):
        await plane.retention.once()
    assert (await indexes(full))[0] == 0
    with pytest.raises(ConflictFault, match="legal hold"):
        await plane.retention.prune(a_caller(CARL), full.clock.now() - 30 * DAY, "a year")


async def test_what_happened_today_is_kept_and_who_may_not_is_refused(full: World) -> None:
    plane = at_once(full).plane
    with pytest.raises(ConflictFault, match="within a day"):
        await plane.retention.prune(a_caller(CARL), full.clock.now(), "all")
    with pytest.raises(ForbiddenFault):
        await plane.retention.prune(a_caller(BEN), full.clock.now() - 30 * DAY, "all")


async def test_pruning_can_need_assent(full: World) -> None:
    plane = asked(full).plane
    ordered = await plane.retention.prune(a_caller(BEN), full.clock.now() - 30 * DAY, "a year")
    assert await assented(full, ordered) is RequestState.COMPLETED
    await plane.retention.once()
    assert await full.store.minimum() == 4 * TILE_WIDTH


@pytest.fixture
async def kept_for_a_month(tmp_path: Path) -> AsyncIterator[World]:
    more = {"retention": 30 * DAY, "watchers": frozenset({"witness.example"})}
    async with a_world(tmp_path, AT_ONCE, clock=FixedClock(), **more) as world:
        yield world


async def test_a_retention_prunes_by_itself_and_not_what_no_witness_has_seen(
    kept_for_a_month: World,
) -> None:
    world = kept_for_a_month
    await world.store.commit((), entries(world, 4 * TILE_WIDTH))
    world.clock.advance(20 * DAY)
    checkpoint = await world.store.publish()
    await world.plane.retention.once()
    assert await world.store.minimum() == 0
    world.clock.advance(20 * DAY)
    await world.plane.retention.once()
    assert await world.store.minimum() == 0
    seen = Cosignature(checkpoint.size, "witness.example", "— line", world.clock.now())
    await world.store.commit((PutCosignature(seen),), ())
    await world.plane.retention.once()
    assert await world.store.minimum() == 3 * TILE_WIDTH
    assert world.journal[-1] == "log.pruned"
    await world.plane.retention.once()
    assert world.journal.count("log.pruned") == 1


async def test_a_pruned_log_is_opened_again(full: World, tmp_path: Path) -> None:
    plane = at_once(full).plane
    await plane.retention.prune(a_caller(CARL), full.clock.now() - 30 * DAY, "a year")
    await plane.retention.once()
    size = (await full.store.publish()).size
    assert SIGNER.name
    assert (await indexes(full)) == (4 * TILE_WIDTH, size - 4 * TILE_WIDTH)
