import pytest

from assent.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    subtrees_of,
    verify_consistency,
    verify_inclusion,
)

HASHES = [leaf_hash(bytes([number])) for number in range(20)]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root_of([]) == Frontier().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")


def test_three_leaves_make_this_tree() -> None:
    a, b, c = HASHES[:3]
    assert root_of([a, b, c]) == node_hash(node_hash(a, b), c)


def test_a_leaf_is_never_taken_for_a_node() -> None:
    assert leaf_hash(b"ab") != node_hash(b"a", b"b")


def test_a_frontier_goes_on_from_what_was_kept_of_it() -> None:
    first = Frontier()
    for item in HASHES[:11]:
        first.append(item)
    again = Frontier(first.size, first.hashes)
    for item in HASHES[11:]:
        again.append(item)
    assert first.size == 11
    assert again.root() == root_of(HASHES)


@pytest.mark.parametrize(("size", "hashes"), [(1, ()), (0, (HASHES[0],)), (1, (b"x",)), (-1, ())])
def test_a_frontier_that_does_not_fit_its_size_is_refused(
    size: int, hashes: tuple[bytes, ...]
) -> None:
    with pytest.raises(ValueError, match="frontier hash"):
        Frontier(size, hashes)


def test_every_proof_of_inclusion_holds_and_holds_for_nothing_else() -> None:
    for size in range(1, 20):
        read, root = subtrees_of(HASHES[:size]), root_of(HASHES[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, read)
            verify_inclusion(index, size, HASHES[index], proof, root)
            for wrong in ([*proof, HASHES[0]], proof[1:] if proof else [root]):
                with pytest.raises(ValueError, match="proof"):
                    verify_inclusion(index, size, HASHES[index], wrong, root)
            with pytest.raises(ValueError, match="proof"):
                verify_inclusion(index, size, leaf_hash(b"other"), proof, root)


def test_every_proof_of_consistency_holds_and_holds_for_nothing_else() -> None:
    for new in range(1, 20):
        for old in range(1, new + 1):
            roots = root_of(HASHES[:old]), root_of(HASHES[:new])
            proof = consistency_proof(old, new, subtrees_of(HASHES[:new]))
            verify_consistency(old, new, *roots, proof)
            with pytest.raises(ValueError, match=r"continue|root"):
                verify_consistency(old, new, HASHES[19], roots[1], proof)
            with pytest.raises(ValueError, match=r"proof|continue"):
                verify_consistency(old, new, *roots, [*proof, HASHES[0]])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_for_a_leaf_outside_of_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, subtrees_of(HASHES))
    with pytest.raises(ValueError, match="no leaf"):
        verify_inclusion(index, size, HASHES[0], [], HASHES[0])


@pytest.mark.parametrize(("old", "new"), [(0, 3), (0, 0), (4, 3)])
def test_nothing_follows_from_an_empty_tree_or_a_shrinking_one(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no consistency proof"):
        consistency_proof(old, new, subtrees_of(HASHES))
    with pytest.raises(ValueError, match="no consistency proof"):
        verify_consistency(old, new, HASHES[0], HASHES[1], [])


def test_a_short_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes"):
        verify_inclusion(0, 2, b"abc", [HASHES[0]], HASHES[1])
