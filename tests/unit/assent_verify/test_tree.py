"""The tree against its definition, and against vectors that are not ours."""

import json
import os
from base64 import b64decode
from pathlib import Path

import pytest

from assent_verify.notes import parse_checkpoint, parse_key, signed_by
from assent_verify.tiles import bundle_path, split_bundle, split_tile, tile_path
from assent_verify.tree import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from unit.assent_verify.exports import root_over

ROOT = Path(__file__).resolve().parents[3]
VECTORS = Path(os.environ.get("ASSENT_VECTORS", ROOT.parent / "shared" / "vectors"))


def folder(name: str) -> Path:
    path = VECTORS / name
    if not path.is_dir():
        pytest.skip(f"left out: there are no published vectors in `{path}`")
    return path


def holds(case: dict[str, str], kind: str) -> bool:
    proof = [b64decode(item) for item in case["proof"] or []]
    try:
        if kind == "inclusion":
            leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
            verify_inclusion(int(case["leafIdx"]), int(case["treeSize"]), leaf, proof, root)
        else:
            roots = b64decode(case["root1"]), b64decode(case["root2"])
            verify_consistency(int(case["size1"]), int(case["size2"]), *roots, proof)
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
    assert [file for file, case in cases.items() if holds(case, kind) is case["wantErr"]] == []


def test_every_checkpoint_of_a_tessera_log_is_rebuilt_from_its_entries() -> None:
    log = folder("tessera") / "log"
    key = parse_key((folder("tessera") / "KEY.txt").read_text())
    frontier = Frontier()
    for size in range(16):
        checkpoint = parse_checkpoint("it", (log / f"checkpoint.{size}").read_text())
        assert [one.key for one in signed_by(checkpoint, [key])] == [key]
        hashes: list[bytes] = []
        if size:
            leaves, rest = split_bundle((log / bundle_path(0, size)).read_bytes(), size)
            hashes = [leaf_hash(leaf) for leaf in leaves]
            assert (len(leaves), rest) == (size, 0)
            assert split_tile((log / tile_path(0, 0, size)).read_bytes(), size) == hashes
            frontier.append(hashes[-1])
        assert checkpoint.root == root_of(hashes) == frontier.root()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 9, 255, 256, 257])
def test_the_root_is_the_one_that_the_rfc_defines(size: int) -> None:
    hashes = [leaf_hash(bytes([number % 256])) for number in range(size)]
    assert root_of(hashes) == root_over(hashes)


@pytest.mark.parametrize("size", [1, 255, 256, 300, 513, 1024])
def test_a_tree_over_tiles_is_the_tree_over_their_leaves(size: int) -> None:
    hashes = [leaf_hash(number.to_bytes(4, "big")) for number in range(size)]
    frontier = Frontier()
    for at in range(0, size - 255, 256):
        frontier.append(root_of(hashes[at : at + 256]))
    rest = hashes[size - size % 256 :]
    assert frontier.root(root_of(rest) if rest else None) == root_over(hashes)


def test_the_empty_root_is_that_of_the_rfc() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root() == root_of([]) == EMPTY_ROOT


@pytest.mark.parametrize("proof", [[b"short"], [bytes(31)]])
def test_a_hash_of_another_length_is_refused(proof: list[bytes]) -> None:
    with pytest.raises(ValueError, match="bytes, not 32"):
        verify_inclusion(0, 2, bytes(32), proof, bytes(32))
