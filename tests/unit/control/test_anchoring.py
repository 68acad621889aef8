from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from assent.control.anchoring import Anchorage, Anchoring
from assent.core.changes import PutCosignature
from assent.core.entry import Checkpoint, Cosignature, Entry, EntryKind
from assent.core.faults import OutsideFault
from assent.core.ids import EntryId
from assent.core.observing import Kept
from builders import NOON, World, a_world

HOUR = timedelta(hours=1)


@dataclass
class ListPlace:
    """Keeps notes in a list, unless it is told to be away."""

    faults: list[Exception] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    name: str = "vault"
    kind: str = "file"

    async def keep(self, checkpoint: Checkpoint, note: str) -> Kept:
        if self.faults:
            raise self.faults.pop(0)
        self.notes.append(note)
        return Kept(f"line {len(self.notes)}", note.encode())


@asynccontextmanager
async def anchored(folder: Path, place: ListPlace) -> AsyncIterator[tuple[World, Anchoring]]:
    async with a_world(folder) as world:
        yield world, anchoring(world, place)


def anchoring(world: World, place: ListPlace) -> Anchoring:
    anchorages = [Anchorage(place, HOUR)]
    return Anchoring(store=world.store, anchorages=anchorages, clock=world.clock, ids=world.ids)


async def grow(world: World) -> Checkpoint:
    at = world.clock.now()
    await world.store.commit((), [Entry(EntryId(world.ids.mint("entry")), EntryKind.STEP_UP, at)])
    return await world.store.publish()


async def test_a_checkpoint_is_brought_with_what_witnesses_signed(tmp_path: Path) -> None:
    place = ListPlace()
    async with anchored(tmp_path, place) as (world, anchors):
        checkpoint = await grow(world)
        line = Cosignature(checkpoint.size, "w", "— w AAAA", NOON)
        await world.store.commit([PutCosignature(line)], ())
        await anchors.once()
        assert place.notes == [f"{checkpoint.note}— w AAAA\n"]
        (kept,) = await world.store.anchors()
        assert (kept.size, kept.kind, kept.name, kept.reference, kept.at) == (
            1, "file", "vault", "line 1", NOON,
        )  # fmt: skip
        entry = (await world.store.entries(1, 1))[0].leaf
        digest = sha256(place.notes[0].encode()).hexdigest()
        assert b'"kind":"anchor.recorded"' in entry
        assert f'"digest":"sha256:{digest}"'.encode() in entry


async def test_a_place_is_visited_as_often_as_it_says(tmp_path: Path) -> None:
    place = ListPlace()
    async with anchored(tmp_path, place) as (world, anchors):
        await anchors.once()
        assert place.notes == []
        for minutes, visits in ((0, 1), (59, 1), (1, 2)):
            world.clock.advance(timedelta(minutes=minutes))
            await grow(world)
            await anchors.once()
            assert len(place.notes) == visits


async def test_a_new_process_waits_for_its_hour(tmp_path: Path) -> None:
    place = ListPlace()
    async with anchored(tmp_path, place) as (world, anchors):
        await grow(world)
        await anchors.once()
        again = anchoring(world, place)
        await again.recover()
        assert again.observers()[0].at == NOON
        await grow(world)
        await again.once()
        assert len(place.notes) == 1


async def test_a_place_that_is_away_is_tried_again_and_stops_nothing(tmp_path: Path) -> None:
    place = ListPlace([OutsideFault("away", "the vault is shut"), ValueError("ours")])
    async with anchored(tmp_path, place) as (world, anchors):
        await grow(world)
        await anchors.once()
        assert anchors.observers()[0].problem == "the vault is shut"
        await anchors.once()
        assert len(place.faults) == 1
        world.clock.advance(timedelta(seconds=30))
        await anchors.once()
        assert "anchoring there failed" in anchors.observers()[0].problem
        world.clock.advance(timedelta(seconds=60))
        await anchors.once()
        assert anchors.observers()[0].problem == ""
        assert len(place.notes) == 1
