from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from assent.audit.checkpoint import format_checkpoint
from assent.control.witnessing import Witnessing
from assent.core.entry import Entry, EntryKind
from assent.core.faults import OutsideFault
from assent.core.ids import EntryId
from assent.core.observing import Answer, Cosigned, Disputed, HasSize, Refused
from assent.witnesses import state
from assent.witnesses.client import HttpWitness
from assent.witnesses.evidence import EvidenceFolder
from assent.witnesses.state import WitnessFolder
from assent.witnesses.witness import Witness
from builders import NOON, SIGNER, World, a_world
from unit.witnesses.serving import served


@dataclass
class ScriptedWitness:
    """Says what it is told to say, the last answer again and again."""

    answers: list[Answer | OutsideFault | ValueError]
    name: str = "witness.example/w1"
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def add_checkpoint(self, old: int, proof: Sequence[bytes], note: str) -> Answer:
        self.asked.append((old, int(note.split("\n")[1])))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def cosigned(at: datetime = NOON) -> Cosigned:
    return Cosigned("— witness.example/w1 AAAA", at)


@asynccontextmanager
async def witnessed(
    folder: Path, witness: ScriptedWitness | HttpWitness
) -> AsyncIterator[tuple[World, Witnessing]]:
    async with a_world(folder / "store") as world:
        yield world, witnessing(folder, world, witness)


def witnessing(folder: Path, world: World, witness: ScriptedWitness | HttpWitness) -> Witnessing:
    return Witnessing(
        store=world.store,
        witnesses=[witness],
        evidence=EvidenceFolder(folder / "evidence"),
        outbox=world.outbox,
        directory=world.directory,
        clock=world.clock,
        ids=world.ids,
    )


async def grow(world: World, count: int = 1) -> int:
    """Append entries, sign, and return how many there are."""
    entries = [
        Entry(EntryId(world.ids.mint("entry")), EntryKind.STEP_UP, world.clock.now())
        for _ in range(count)
    ]
    await world.store.commit((), entries)
    return (await world.store.publish()).size


async def disputes(world: World) -> list[bytes]:
    return [one.leaf for one in await world.store.entries(0, 100) if b"log.disputed" in one.leaf]


async def test_what_a_witness_signed_is_kept(tmp_path: Path) -> None:
    async with witnessed(tmp_path, ScriptedWitness([cosigned()])) as (world, asking):
        size = await grow(world, 3)
        await asking.once()
        (kept,) = await world.store.cosignatures(size)
        assert (kept.witness, kept.line, kept.at) == (
            "witness.example/w1",
            "— witness.example/w1 AAAA",
            NOON,
        )
        (observer,) = asking.observers()
        assert (observer.size, observer.at, observer.problem) == (size, NOON, "")


async def test_a_log_without_a_checkpoint_is_not_shown(tmp_path: Path) -> None:
    witness = ScriptedWitness([cosigned()])
    async with witnessed(tmp_path, witness) as (_, asking):
        await asking.once()
    assert witness.asked == []


async def test_a_log_that_stands_still_is_signed_again_after_a_while(tmp_path: Path) -> None:
    witness = ScriptedWitness([cosigned()])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world)
        await asking.once()
        await asking.once()
        assert witness.asked == [(0, 1)]
        world.clock.advance(timedelta(minutes=1))
        await asking.once()
        assert witness.asked == [(0, 1), (1, 1)]


async def test_a_witness_that_knows_more_is_shown_the_proof_from_there(tmp_path: Path) -> None:
    witness = ScriptedWitness([HasSize(2), cosigned()])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world, 5)
        await asking.once()
        assert await world.store.cosignatures(5)
    assert witness.asked == [(0, 5), (2, 5)]


async def test_a_new_process_goes_on_where_the_old_one_was(tmp_path: Path) -> None:
    witness = ScriptedWitness([cosigned()])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world, 2)
        await asking.once()
        await grow(world, 2)
        again = witnessing(tmp_path, world, witness)
        await again.recover()
        assert again.observers()[0].size == 2
        await again.once()
    assert witness.asked == [(0, 2), (2, 4)]


async def test_a_witness_that_is_away_stops_nothing_and_is_said_to_be(tmp_path: Path) -> None:
    away = OutsideFault("witness-away", "witness `w` did not answer")
    witness = ScriptedWitness([away, cosigned()])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world)
        await asking.once()
        assert asking.observers()[0].problem == "witness `w` did not answer"
        await grow(world)
        await asking.once()
        assert asking.observers()[0].problem == ""


