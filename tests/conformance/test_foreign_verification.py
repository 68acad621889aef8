"""What others published about trees, notes and proofs, and what their code says of ours.

Facts, each with its source. Both our implementations are held to them: the log's own
(`assent.audit`) and the verifier's, which share nothing.
"""

import json
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError

import assent.audit.tree as ours
import assent_verify.tree as theirs
from assent.audit import cosignature, note, proof
from assent.core.secret import Secret
from assent_verify.notes import COSIGNATURE, Key, parse_checkpoint, parse_key, parse_note
from assent_verify.policy import parse_policy
from assent_verify.receipts import parse_receipt
from tampering.real_run import ORIGIN, SEED, RealRun
from unit.assent_verify.exports import SigningKey, a_note, leaf_hashes, root_over, text_of

BOTH = pytest.mark.parametrize("tree", [ours, theirs], ids=["log", "verifier"])

# Certificate Transparency's reference tree: the leaves and roots of sizes 1 to 8 that
# certificate-transparency, Trillian and transparency-dev/merkle test themselves with.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        *("", "00", "10", "2021", "3031", "40414243"),
        *("5051525354555657", "606162636465666768696a6b6c6d6e6f"),
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEFT_HALF = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
SECOND_PAIR = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
FIFTH = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
LAST_PAIR = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
RIGHT_HALF = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
SECOND = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
INCLUSION = [
    (0, 1, []),
    (0, 8, [SECOND, SECOND_PAIR, RIGHT_HALF]),
    (5, 8, [FIFTH, LAST_PAIR, LEFT_HALF]),
    (2, 3, [ROOTS[1]]),
    (1, 5, [ROOTS[0], SECOND_PAIR, FIFTH]),
]
THIRD_PAIR = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [SECOND, SECOND_PAIR, RIGHT_HALF]),
    (6, 8, [THIRD_PAIR, LAST_PAIR, LEFT_HALF]),
    (2, 5, [SECOND_PAIR, FIFTH]),
]


def unhexed(hashes: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in hashes]


@BOTH
def test_the_reference_tree_has_its_published_roots(tree: ModuleType) -> None:
    hashes = [tree.leaf_hash(leaf) for leaf in LEAVES]
    assert [tree.root_of(hashes[:size]).hex() for size in range(1, 9)] == ROOTS


@BOTH
def test_published_hashes_of_leaves_and_nodes_are_ours(tree: ModuleType) -> None:
    """Source: transparency-dev/merkle, rfc6962_test.go."""
    leaf = "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    node = "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    assert tree.leaf_hash(b"L123456").hex() == leaf
    assert tree.node_hash(b"N123", b"N456").hex() == node


@BOTH
@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_published_audit_paths_are_accepted(
    tree: ModuleType, index: int, size: int, path: list[str]
) -> None:
    leaf, root = tree.leaf_hash(LEAVES[index]), bytes.fromhex(ROOTS[size - 1])
    tree.verify_inclusion(index, size, leaf, unhexed(path), root)
    with pytest.raises(ValueError, match="proof"):
        tree.verify_inclusion(index, size, leaf, unhexed([*path, FIFTH]), root)


@BOTH
@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_published_consistency_proofs_are_accepted(
    tree: ModuleType, old: int, new: int, path: list[str]
) -> None:
    roots = unhexed([ROOTS[old - 1], ROOTS[new - 1]])
    tree.verify_consistency(old, new, *roots, unhexed(path))
    with pytest.raises(ValueError, match="proof"):
        tree.verify_consistency(old, new, *roots, unhexed([*path, FIFTH]))


def test_the_proofs_that_the_log_makes_are_the_published_ones() -> None:
    read = ours.subtrees_of([ours.leaf_hash(leaf) for leaf in LEAVES])
    for index, size, path in INCLUSION:
        assert ours.inclusion_proof(index, size, read) == unhexed(path)
    for old, new, path in CONSISTENCY:
        assert ours.consistency_proof(old, new, read) == unhexed(path)


# Notes. Source: the examples of golang.org/x/mod/sumdb/note.

NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NEUMANN_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)


def test_go_s_note_is_opened_and_written_byte_for_byte() -> None:
    source = f"{NEUMANN_TEXT}\n{NEUMANN_LINE}"
    verifier = note.parse_verifier(NEUMANN)
    assert note.open_note(source, [verifier]).signed_by == (verifier,)
    seed = b64decode(NEUMANN_SECRET)[1:]
    signer = note.Signer("PeterNeumann", Secret(seed))
    assert (signer.verifier_key, signer.sign(NEUMANN_TEXT)) == (NEUMANN, source)
    key, read = parse_key(NEUMANN), parse_note(source)
    assert (key.text(), read.text) == (NEUMANN, NEUMANN_TEXT)
    assert [(one.name, one.key_id) for one in read.signatures] == [(key.name, key.id)]


def test_a_note_with_an_empty_line_in_its_text_is_read_as_the_specification_has_it() -> None:
    """Source: C2SP signed-note, the example."""
    source = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"
        "ed è subito sera.\n"
        "\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrM"
        "ouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
    )
    text, lines = note.split_note(source)
    read = parse_note(source)
    assert text == read.text
    assert text.endswith("ed è subito sera.\n")
    ((name, named_id, signature),) = lines
    (line,) = read.signatures
    assert (name, named_id.hex(), len(signature)) == ("quasimodo.example/salvatore", "367ba04b", 64)
    assert (line.name, line.key_id, line.data) == (name, named_id, signature)


COSIGNED = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501 (as published)


