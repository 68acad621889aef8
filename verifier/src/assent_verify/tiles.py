"""Where the log's hashes and entries lie, and in which bytes (C2SP tlog-tiles 0.1).

A tile holds up to 256 hashes of one level; a hash of level L+1 is the root over a full tile
of level L. A bundle holds the entries under one tile of level 0, each after its length.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from assent_verify.tree import HASH_BYTES

TILE_WIDTH = 256
MAX_LEAF_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class Span:
    """One tile that a log of some size has. width: 1–256 hashes; below 256 it is partial."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Where the tile lies."""
        return f"tile/{self.level}/{_number(self.index)}{_partial(self.width)}"


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return `tile/<level>/<index>`, with `.p/<width>` when it is partial."""
    return Span(level, index, width).path


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return `tile/entries/<index>`, with `.p/<width>` when it is partial."""
    return f"tile/entries/{_number(index)}{_partial(width)}"


def payloads_path(index: int) -> str:
    """Return where the payloads of bundle `index` lie; not of C2SP."""
    return f"payload/{_number(index)}.jsonl"


def spans(size: int, level: int = 0) -> Iterator[Span]:
    """Yield the tiles of one level that a log of `size` has, from the left."""
    hashes = size >> (8 * level)
    for index in range(hashes // TILE_WIDTH):
        yield Span(level, index, TILE_WIDTH)
    if hashes % TILE_WIDTH:
        yield Span(level, hashes // TILE_WIDTH, hashes % TILE_WIDTH)


def split_tile(data: bytes, width: int) -> list[bytes]:
    """Return the hashes of a tile. Raises ValueError unless there are `width` of them."""
    if len(data) != width * HASH_BYTES:
        raise ValueError(f"a tile of width {width} has {width * HASH_BYTES} bytes, not {len(data)}")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def split_bundle(data: bytes, width: int) -> tuple[list[bytes], int]:
    """Return the whole entries at the start of a bundle, at most `width`, and how many bytes
    are left after them: what can still be read of a damaged one. Raises nothing.
    """
    leaves: list[bytes] = []
    at, total = 0, len(data)
    while len(leaves) < width and at + 2 <= total:
        start = at + 2
        end = start + (data[at] << 8 | data[at + 1])
        if end > total:
            break
        leaves.append(data[start:end])
        at = end
    return leaves, total - at


def _number(index: int) -> str:
    # 1234067 → x001/x234/067: no folder has more than a thousand names.
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts))


def _partial(width: int) -> str:
    if not 0 < width <= TILE_WIDTH:
        raise ValueError(f"a tile has a width of 1 to {TILE_WIDTH}, not {width}")
    return "" if width == TILE_WIDTH else f".p/{width}"
