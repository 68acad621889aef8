"""The Merkle tree of RFC 6962, section 2.1, and how its proofs are verified (RFC 9162)."""

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

    Source: RFC 9162, section 2.1.3.2, whose steps are numbered below.
    """
    _check_lengths([leaf, root, *proof])
    if not 0 <= index < size:  # 1
        raise ValueError(f"no leaf {index} in a tree of size {size}")
    place, last, node = index, size - 1, leaf  # 2, 3
    for sibling in proof:  # 4
        if last == 0:
            raise ValueError("the inclusion proof is too long")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            place, last = _climb(place, last)
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    if last != 0 or node != root:  # 5
        raise ValueError(f"the inclusion proof does not lead from leaf {index} to the root")


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return when the new tree continues the old one; else ValueError.

    Nothing can be proved from an empty tree, so `old_size` 0 is refused.
    Source: RFC 9162, section 2.1.4.2, whose steps are numbered below.
    """
    if not 0 < old_size <= new_size:
        raise ValueError(f"no consistency proof from size {old_size} to size {new_size}")
    if old_size == new_size:
        if proof or not old_root or old_root != new_root:
            raise ValueError("two trees of one size must have one root and need no proof")
        return
    _check_lengths([old_root, new_root, *proof])
    if not proof:  # 1
        raise ValueError("the consistency proof is empty")
    # 2: an old tree that is one perfect subtree is not repeated in the proof.
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    place, last = old_size - 1, new_size - 1  # 3
    while place & 1:  # 4
        place, last = place >> 1, last >> 1
    old_node = new_node = path[0]  # 5
    for sibling in path[1:]:  # 6
        if last == 0:
            raise ValueError("the consistency proof is too long")
        if place & 1 or place == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            place, last = _climb(place, last)
        else:
            new_node = node_hash(new_node, sibling)
        place, last = place >> 1, last >> 1
    if last != 0 or old_node != old_root or new_node != new_root:  # 7
        raise ValueError(f"the tree of size {new_size} does not continue that of size {old_size}")


def _climb(place: int, last: int) -> tuple[int, int]:
    # A node on the right edge moves up unchanged through levels where it has no sibling.
    while place & 1 == 0 and place != 0:
        place, last = place >> 1, last >> 1
    return place, last


def _check_lengths(hashes: Sequence[bytes]) -> None:
    for item in hashes:
        if len(item) != HASH_BYTES:
            raise ValueError(f"a hash has {len(item)} bytes, not {HASH_BYTES}")
