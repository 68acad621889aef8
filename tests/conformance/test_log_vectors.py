"""The log against vectors that are not ours: transparency-dev/merkle and a log of Tessera.

They lie in the folder that ASSENT_VECTORS names, by default beside the checkout.
"""

import json
import os
from base64 import b64decode
from pathlib import Path

import pytest

from assent.audit.checkpoint import parse_checkpoint
from assent.audit.note import UntrustedNote, open_note, parse_verifier
from assent.audit.tiles import bundle_path, decode_bundle, tile_path
from assent.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

ROOT = Path(__file__).resolve().parents[2]
VECTORS = Path(os.environ.get("ASSENT_VECTORS", ROOT.parent / "shared" / "vectors"))


def folder(name: str) -> Path:
    """Return a folder of vectors, or leave the test out with a sentence that says why."""
    path = VECTORS / name
    if not path.is_dir():
        pytest.skip(f"left out: there are no published vectors in `{path}`")
    return path


def holds(case: dict[str, object], kind: str) -> bool:
    """Return whether the proof of one case of transparency-dev/merkle is accepted."""

    def data(name: str) -> bytes:
        return b64decode(str(case[name]))

    def number(name: str) -> int:
        return int(str(case[name]))

    proof = [b64decode(item) for item in case["proof"] or []]  # type: ignore[attr-defined]
    try:
        if kind == "inclusion":
            leaf, root = data("leafHash"), data("root")
            verify_inclusion(number("leafIdx"), number("treeSize"), leaf, proof, root)
        else:
            roots = data("root1"), data("root2")
            verify_consistency(number("size1"), number("size2"), *roots, proof)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("kind", "count"), [("inclusion", 98), ("consistency", 98)])
def test_every_published_proof_is_accepted_or_refused_as_it_should_be(
    kind: str, count: int
) -> None:
    files = sorted((folder("rfc6962") / kind).rglob("*.json"))
    assert len(files) == count
    cases = {file: json.loads(file.read_text()) for file in files}
    wrong = [file for file, case in cases.items() if holds(case, kind) is case["wantErr"]]
    assert wrong == []


def test_every_checkpoint_of_a_tessera_log_is_rebuilt_from_its_entries() -> None:
    log = folder("tessera") / "log"
    verifier = parse_verifier((folder("tessera") / "KEY.txt").read_text().strip())
    frontier = Frontier()
    for size in range(16):
        opened = open_note((log / f"checkpoint.{size}").read_text(), [verifier])
        body = parse_checkpoint(opened.text)
        hashes: list[bytes] = []
        if size:
            bundle = (log / bundle_path(0, size)).read_bytes()
            hashes = [leaf_hash(entry) for entry in decode_bundle(bundle, size)]
            frontier.append(hashes[-1])
            assert (log / tile_path(0, 0, size)).read_bytes() == b"".join(hashes)
        assert (body.origin, body.size) == (verifier.name, size)
        assert body.root == root_of(hashes) == frontier.root()


def test_a_tessera_checkpoint_with_another_size_is_refused() -> None:
    verifier = parse_verifier((folder("tessera") / "KEY.txt").read_text().strip())
    note = (folder("tessera") / "log" / "checkpoint.15").read_text()
    with pytest.raises(ValueError, match="does not fit"):
        open_note(note.replace("\n15\n", "\n14\n"), [verifier])
    with pytest.raises(UntrustedNote):
        open_note(note, [])


def test_the_empty_root_is_that_of_the_rfc() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
