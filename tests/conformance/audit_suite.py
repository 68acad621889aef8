"""What every store must keep of the log: its tiles, proofs, checkpoints, keys, holds and readers.

These stand among the expectations of `store_suite`.
"""

import asyncio
from dataclasses import replace

import pytest

from assent.audit.tiles import TILE_WIDTH, split_tile
from assent.audit.tree import leaf_hash, root_of, verify_consistency, verify_inclusion
from assent.core.changes import (
    Change,
    DestroyDataKeys,
    MoveCursor,
    PruneLog,
    PutAnchor,
    PutConfigured,
    PutCosignature,
    PutDataKey,
    PutLegalHold,
)
from assent.core.data_key import DataKey, LegalHold
from assent.core.entry import Anchor, Cosignature
from assent.core.faults import ConflictFault, MissingFault, OutsideFault
from assent.core.ids import AnchorId, DataKeyId, LegalHoldId
from assent.core.ports import Store
from conformance import store_builders as make
from conformance.store_builders import ANA, BEN, HOUR, NOON
from conformance.workflow_suite import EXPECTATIONS, expected

__all__ = ["EXPECTATIONS"]

KEY = DataKey(DataKeyId("dek_1"), ANA, b"wrapped", "file:1", NOON)
OTHER_KEY = DataKey(DataKeyId("dek_2"), None, b"wrapped", "file:1", NOON + HOUR)
HOLD = LegalHold(LegalHoldId("hld_1"), ANA, "a lawsuit", BEN, NOON)
LIFTED = replace(HOLD, lifted_by=BEN, lifted_at=NOON + HOUR)
ANCHOR = Anchor(AnchorId("anc_1"), 3, "git", "far", "abc123", NOON, b"\x00note")


async def _append(store: Store, count: int, first: int = 0) -> list[bytes]:
    """Append entries in commits of many sizes; return the hashes of all leaves."""
    start = first
    while start < first + count:
        end = min(start + 1 + start % 97, first + count)
        await store.commit([], [make.entry(f"ent_{number}") for number in range(start, end)])
        start = end
    return [leaf_hash(each.leaf) for each in await store.entries(limit=10_000)]


@expected
async def tiles_hold_the_hashes_of_all_leaves_whatever_the_commits_were(store: Store) -> None:
    leaves = await _append(store, 2 * TILE_WIDTH + 60)
    for index, width in ((0, TILE_WIDTH), (1, TILE_WIDTH), (2, 60), (2, 1), (0, 3)):
        found = split_tile(await store.hashes(0, index, width), width)
        assert found == leaves[index * TILE_WIDTH :][:width]
    above = [root_of(leaves[:TILE_WIDTH]), root_of(leaves[TILE_WIDTH : 2 * TILE_WIDTH])]
    assert split_tile(await store.hashes(1, 0, 2), 2) == above


@expected
async def what_the_log_does_not_have_is_not_proved(store: Store) -> None:
    await _append(store, 5)
    for question in (
        store.hashes(0, 0, 6),
        store.hashes(1, 0, 1),
        store.hashes(0, 0, 0),
        store.hashes(-1, 0, 1),
        store.inclusion(5, 5),
        store.inclusion(0, 6),
        store.consistency(3, 6),
        store.consistency(4, 3),
    ):
        with pytest.raises(MissingFault):
            await question


@expected
async def proofs_lead_to_the_roots_that_are_signed(store: Store) -> None:
    await _append(store, 300)
    old = await store.publish()
    leaves = await _append(store, 250, first=300)
    new = await store.publish()
    for index in (0, 255, 256, 299, 511, 549):
        proof = await store.inclusion(index, new.size)
        verify_inclusion(index, new.size, leaves[index], proof, new.root)
    proof = await store.consistency(old.size, new.size)
    verify_consistency(old.size, new.size, old.root, new.root, proof)
    assert await store.consistency(new.size, new.size) == []
    assert await store.consistency(0, new.size) == []


@expected
async def whoever_waits_hears_that_the_log_has_grown(store: Store) -> None:
    waiting = asyncio.create_task(store.wait_beyond(1))
    await store.commit([], [make.entry("ent_0")])
    await store.publish()
    assert not waiting.done()
    await store.commit([], [make.entry("ent_1")])
    assert await waiting == 2


@expected
async def a_checkpoint_that_covers_an_entry_is_waited_for_and_not_for_ever(store: Store) -> None:
    await store.commit([], [make.entry("ent_0")])
    assert (await store.covering(1, within_s=30)).size == 1
    with pytest.raises(OutsideFault):
        await store.covering(2, within_s=0.001)


@expected
async def checkpoints_are_found_by_their_size(store: Store) -> None:
    await store.commit([], [make.entry("ent_0")])
    first = await store.publish()
    await store.commit([], [make.entry("ent_1")])
    second = await store.publish()
    assert await store.checkpoint_sizes(2) == [1, 2]
    assert await store.checkpoint_sizes(1) == [1]
    assert await store.checkpoint_at(1) == first
    assert await store.checkpoint_at(2) == second
    assert await store.checkpoint_at(3) is None


@expected
async def what_is_stored_of_entries_is_given_as_it_is(store: Store) -> None:
    await store.commit([], [make.entry("ent_0"), make.entry("ent_1", text="said")])
    stored = await store.entries()
    assert await store.leaves(0, 10) == [each.leaf for each in stored]
    assert await store.leaves(1, 1) == [stored[1].leaf]
    assert await store.payloads(0, 10) == [(1, stored[1].payload)]
    assert await store.payloads(0, 1) == []


