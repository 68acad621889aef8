"""What a browser computes of a proof is what the log's own code says, and altered ones fail."""

import itertools
import random
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest

from assent.audit.cosignature import Cosigner
from assent.audit.note import Signer
from assent.audit.proof import Receipt, format_receipt
from assent.audit.tree import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    subtrees_of,
)
from assent.core.secret import Secret
from browser_modules import called

LEAVES = [f"leaf {number}".encode() for number in range(70)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def hexed(data: bytes) -> dict[str, str]:
    return {"hex": data.hex()}


def trees() -> list[tuple[int, int]]:
    """Every place of small trees, and some of larger ones."""
    luck = random.Random(7)
    small = [(index, size) for size in range(1, 18) for index in range(size)]
    return small + [(luck.randrange(size), size) for size in range(18, 71)]


def test_a_leaf_is_hashed_alike() -> None:
    answers = called("merkle.js", [["leafHash", leaf] for leaf in LEAVES[:5]])
    assert [one["value"] for one in answers] == [hexed(hash) for hash in HASHES[:5]]


def test_every_path_leads_to_the_root() -> None:
    calls: list[list[Any]] = []
    for index, size in trees():
        path = inclusion_proof(index, size, subtrees_of(HASHES[:size]))
        calls.append(["rootFromPath", index, size, HASHES[index], path])
    answers = called("merkle.js", calls)
    expected = [hexed(root_of(HASHES[:size])) for _, size in trees()]
    assert [one.get("value") for one in answers] == expected


def test_a_path_that_was_altered_leads_elsewhere_or_nowhere() -> None:
    calls: list[list[Any]] = []
    expected = []
    for index, size in trees():
        path = inclusion_proof(index, size, subtrees_of(HASHES[:size]))
        root = hexed(root_of(HASHES[:size]))
        for altered in (
            [index, size, HASHES[index], [*path, HASHES[0]]],
            [index, size, HASHES[index], path[:-1]] if path else None,
            [index, size, leaf_hash(b"another leaf"), path],
            [index, size, HASHES[index], [bytes(32), *path[1:]]] if path else None,
            [(index + 1) % size, size, HASHES[index], path] if size > 1 else None,
        ):
            if altered is not None:
                calls.append(["rootFromPath", *altered])
                expected.append(root)
    answers = called("merkle.js", calls)
    assert len(answers) > 500
    for call, answer, root in zip(calls, answers, expected, strict=True):
        assert answer.get("value") != root, call[1:3]


def test_every_tree_continues_the_ones_before_it_and_no_other() -> None:
    calls: list[list[Any]] = []
    wrong: list[list[Any]] = []
    for old, new in itertools.combinations_with_replacement(range(1, 24), 2):
        roots = [root_of(HASHES[:old]), root_of(HASHES[:new])]
        proof = consistency_proof(old, new, subtrees_of(HASHES[:new]))
        calls.append(["isConsistent", old, new, *roots, proof])
        wrong.append(["isConsistent", old, new, leaf_hash(b"x"), roots[1], proof])
        wrong.append(["isConsistent", old, new, roots[0], leaf_hash(b"x"), proof])
        wrong.append(["isConsistent", old, new, *roots, [*proof, HASHES[0]]])
        if old < new:
            wrong.append(["isConsistent", new, old, roots[1], roots[0], proof])
    answers = called("merkle.js", [*calls, *wrong])
    assert all(one == {"value": True} for one in answers[: len(calls)])
    assert not any(one.get("value") for one in answers[len(calls) :])


@pytest.mark.parametrize("size", [-1, 1.5, 2**53])
def test_what_is_no_size_is_refused(size: float) -> None:
    (answer,) = called("merkle.js", [["rootFromPath", 0, size, HASHES[0], []]])
    assert "size" in answer["error"]


def _note(signer: Signer, root: bytes = HASHES[0]) -> str:
    return signer.sign(f"log.test/audit\n42\n{b64encode(root).decode()}\n")


def _checked(note: str, verifier: str) -> dict[str, Any]:
    """Parse and check as the page does."""
    answers = called("note.js", [["parseNote", note], ["parseVerifier", verifier]])
    if any("error" in one for one in answers):
        return {"errors": [one.get("error") for one in answers]}
    taken, key = (one["value"] for one in answers)
    (answer,) = called("note.js", [["checkSignature", taken, key]])
    return answer


def test_a_signed_checkpoint_is_read_and_its_signature_checked() -> None:
    signer = Signer("log.test/audit", Secret(b"s" * 32))
    note = _note(signer)
    assert _checked(note, signer.verifier_key)["value"] == {"good": True, "at": None}
    text = note[: note.index("\n\n") + 1]
    (answer,) = called("note.js", [["parseCheckpoint", text]])
    assert answer["value"] == {"origin": "log.test/audit", "size": 42, "root": hexed(HASHES[0])}


def test_a_checkpoint_that_was_altered_is_not_signed() -> None:
    signer = Signer("log.test/audit", Secret(b"s" * 32))
    other = Signer("log.test/audit", Secret(b"o" * 32))
    note = _note(signer)
    assert _checked(note.replace("\n42\n", "\n43\n"), signer.verifier_key)["value"]["good"] is False
    assert _checked(note, other.verifier_key)["value"]["good"] is False
    forged = signer.verifier_key.replace("log.test", "log.tess")
    assert _checked(note, forged)["errors"][1] == "the id of the key is not of this name and key"


def test_a_cosignature_says_when_it_was_made() -> None:
    signer = Signer("log.test/audit", Secret(b"s" * 32))
    witness = Cosigner("witness.test", 4, Secret(b"w" * 32))
    note = _note(signer)
    text = note[: note.index("\n\n") + 1]
    whole = f"{note}{witness.line(text, NOON)}\n"
    assert _checked(whole, witness.verifier.text())["value"] == {
        "good": True,
        "at": int(NOON.timestamp()),
    }
    moved = whole.replace("\n42\n", "\n43\n")
    assert _checked(moved, witness.verifier.text())["value"]["good"] is False


def test_a_receipt_is_taken_apart() -> None:
    note = _note(Signer("log.test/audit", Secret(b"s" * 32)))
    path = tuple(inclusion_proof(3, 20, subtrees_of(HASHES[:20])))
    (answer,) = called("note.js", [["parseReceipt", format_receipt(Receipt(3, path, note))]])
    assert answer["value"] == {"index": 3, "path": [hexed(one) for one in path], "note": note}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "index 3\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex x\n\nnote\n",
        "c2sp.org/tlog-proof@v1\n",
    ],
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    (answer,) = called("note.js", [["parseReceipt", text]])
    assert answer["error"]