async def test_a_fault_of_ours_is_no_end_of_it(tmp_path: Path) -> None:
    witness = ScriptedWitness([ValueError("ours"), cosigned()])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world)
        await asking.once()
        assert "asking it failed" in asking.observers()[0].problem
        await asking.once()
        assert asking.observers()[0].size == 1


async def test_a_witness_that_refuses_says_why(tmp_path: Path) -> None:
    witness = ScriptedWitness([Refused(404, "it does not know this log")])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world)
        await asking.once()
        (observer,) = asking.observers()
        assert (observer.problem, observer.disputed) == ("it does not know this log", False)
        assert await disputes(world) == []


async def test_a_witness_whose_size_never_stands_still_is_left_for_later(tmp_path: Path) -> None:
    witness = ScriptedWitness([HasSize(1), HasSize(2), HasSize(1), cosigned()])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world, 3)
        await asking.once()
        assert len(witness.asked) == 3
        assert "another size each time" in asking.observers()[0].problem


async def test_a_dispute_is_kept_logged_and_told_loudly_once(tmp_path: Path) -> None:
    witness = ScriptedWitness([Disputed(422, "proof does not fit")])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world, 3)
        await asking.once()
        await grow(world, 3)
        await asking.once()
        (observer,) = asking.observers()
        assert observer.disputed
        folder = EvidenceFolder(tmp_path / "evidence")
        (name,) = folder.names()
        kept = folder.read(name)
        assert kept is not None
        assert kept.endswith(b"\n\n\nproof does not fit")
        (leaf,) = await disputes(world)
        assert name.encode() in leaf
        due = await world.store.due_deliveries(world.clock.now())
        assert {(notice.topic, notice.loud) for notice, _ in due} == {("log.disputed", True)}


async def test_a_witness_that_knows_more_than_there_is_saw_another_log(tmp_path: Path) -> None:
    witness = ScriptedWitness([HasSize(9)])
    async with witnessed(tmp_path, witness) as (world, asking):
        await grow(world, 3)
        await asking.once()
        (observer,) = asking.observers()
        assert observer.disputed
        assert "signed 9 entries, and here are 3" in observer.problem
        (leaf,) = await disputes(world)
        assert b'"known":9' in leaf


async def test_a_log_that_was_set_back_is_found_by_a_real_witness(tmp_path: Path) -> None:
    """The operator restores a backup, goes on, and signs anew with the true key."""
    cosigner = state.init(tmp_path / "witness", "witness.example/w1", "ed25519")
    async with a_world(tmp_path / "clock") as other:
        real = Witness(
            WitnessFolder(tmp_path / "witness"), cosigner, [SIGNER.verifier], other.clock, print
        )
    async with served(real) as url:
        client = HttpWitness(cosigner.verifier, url)
        async with witnessed(tmp_path / "before", client) as (world, asking):
            await grow(world, 3)
            await asking.once()
            await grow(world, 4)
            await asking.once()
            assert asking.observers()[0].size == 7
            assert (await world.store.newest_cosignatures())[0].size == 7
        async with witnessed(tmp_path / "after", client) as (world, asking):
            world.ids.count = 5_000
            await grow(world, 5)
            await asking.once()
            assert asking.observers()[0].disputed
            await grow(world, 9)
            await asking.once()
            assert "422" in asking.observers()[0].problem
            assert len(await disputes(world)) == 1
        await client.close()


async def test_a_fork_of_the_same_size_is_found_by_a_real_witness(tmp_path: Path) -> None:
    cosigner = state.init(tmp_path / "witness", "witness.example/w1", "ed25519")
    async with witnessed(tmp_path, ScriptedWitness([cosigned()])) as (world, _):
        real = Witness(
            WitnessFolder(tmp_path / "witness"), cosigner, [SIGNER.verifier], world.clock, print
        )
        forged = SIGNER.sign(format_checkpoint(SIGNER.name, 3, b"x" * 32))
        assert real.add_checkpoint(f"old 0\n\n{forged}".encode()).status == 200
        async with served(real) as url:
            client = HttpWitness(cosigner.verifier, url)
            asking = witnessing(tmp_path, world, client)
            await grow(world, 3)
            await asking.once()
            assert "409" in asking.observers()[0].problem
            await client.close()
