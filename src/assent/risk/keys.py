"""What is counted, as numbers: 32-bit keys of values, of their totals and of their kinds.

Profiles keep keys and never values: what somebody does cannot be read out of one.
"""

from functools import lru_cache
from hashlib import blake2b

from msgspec import Struct

BUCKETS = 32
"""Amounts are counted by their power of two: bucket b holds 2^b - 1 up to 2^(b+1) - 2."""


class ChainKeys(Struct, frozen=True, gc=False):
    """Keys of a chain. all: of each level's value, of each level's kinds, and of the total.

    counted: the values and the total, which one event is counted under.
    """

    values: tuple[int, ...]
    kinds: tuple[int, ...]
    total: int
    all: tuple[int, ...]
    counted: tuple[int, ...]


class AmountKeys(Struct, frozen=True, gc=False):
    """Keys of one amount. all: those that sum up to all amounts as large, then the total.

    into: what one such amount is counted under. (A binary indexed tree, Fenwick 1994.)
    """

    all: tuple[int, ...]
    into: tuple[int, ...]
    total: int


@lru_cache(maxsize=1 << 16)
def chain_keys(dimension: str, chain: tuple[str, ...], after: str = "") -> ChainKeys:
    """Return the keys of a chain, specific to general. after: what it follows, as context."""
    levels = range(len(chain))
    # Levels are counted from the general end, so that a chain without its special part still
    # meets what was learned from whole ones.
    from_end = [len(chain) - 1 - level for level in levels]
    values = tuple(_key(dimension, f"={from_end[level]}", after, chain[level]) for level in levels)
    kinds = tuple(_key(dimension, f"#{from_end[level]}", after) for level in levels)
    total = _key(dimension, "+", after)
    return ChainKeys(values, kinds, total, (*values, *kinds, total), (*values, total))


@lru_cache(maxsize=1 << 12)
def amount_keys(dimension: str, bucket: int) -> AmountKeys:
    """Return the keys of amounts in `bucket`, 0 to BUCKETS - 1."""
    above, into = [], []
    # Mirrored, so that a prefix sum of the tree is the sum of this bucket and all above it.
    place = BUCKETS - bucket
    node = place
    while node > 0:
        above.append(_key(dimension, "^", str(node)))
        node -= node & -node
    node = place
    while node <= BUCKETS:
        into.append(_key(dimension, "^", str(node)))
        node += node & -node
    total = _key(dimension, "+", "")
    return AmountKeys((*above, total), (*into, total), total)


def bucket_of(amount: float) -> int:
    """Return the bucket of an amount; negative ones count as 0."""
    return min(BUCKETS - 1, int(max(0.0, amount) + 1).bit_length() - 1)


def _key(*parts: str) -> int:
    text = "\x1f".join(parts).encode(errors="surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=4).digest(), "little")