def test_the_cosigned_checkpoint_of_the_specification_says_to_both_what_it_says() -> None:
    """Source: C2SP tlog-cosignature, the example (its line break within the base64 taken out)."""
    _, lines = note.split_note(COSIGNED)
    checkpoint = parse_checkpoint("it", COSIGNED)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert [one.data for one in checkpoint.note.signatures] == [line[2] for line in lines]
    time, bare = cosignature.split_signature(cosignature.ED25519, lines[1][2])
    assert datetime.fromtimestamp(time, UTC) == datetime(2023, 3, 20, 12, 25, 47, tzinfo=UTC)
    assert (lines[1][1].hex(), len(bare)) == ("8d66cf3f", 64)


def test_the_proof_of_the_specification_is_read_by_both() -> None:
    """Source: C2SP tlog-proof, the example; its signatures are elided there, so ours stand in."""
    hashes = [
        "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=",
        "B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=",
        "EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=",
        "RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=",
        "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=",
    ]
    text = "example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n"
    signed = f"{text}\n{SigningKey('example.com/fancylog').line(text)}"
    head = "c2sp.org/tlog-proof@v1\nindex 73894\n"
    source = head + "".join(f"{one}\n" for one in hashes) + f"\n{signed}"
    read, other = proof.parse_receipt(source), parse_receipt(source)
    assert (read.index, other.index) == (73894, 73894)
    assert list(read.proof) == list(other.hashes) == [b64decode(one) for one in hashes]
    assert read.note == other.note == signed
    assert proof.format_receipt(read) == source


POLICY = """\
log {log}

witness X1 {X1}
witness X2 {X2}
witness X3 {X3}
group X-witnesses 2 X1 X2 X3

witness Y1 {Y1}
witness Y2 {Y2}
witness Y3 {Y3}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_policy_of_the_specification_asks_for_two_of_one_and_one_of_the_other() -> None:
    """Source: C2SP tlog-policy, the example; its keys are elided there."""
    names = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
    keys = {
        name: Key(f"{name}.example", COSIGNATURE, sha256(name.encode()).digest()) for name in names
    }
    texts = {name: key.text() for name, key in keys.items()}
    policy = parse_policy(POLICY.format(log=NEUMANN, **texts))
    assert [key.text() for key in policy.logs] == [NEUMANN]
    for count in range(len(names) + 1):
        for seen in combinations(names, count):
            enough = sum(name[0] == "X" for name in seen) >= 2 and any(
                name[0] == "Y" for name in seen
            )
            assert policy.is_met([keys[name] for name in seen]) is enough


# A second opinion: what sigstore-python has for its own log, which is of the same tree and notes.


def sigstore_proves(index: int, size: int, path: Sequence[bytes], root: bytes, leaf: bytes) -> bool:
    found = SimpleNamespace(log_index=index, tree_size=size, hashes=list(path), root_hash=root)
    inner = SimpleNamespace(inclusion_proof=found, canonicalized_body=leaf)
    entry: Any = SimpleNamespace(_inner=inner)
    try:
        verify_merkle_inclusion(entry)
    except VerificationError:
        return False
    return True


def test_sigstore_accepts_every_audit_path_of_ours_and_none_of_another_leaf() -> None:
    leaves = [b"%d" % number for number in range(40)]
    hashes = leaf_hashes(leaves)
    read = ours.subtrees_of(hashes)
    for size in range(1, len(leaves) + 1):
        root = root_over(hashes[:size])
        for index in range(size):
            path = ours.inclusion_proof(index, size, read)
            assert sigstore_proves(index, size, path, root, leaves[index])
            assert not sigstore_proves(index, size, path, root, leaves[index] + b"x")


class Keyring:
    """A key as sigstore asks one of its own logs'."""

    def __init__(self, key: SigningKey) -> None:
        self.key = key
        self.asked = 0

    def verify(self, *, key_id: bytes, signature: bytes, data: bytes) -> None:
        assert key_id == self.key.id
        self.asked += 1
        self.key.private.public_key().verify(signature, data)


def test_sigstore_reads_our_checkpoints_and_finds_our_signature() -> None:
    key = SigningKey()
    leaves = [b"a", b"b", b"c"]
    signed = SignedCheckpoint.from_text(a_note(leaves, keys=[key]))
    assert (signed.checkpoint.origin, signed.checkpoint.log_size) == (key.name, 3)
    assert signed.checkpoint.log_hash == root_over(leaf_hashes(leaves)).hex()
    assert signed.signed_note.note == text_of(leaves, 3)
    keyring: Any = Keyring(key)
    id_of: Any = key.id
    signed.signed_note.verify(keyring, id_of)
    assert keyring.asked == 1


def test_sigstore_accepts_the_checkpoints_and_receipts_of_a_gateway(real_run: RealRun) -> None:
    keyring: Any = Keyring(SigningKey(ORIGIN, SEED))
    id_of: Any = keyring.key.id
    for place in (real_run.export / "checkpoints").iterdir():
        signed = SignedCheckpoint.from_text(place.read_text(encoding="utf-8"))
        signed.signed_note.verify(keyring, id_of)
        assert signed.checkpoint.log_size == int(place.name)
    for place in real_run.receipts:
        read = proof.parse_receipt(place.read_text(encoding="utf-8"))
        checkpoint = SignedCheckpoint.from_text(read.note).checkpoint
        leaf = Path(place).with_suffix(".leaf").read_bytes()
        root = bytes.fromhex(checkpoint.log_hash)
        assert json.loads(leaf)["id"] == place.stem
        assert sigstore_proves(read.index, checkpoint.log_size, read.proof, root, leaf)
    assert keyring.asked
