"""The Merkle tree of RFC 6962, section 2.1, and its proofs.

A proof that does not hold raises; a caller cannot forget to look at an answer.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

SubtreeReader = Callable[[int, int], bytes]
"""(level, index) → the root over the 2^level leaves from leaf index·2^level on."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf. The prefix keeps leaves and nodes apart (section 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that is needed to append and to tell the root.

    hashes: the roots of the perfect subtrees that the tree falls into, the largest first;
    one for every bit that is set in `size`. Raises ValueError when they do not fit together.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(hashes) != size.bit_count():
            raise ValueError(f"a tree of size {size} does not have {len(hashes)} frontier hashes")
        if any(len(item) != HASH_BYTES for item in hashes):
            raise ValueError(f"a frontier hash must have {HASH_BYTES} bytes")
        self._size = size
        self._hashes = list(hashes)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, the largest first: enough to go on from here."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf by its hash."""
        node, size, hashes = leaf, self._size, self._hashes
        while size & 1:
            node = sha256(b"\x01" + hashes.pop() + node).digest()
            size >>= 1
        hashes.append(node)
        self._size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far; of none, the hash of nothing."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over `leaf_hashes`, in order (section 2.1, MTH)."""
    level = list(leaf_hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        # A last node without a sibling moves up as it is; that is MTH, read from below.
        pairs = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
    return level[0]


def subtrees_of(leaf_hashes: Sequence[bytes]) -> SubtreeReader:
    """Return a reader of subtrees over leaf hashes held in memory."""

    def read(level: int, index: int) -> bytes:
        return root_of(leaf_hashes[index << level : (index + 1) << level])

    return read


def inclusion_proof(index: int, size: int, read: SubtreeReader) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size`, from the leaf up.

    Raises ValueError unless 0 ≤ index < size. Source: section 2.1.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of size {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, read))
            end = middle
        else:
            proof.append(_range_root(start, middle, read))
            start = middle
    return proof[::-1]


def consistency_proof(old_size: int, new_size: int, read: SubtreeReader) -> list[bytes]:
    """Return the proof that the tree of `new_size` continues the one of `old_size`.

    Raises ValueError unless 0 < old_size ≤ new_size. Source: section 2.1.2.
    """
    if not 0 < old_size <= new_size:
        raise ValueError(f"no consistency proof from size {old_size} to size {new_size}")
    proof: list[bytes] = []
    start, end = 0, new_size
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_root(middle, end, read))
            end = middle
        else:
            proof.append(_range_root(start, middle, read))
            start = middle
    if start > 0:  # From 0 the verifier knows it: it is the old root.
        proof.append(_range_root(start, end, read))
    return proof[::-1]


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Return when leaf hash `leaf` is at `index` of the tree with `root`; else ValueError.

    Source: RFC 9162, section 2.1.3.2, whose steps are numbered below.
    """
    _check_hashes([leaf, root, *proof])
    if not 0 <= index < size:  # 1
        raise ValueError(f"no leaf {index} in a tree of size {size}")
    place, last, node = index, size - 1, leaf  # 2, 3
    for sibling in proof:  # 4
        if last == 0:
            raise ValueError("inclusion proof is too long")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            place, last = _climb(place, last)
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    if last != 0 or node != root:  # 5
        raise ValueError(f"inclusion proof does not lead from leaf {index} to the root")


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
    _check_hashes([old_root, new_root, *proof])
    if not proof:  # 1
        raise ValueError("consistency proof is empty")
    # 2: an old tree that is one perfect subtree is not repeated in the proof.
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    place, last = old_size - 1, new_size - 1  # 3
    while place & 1:  # 4
        place, last = place >> 1, last >> 1
    old_node = new_node = path[0]  # 5
    for sibling in path[1:]:  # 6
        if last == 0:
            raise ValueError("consistency proof is too long")
        if place & 1 or place == last:
            old_node = node_hash(sibling, old_node)
            new_node = node_hash(sibling, new_node)
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


def _split(size: int) -> int:
    # The largest power of two smaller than `size` (section 2.1).
    return 1 << ((size - 1).bit_length() - 1)


def _range_root(start: int, end: int, read: SubtreeReader) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(size)
    return node_hash(_range_root(start, middle, read), _range_root(middle, end, read))


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for item in hashes:
        if len(item) != HASH_BYTES:
            raise ValueError(f"a hash has {len(item)} bytes, not {HASH_BYTES}")
