"""The Merkle tree of RFC 6962, section 2.1, and how its proofs are verified.

Written from its recursive definition, where the program that writes the log follows the steps
of RFC 9162: a mistake in one would have to be made a second time, in another form.
"""

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf. The prefix keeps leaves and nodes apart (section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes, in order (section 2.1, MTH)."""
    level = list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        # A last node without a sibling moves up as it is; that is MTH, read from below.
        odd = level[len(level) & ~1 :]
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level += odd
    return level[0]


class Frontier:
    """The right edge of a growing tree, whose smallest piece is one hash.

    A piece may be a leaf or the root over a full tile of 256 leaves: a tree over pieces of
    one size is the tree over their leaves.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self) -> None:
        self.size = 0
        self._hashes: list[bytes] = []

    def append(self, piece: bytes) -> None:
        """Add one piece."""
        node, size = piece, self.size
        while size & 1:
            node = node_hash(self._hashes.pop(), node)
            size >>= 1
        self._hashes.append(node)
        self.size += 1

    def root(self, rest: bytes | None = None) -> bytes:
        """Return the root so far. rest: of what follows, smaller than one piece."""
        hashes = self._hashes if rest is None else [*self._hashes, rest]
        if not hashes:
            return EMPTY_ROOT
        root = hashes[-1]
        for left in reversed(hashes[:-1]):
            root = node_hash(left, root)
        return root


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Return when leaf hash `leaf` is at `index` of the tree with `root`; else ValueError.

    Source: RFC 6962, section 2.1.1, PATH, followed from the root down.
    """
    _check_lengths([leaf, root, *proof])
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of size {size}")
    if _root_by_path(index, size, leaf, list(proof)) != root:
        raise ValueError(f"the inclusion proof does not lead from leaf {index} to the root")


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return when the new tree continues the old one; else ValueError.

    Nothing can be proved from an empty tree, so `old_size` 0 is refused.
    Source: RFC 6962, section 2.1.2, SUBPROOF, followed from the root down.
    """
    if not 0 < old_size <= new_size:
        raise ValueError(f"no consistency proof from size {old_size} to size {new_size}")
    _check_lengths(proof)
    if not old_root:
        raise ValueError("a tree has a root")
    roots = _roots_by_subproof(old_size, new_size, old_root, list(proof), whole=True)
    if roots != (old_root, new_root):
        raise ValueError(f"the tree of size {new_size} does not continue that of size {old_size}")


def _root_by_path(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """Return the root over `size` leaves of which one is known; its path is used up."""
    if size == 1:
        _all_used(path)
        return leaf
    left_size, other = _largest_power_below(size), _last(path)
    if index < left_size:
        return node_hash(_root_by_path(index, left_size, leaf, path), other)
    return node_hash(other, _root_by_path(index - left_size, size - left_size, leaf, path))


def _roots_by_subproof(
    old_size: int, size: int, old_root: bytes, proof: list[bytes], *, whole: bool
) -> tuple[bytes, bytes]:
    """Return the roots over the first `old_size` of `size` leaves, and over all of them.

    whole: the old tree is all that was left of here, so its root is known and not in the proof.
    """
    if old_size == size:
        root = old_root if whole else _last(proof)
        _all_used(proof)
        return root, root
    left_size, other = _largest_power_below(size), _last(proof)
    if old_size <= left_size:
        old, left = _roots_by_subproof(old_size, left_size, old_root, proof, whole=whole)
        return old, node_hash(left, other)
    old, right = _roots_by_subproof(
        old_size - left_size, size - left_size, old_root, proof, whole=False
    )
    return node_hash(other, old), node_hash(other, right)


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def _last(proof: list[bytes]) -> bytes:
    if not proof:
        raise ValueError("the proof is too short")
    return proof.pop()


def _all_used(proof: list[bytes]) -> None:
    if proof:
        raise ValueError("the proof is too long")


def _check_lengths(hashes: Sequence[bytes]) -> None:
    for item in hashes:
        if len(item) != HASH_BYTES:
            raise ValueError(f"a hash has {len(item)} bytes, not {HASH_BYTES}")
