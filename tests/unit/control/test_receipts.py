"""Everybody has proved to them what the log holds of what they did, and of nobody else."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from assent.audit.note import open_note
from assent.audit.proof import parse_receipt
from assent.audit.tree import leaf_hash, verify_inclusion
from assent.control.receipts import LogReceipt
from assent.core.changes import PutCosignature
from assent.core.entry import Cosignature, Entry, EntryKind
from assent.core.faults import MissingFault
from assent.core.ids import EntryId
from assent.core.request import Verdict
from assent.core.subject import Subject
from builders import ANA, BEN, CARL, NOON, SIGNER, TIM, World, a_caller, a_world


async def entry_of(world: World, subject: Subject) -> str:
    entry = EntryId(world.ids.mint("entry"))
    made = Entry(entry, EntryKind.STEP_UP, world.clock.now(), subject.id)
    await world.store.commit((), (made,))
    return entry


async def receipts(world: World, subject: Subject, about: str) -> list[LogReceipt]:
    return list(await world.plane.custody.receipts.receipts(a_caller(subject), about))


def proved(receipt: LogReceipt) -> None:
    """Check a receipt as somebody would who has only that."""
    parsed = parse_receipt(receipt.proof)
    text = open_note(parsed.note, [SIGNER.verifier]).text
    _, size, root = text.splitlines()[:3]
    leaf = leaf_hash(receipt.leaf)
    verify_inclusion(parsed.index, int(size), leaf, parsed.proof, b64decode(root))


async def test_what_somebody_did_is_proved_to_them(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for _ in range(5):
            await entry_of(world, BEN)
        mine = await entry_of(world, ANA)
        (receipt,) = await receipts(world, ANA, mine)
        proved(receipt)
        assert (receipt.entry, receipt.kind, receipt.index) == (mine, "step-up", 5)
        assert json.loads(receipt.leaf)["id"] == mine


async def test_what_others_did_is_not_there_for_them(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        theirs = await entry_of(world, BEN)
        for about in (theirs, "ent_gone", "req_gone", "act_gone", "nonsense"):
            with pytest.raises(MissingFault):
                await receipts(world, ANA, about)


async def test_who_oversees_has_it_too_and_the_log_says_so(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        theirs = await entry_of(world, BEN)
        (receipt,) = await receipts(world, CARL, theirs)
        proved(receipt)
        leaves = [json.loads(one.leaf) for one in await world.store.entries(0, 100)]
        assert (leaves[-1]["kind"], leaves[-1]["subject"]) == ("log.read", CARL.id)
        own = await entry_of(world, CARL)
        await receipts(world, CARL, own)
        leaves = [json.loads(one.leaf) for one in await world.store.entries(0, 100)]
        assert leaves[-1]["id"] == own


async def test_of_a_request_who_asked_has_all_and_who_answered_their_own(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        request = await world.access.ask(a_caller(TIM), "shop", None, "to help", "")
        await world.requests.answer(a_caller(BEN), request.id, Verdict.APPROVE, "go on")
        asked = await receipts(world, TIM, request.id)
        assert [one.kind for one in asked][:3] == ["attempt", "decision", "request.opened"]
        assert "approval" in {one.kind for one in asked}
        answered = await receipts(world, BEN, request.id)
        assert [one.kind for one in answered] == ["approval", "remedy.met", "request.changed"]
        for one in (*asked, *answered):
            proved(one)


async def test_the_entries_of_an_action_are_proved_together(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        request = await world.access.ask(a_caller(TIM), "shop", None, "to help", "")
        found = await receipts(world, TIM, request.action.id)
        assert {"attempt", "decision"} <= {one.kind for one in found}
        alone = await receipts(world, TIM, found[1].entry)
        assert [one.entry for one in alone] == [found[1].entry]


async def test_a_checkpoint_that_a_witness_cosigned_is_preferred(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        mine = await entry_of(world, ANA)
        seen = await world.store.publish()
        line = Cosignature(seen.size, "witness.example/w1", "— witness.example/w1 AAAAAAAA", NOON)
        await world.store.commit([PutCosignature(line)], ())
        await entry_of(world, BEN)
        await world.store.publish()
        (receipt,) = await receipts(world, ANA, mine)
        assert (receipt.size, receipt.witnesses) == (seen.size, ("witness.example/w1",))
        assert receipt.proof.endswith("— witness.example/w1 AAAAAAAA\n")
        proved(receipt)
        newer = await entry_of(world, ANA)
        (receipt,) = await receipts(world, ANA, newer)
        assert receipt.witnesses == ()


async def test_a_witness_is_waited_for_as_long_as_asked(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        mine = await entry_of(world, ANA)
        asked = world.plane.custody.receipts
        (receipt,) = await asked.receipts(a_caller(ANA), mine, wait_s=1)
        assert receipt.witnesses == ()