@expected
async def data_keys_are_kept_until_they_are_destroyed(store: Store) -> None:
    await store.commit([PutDataKey(KEY), PutDataKey(OTHER_KEY)], [])
    with pytest.raises(ConflictFault):
        await store.commit([PutDataKey(KEY)], [])
    assert await store.data_keys(ANA) == [KEY]
    assert await store.data_keys(None) == [OTHER_KEY]
    assert await store.live_data_keys() == [KEY, OTHER_KEY]
    assert await store.live_data_keys(after=KEY.id) == [OTHER_KEY]
    await store.commit([DestroyDataKeys((KEY.id,), NOON + HOUR)], [])
    gone = replace(KEY, wrapped=None, destroyed_at=NOON + HOUR)
    assert await store.data_key(KEY.id) == gone
    assert await store.data_keys(ANA) == [gone]
    assert await store.data_keys(ANA, live_only=True) == []
    assert await store.live_data_keys() == [OTHER_KEY]


@expected
async def a_legal_hold_keeps_keys_and_entries(store: Store) -> None:
    await store.commit([PutDataKey(KEY), PutDataKey(OTHER_KEY), PutLegalHold(HOLD)], [])
    await _append(store, 3)
    for refused in (DestroyDataKeys((OTHER_KEY.id, KEY.id), NOON), PruneLog(2)):
        with pytest.raises(ConflictFault, match="legal hold"):
            await store.commit([refused], [])
    await store.commit([DestroyDataKeys((OTHER_KEY.id,), NOON)], [])
    await store.commit([PutLegalHold(LIFTED)], [])
    with pytest.raises(ConflictFault):
        await store.commit([PutLegalHold(LIFTED)], [])
    assert await store.legal_holds() == [LIFTED]
    await store.commit([DestroyDataKeys((KEY.id,), NOON), PruneLog(2)], [])
    assert [each.index for each in await store.entries()] == [2]


@expected
async def a_hold_on_everybody_keeps_every_key(store: Store) -> None:
    everybody = replace(HOLD, subject=None)
    await store.commit([PutDataKey(KEY), PutLegalHold(everybody)], [])
    with pytest.raises(ConflictFault, match="legal hold"):
        await store.commit([DestroyDataKeys((KEY.id,), NOON)], [])


@expected
async def a_log_that_is_pruned_goes_on_and_proves_what_it_proved(store: Store) -> None:
    leaves = await _append(store, TILE_WIDTH + 10)
    await store.commit([PruneLog(TILE_WIDTH)], [])
    with pytest.raises(ConflictFault, match="pruned"):
        await store.commit([PruneLog(TILE_WIDTH - 1)], [])
    assert await store.minimum() == TILE_WIDTH
    assert await store.leaves(0, TILE_WIDTH) == []
    signed = await store.publish()
    assert signed.root == root_of(leaves)
    proof = await store.inclusion(7, signed.size)
    verify_inclusion(7, signed.size, leaves[7], proof, signed.root)
    await store.commit([], [make.entry("ent_after")])
    assert (await store.publish()).size == TILE_WIDTH + 11


@expected
async def cosignatures_are_kept_once_a_witness_and_size(store: Store) -> None:
    line = Cosignature(3, "witness.example/w", "— witness.example/w AAAA", NOON)
    other = replace(line, witness="another.example/w")
    newer = replace(line, line="— witness.example/w BBBB", at=NOON + HOUR)
    await store.commit([PutCosignature(line), PutCosignature(other)], [])
    await store.commit([PutCosignature(newer)], [])
    assert await store.cosignatures(3) == [other, newer]
    assert await store.cosignatures(4) == []
    later = replace(other, size=5)
    await store.commit([PutCosignature(later)], ())
    assert await store.newest_cosignatures() == sorted([newer, later], key=lambda one: one.witness)


@expected
async def anchors_are_found_the_newest_first(store: Store) -> None:
    later = replace(ANCHOR, id=AnchorId("anc_2"), at=NOON + HOUR, body=None)
    await store.commit([PutAnchor(ANCHOR), PutAnchor(later)], [])
    assert await store.anchors() == [later, ANCHOR]
    assert await store.anchors(1) == [later]


@expected
async def a_reader_of_the_log_goes_on_where_it_was(store: Store) -> None:
    assert await store.cursor("search") == 0
    moves: list[Change] = [MoveCursor("search", 5), MoveCursor("other", 1)]
    await store.commit(moves, [])
    await store.commit([MoveCursor("search", 9)], [])
    assert await store.cursor("search") == 9
    assert await store.cursor("other") == 1


@expected
async def what_the_configuration_said_is_remembered_whole_and_by_kind(store: Store) -> None:
    assert await store.configured("configuration") == {}
    other = PutConfigured("risk-model", {"assent.risk.model": "aa"})
    await store.commit([PutConfigured("configuration", {"a.b": "1", "c": "2"}), other], [])
    await store.commit([PutConfigured("configuration", {"c": "3"})], [])
    assert await store.configured("configuration") == {"c": "3"}
    assert await store.configured("risk-model") == {"assent.risk.model": "aa"}
    await store.commit([PutConfigured("configuration", {})], [])
    assert await store.configured("configuration") == {}
