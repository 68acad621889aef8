"""Each file of an export is what the log says, and only what was asked for is given."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from assent.audit.tiles import TILE_WIDTH
from assent.audit.tree import leaf_hash
from assent.control.audit import Wanted
from assent.control.export_files import Beside
from assent.core.canonical import canonical_bytes
from assent.core.changes import PruneLog, PutAnchor, PutCosignature
from assent.core.entry import Anchor, Cosignature, Entry, EntryKind
from assent.core.ids import AnchorId, EntryId, SessionId
from builders import ANA, CARL, READ, World, a_caller

AUDITOR = a_caller(CARL)


@dataclass
class Kept:
    """Evidence that is kept."""

    pieces: dict[str, bytes]

    def names(self) -> Sequence[str]:
        return list(self.pieces)

    def read(self, name: str) -> bytes | None:
        return self.pieces.get(name)


async def _said(world: World, count: int) -> None:
    now = world.clock.now()
    login = EntryKind.LOGIN
    await world.store.commit(
        [], [Entry(EntryId(f"ent_more_{number}"), login, now) for number in range(count)]
    )


async def _exported(world: World, wanted: Wanted | None = None) -> dict[str, bytes | None]:
    names = await world.audit.export_names(AUDITOR, wanted)
    assert len(names) == len(set(names))
    return {name: await world.audit.export_file(AUDITOR, name) for name in names}


async def test_an_export_has_tiles_of_the_table_and_leaves_as_they_are_stored(world: World) -> None:
    await _said(world, TILE_WIDTH + 5)
    files = await _exported(world)
    leaves = await world.store.leaves(0, 1_000)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert files["tile/0/000"] == b"".join(hashes[:TILE_WIDTH])
    assert files[f"tile/0/001.p/{len(leaves) - TILE_WIDTH}"] == b"".join(hashes[TILE_WIDTH:])
    bundle = files["tile/entries/000"]
    assert bundle is not None
    assert bundle[2 : 2 + len(leaves[0])] == leaves[0]
    assert None not in files.values()


async def test_nothing_is_given_to_whoever_did_not_begin_an_export(world: World) -> None:
    await _said(world, 3)
    await world.store.publish()
    assert await world.audit.export_file(AUDITOR, "checkpoint") is None
    names = await world.audit.export_names(AUDITOR)
    assert "keys.jsonl" not in names
    assert await world.audit.export_file(AUDITOR, "keys.jsonl") is None


async def test_keys_open_the_payloads_and_that_they_were_given_is_in_the_log(world: World) -> None:
    await world.opened()
    world.audit.beside = Beside(open_key=world.store.keyring.open)
    files = await _exported(world, Wanted(keys=True))
    lines = (files["keys.jsonl"] or b"").splitlines()
    said = [json.loads(line) for line in lines]
    assert [canonical_bytes(each) for each in said] == lines
    assert [each["key"] for each in said] == [
        each.id for each in await world.store.live_data_keys()
    ]
    assert {len(b64decode(each["secret"])) for each in said} == {32}
    entry = json.loads((await world.store.leaves(0, 1_000))[-1])
    assert entry["kind"] == "audit.exported"
    assert entry["facts"] == {"keys": True, "open": [], "recordings": False}


async def test_what_is_under_way_is_named_by_the_export(world: World) -> None:
    client = await world.connect()
    await world.ask(client, READ)
    await world.audit.export_names(AUDITOR)
    leaves = [json.loads(leaf) for leaf in await world.store.leaves(0, 1_000)]
    asked = [each["facts"]["action"] for each in leaves if each["kind"] == "decision"]
    assert leaves[-1]["facts"]["open"] == asked[-1:]


async def test_recordings_are_given_as_the_log_names_them(world: World) -> None:
    segment = Entry(
        EntryId("ent_segment"),
        EntryKind.SESSION_SEGMENT,
        world.clock.now(),
        session=SessionId("ses_1"),
        facts={"number": 1},
    )
    await world.store.commit([], [segment])

    async def stored(session: SessionId, number: int) -> bytes | None:
        return f"{session} {number}".encode()

    world.audit.beside = Beside(segment=stored)
    assert not [name for name in await _exported(world) if name.startswith("recording/")]
    files = await _exported(world, Wanted(recordings=True))
    assert files["recording/ses_1/1.segment"] == b"ses_1 1"
    for path in (
        "recording/ses_1/2.segment",
        "recording/ses_1/01.segment",
        "recording/x/1.segment",
    ):
        assert await world.audit.export_file(AUDITOR, path) is None


async def test_what_outsiders_saw_lies_beside_the_log(world: World) -> None:
    await _said(world, 2)
    size = (await world.store.publish()).size
    now = world.clock.now()
    line = "— witness.example/w AAAA"
    anchor = Anchor(AnchorId("anc_1"), size, "git", "far/away", "abc", now, b"body")
    bodiless = Anchor(AnchorId("anc_2"), size, "file", "near", "abc", now)
    beyond = Anchor(AnchorId("anc_3"), size + 1_000, "file", "later", "abc", now, b"body")
    changes = [PutAnchor(each) for each in (anchor, bodiless, beyond)]
    witnessed = PutCosignature(Cosignature(size, "witness.example/w", line, now))
    await world.store.commit([*changes, witnessed], [])
    world.audit.beside = Beside(evidence=Kept({"fork-1": b"two notes"}))
    files = await _exported(world)
    assert (files[f"checkpoints/{size}"] or b"").decode().endswith(f"\n{line}\n")
    assert files[f"anchor/{size}/far_away"] == b"body"
    assert [name for name in files if name.startswith("anchor/")] == [f"anchor/{size}/far_away"]
    assert files["evidence/fork-1"] == b"two notes"
    assert await world.audit.export_file(AUDITOR, "evidence/../checkpoint") is None


async def test_of_what_was_pruned_hashes_are_left_and_the_export_says_so(world: World) -> None:
    await _said(world, 2 * TILE_WIDTH)
    await world.store.commit([PruneLog(TILE_WIDTH)], [])
    files = await _exported(world)
    assert files["minimum"] == f"{TILE_WIDTH}\n".encode()
    assert "tile/entries/000" not in files
    assert "payload/000.jsonl" not in files
    assert "tile/0/000" in files
    assert "tile/entries/001" in files
    assert None not in files.values()
    assert await world.audit.export_file(AUDITOR, "tile/entries/000") is None


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/999",
        "tile/9/000",
        "tile/00/000",
        "tile/0/x000/001",
        "checkpoints/09",
        "checkpoints/x",
    ],
)
async def test_other_spellings_and_what_lies_beyond_are_not_there(world: World, path: str) -> None:
    await _said(world, 20)
    await world.audit.export_names(AUDITOR)
    assert await world.audit.export_file(AUDITOR, path) is None


async def test_exports_of_several_people_do_not_mix(world: World) -> None:
    await _said(world, 3)
    first = await world.audit.export_names(AUDITOR)
    await _said_more(world)
    other = replace(AUDITOR, token_digest="another")
    second = await world.audit.export_names(other)
    assert first != second
    mine, theirs = await asyncio.gather(
        world.audit.export_file(AUDITOR, "checkpoint"), world.audit.export_file(other, "checkpoint")
    )
    assert mine != theirs


async def _said_more(world: World) -> None:
    entry = Entry(EntryId("ent_last"), EntryKind.LOGIN, world.clock.now(), subject=ANA.id)
    await world.store.commit([], [entry])
