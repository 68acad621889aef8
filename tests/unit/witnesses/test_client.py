from pathlib import Path

import pytest

from assent.audit.tree import consistency_proof, subtrees_of
from assent.core.faults import OutsideFault
from assent.core.observing import Answer, Cosigned, Disputed, HasSize, Refused
from assent.witnesses.client import HttpWitness
from unit.witnesses.serving import answering, http, served
from unit.witnesses.witness_builders import NOON, AWitness, a_note, a_submission, leaves


async def asked(a: AWitness, old: int, size: int, word: str = "entry") -> Answer:
    """Return what our witness says to our client."""
    proof = consistency_proof(old, size, subtrees_of(leaves(size, word))) if 0 < old < size else []
    async with served(a.witness) as url:
        client = HttpWitness(a.cosigner.verifier, url)
        try:
            return await client.add_checkpoint(old, proof, a_note(size, word))
        finally:
            await client.close()


@pytest.mark.parametrize("kind", ["ed25519", "ml-dsa-44"])
async def test_our_client_gets_the_cosignature_of_our_witness(tmp_path: Path, kind: str) -> None:
    a = AWitness(tmp_path, kind)
    answer = await asked(a, 0, 5)
    assert isinstance(answer, Cosigned)
    assert answer.at == NOON
    assert isinstance(await asked(a, 5, 9), Cosigned)


async def test_our_client_hears_the_size_that_our_witness_knows(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    assert await asked(a, 0, 9) == HasSize(5)
    assert await asked(a, 0, 3) == HasSize(5)


async def test_our_client_hears_of_a_fork(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    a.ask(a_submission(0, 5))
    larger = await asked(a, 5, 9, "forged")
    assert isinstance(larger, Disputed)
    assert larger.status == 422
    assert a_note(5) in larger.said
    assert await asked(a, 5, 5, "forged") == Disputed(409, "5\n")


async def test_our_client_hears_that_its_log_is_not_known(tmp_path: Path) -> None:
    answer = await asked(AWitness(tmp_path, logs=()), 0, 5)
    assert answer == Refused(404, "it does not know this log")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(200, b""), "no cosignature"),
        (http(200, b"\xff\xff"), "no cosignature"),
        (http(200, b"x" * 600_000), "more than"),
        (http(409, b"5\n"), "without the size"),
        (http(409, b"five\n", "text/x.tlog.size"), "without the size"),
        (http(409, b"0\n", "text/x.tlog.size"), "very size"),
        (b"nonsense\r\n\r\n", "cannot be reached"),
        (b"", "within"),
    ],
)
async def test_an_answer_in_no_known_form_is_a_fault_of_the_outside(
    tmp_path: Path, answer: bytes, words: str
) -> None:
    async with answering(answer) as url:
        client = HttpWitness(AWitness(tmp_path).cosigner.verifier, url, within_s=0.3)
        with pytest.raises(OutsideFault, match=words):
            await client.add_checkpoint(0, (), a_note(5))
        await client.close()


async def test_a_cosignature_by_another_key_is_not_taken(tmp_path: Path) -> None:
    a, other = AWitness(tmp_path / "a"), AWitness(tmp_path / "b")
    async with served(other.witness) as url:
        client = HttpWitness(a.cosigner.verifier, url)
        with pytest.raises(OutsideFault, match="another key"):
            await client.add_checkpoint(0, (), a_note(5))
        await client.close()


async def test_a_cosignature_of_another_checkpoint_is_not_taken(tmp_path: Path) -> None:
    a = AWitness(tmp_path)
    _, line = a.ask(a_submission(0, 5))
    async with answering(http(200, line.encode())) as url:
        client = HttpWitness(a.cosigner.verifier, url)
        with pytest.raises(OutsideFault, match="does not fit"):
            await client.add_checkpoint(5, (), a_note(9))
        await client.close()


async def test_nobody_at_the_address_is_a_fault_of_the_outside(tmp_path: Path) -> None:
    async with answering(b"") as url:
        pass
    client = HttpWitness(AWitness(tmp_path).cosigner.verifier, url)
    with pytest.raises(OutsideFault, match="cannot be reached"):
        await client.add_checkpoint(0, (), a_note(5))
    await client.close()


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 302 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with answering(answer) as url:
        client = HttpWitness(AWitness(tmp_path).cosigner.verifier, url)
        assert await client.add_checkpoint(0, (), a_note(5)) == Refused(302, "it answers 302")
        await client.close()
