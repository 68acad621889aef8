"""A bundle has every entry of a period, and each is proved to the same checkpoint."""

from base64 import b64decode
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assent.audit.note import open_note
from assent.audit.tree import leaf_hash, verify_inclusion
from assent.control.bundles import PAGE, Begun, Row
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import EntryId
from builders import ANA, CARL, SIGNER, World, a_caller, a_world


async def write(world: World, *times: datetime) -> int:
    """Write entries of these times; return the index of the first."""
    start = (await world.store.publish()).size
    made = [
        Entry(EntryId(world.ids.mint("entry")), EntryKind.STEP_UP, at, ANA.id, payload={"a": 1})
        for at in times
    ]
    await world.store.commit((), made)
    return start


async def rows_of(world: World, begun: Begun) -> list[Row]:
    found: list[Row] = []
    start = begun.first
    while page := await world.plane.custody.bundles.rows(a_caller(CARL), start):
        assert len(page) <= PAGE
        found += page
        start = page[-1].index + 1
    return found


async def begin(world: World, since: datetime, until: datetime) -> Begun:
    bundles = world.plane.custody.bundles
    return await bundles.begin(a_caller(CARL), since, until, with_text=False)


async def test_every_entry_of_the_period_is_there_with_its_proof(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        day = world.clock.now() - timedelta(days=1)
        start = await write(world, *[day + timedelta(seconds=number) for number in range(400)])
        begun = await begin(world, day + timedelta(seconds=10), day + timedelta(seconds=390))
        rows = await rows_of(world, begun)
        assert [one.index for one in rows] == list(range(start + 10, start + 390))
        text = open_note(begun.note, [SIGNER.verifier]).text
        _, size, root = text.splitlines()[:3]
        for one in rows:
            hashed = leaf_hash(one.leaf)
            verify_inclusion(one.index, int(size), hashed, one.hashes, b64decode(root))
            proof = one.event["unmapped"]
            assert isinstance(proof, dict)
            assert proof["assent"]["leaf_hash"] == hashed.hex()
            assert proof["assent"]["origin"] == text.splitlines()[0]


async def test_entries_that_stand_a_little_out_of_order_are_there(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        day = world.clock.now() - timedelta(days=1)
        seconds = [0, 1, 5, 2, 3, 9, 6, 7, 4, 10, 11, 12]
        start = await write(world, *[day + timedelta(seconds=one) for one in seconds])
        begun = await begin(world, day + timedelta(seconds=3), day + timedelta(seconds=8))
        found = [one.index - start for one in await rows_of(world, begun)]
        wanted = [place for place, one in enumerate(seconds) if 3 <= one < 8]
        assert set(wanted) <= set(found)
        assert found == list(range(min(wanted), max(wanted) + 1))


async def test_that_one_was_made_is_in_the_log(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        now = world.clock.now()
        await write(world, now)
        begun = await begin(world, now - timedelta(days=1), now + timedelta(days=1))
        last = (await world.store.leaves(begun.checkpoint.size - 1, 1))[0]
        assert b'"kind":"audit.exported"' in last
        assert b'"what":"bundle"' in last
        assert str(CARL.id).encode() in last


async def test_a_period_without_entries_is_said_to_have_none(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        now = world.clock.now()
        await write(world, now)
        for since in (now - timedelta(days=30), now + timedelta(days=30)):
            with pytest.raises(ConflictFault, match="no entries"):
                await begin(world, since, since + timedelta(days=1))


async def test_only_who_oversees_gets_one_and_only_their_own(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        now = world.clock.now()
        await write(world, now)
        bundles = world.plane.custody.bundles
        with pytest.raises(ForbiddenFault):
            await bundles.begin(a_caller(ANA), now, now + timedelta(days=1), with_text=False)
        with pytest.raises(ForbiddenFault):
            await bundles.rows(a_caller(ANA), 0)
        with pytest.raises(ConflictFault, match="begin a bundle first"):
            await bundles.rows(a_caller(CARL), 0)
        await begin(world, now - timedelta(days=1), now + timedelta(days=1))
        other = replace(a_caller(CARL), token_digest="another")
        with pytest.raises(ConflictFault):
            await bundles.rows(other, 0)
