"""Where the log's hashes and entries lie, and in which bytes (C2SP tlog-tiles 0.1).

A tile holds up to 256 hashes of one level; a hash of level L+1 is the root over a full tile
of level L. A bundle holds the entries under one tile of level 0, each after its length.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from assent.audit.entry import MAX_LEAF_BYTES
from assent.audit.tree import HASH_BYTES

TILE_WIDTH = 256

_LENGTH_BYTES = 2
_PATH = re.compile(
    r"(?P<folder>payload|tile/entries|tile/[0-9])/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.jsonl|\.p/(?P<width>[0-9]{1,3}))?"
)
_PAIR_BYTES = 2 * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Span:
    """One tile that a log of some size has. width: 1–256 hashes; below 256 it is partial."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Where the tile lies."""
        return tile_path(self.level, self.index, self.width)


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return `tile/<level>/<index>`, with `.p/<width>` when it is partial."""
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return `tile/entries/<index>`, with `.p/<width>` when it is partial."""
    return f"tile/entries/{_number(index)}{_partial(width)}"


def payloads_path(index: int) -> str:
    """Return where the payloads of bundle `index` lie; not of C2SP, ours."""
    return f"payload/{_number(index)}.jsonl"


@dataclass(frozen=True, slots=True)
class Place:
    """What a path of a log names. level: None for entries or payloads, not for hashes."""

    level: int | None
    index: int
    width: int
    is_payload: bool = False

    @property
    def reaches(self) -> int:
        """The size of the smallest log that has it; payloads of some entries need but one."""
        if self.is_payload:
            return self.index * TILE_WIDTH + 1
        return (self.index * TILE_WIDTH + self.width) << (8 * (self.level or 0))


def place_of(path: str) -> Place | None:
    """Return what a path of a tile, a bundle or a payload file names, None for another."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    index = int(re.sub("[x/]", "", found["number"]))
    width = int(found["width"] or TILE_WIDTH)
    if not 0 < width <= TILE_WIDTH:
        return None
    match found["folder"].split("/"):
        case ["payload"]:
            place, name = Place(None, index, TILE_WIDTH, is_payload=True), payloads_path(index)
        case ["tile", "entries"]:
            place, name = Place(None, index, width), bundle_path(index, width)
        case [_, level]:
            place, name = Place(int(level), index, width), tile_path(int(level), index, width)
    # One name for one file: what would be written otherwise is none.
    return place if name == path else None


def spans(size: int, level: int = 0) -> Iterator[Span]:
    """Yield the tiles of one level that a log of `size` has, from the left."""
    hashes = size >> (8 * level)
    for index in range(hashes // TILE_WIDTH):
        yield Span(level, index, TILE_WIDTH)
    if hashes % TILE_WIDTH:
        yield Span(level, hashes // TILE_WIDTH, hashes % TILE_WIDTH)


def all_spans(size: int) -> Iterator[Span]:
    """Yield the tiles of all levels that a log of `size` has, the lowest level first."""
    level = 0
    while size >> (8 * level):
        yield from spans(size, level)
        level += 1


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that is full and so never changes. root: over it, a hash of the level above."""

    level: int
    index: int
    hashes: bytes
    root: bytes

    @property
    def span(self) -> Span:
        """Where it stands in the tree."""
        return Span(self.level, self.index, TILE_WIDTH)


class TileBuilder:
    """Makes the tiles of a log out of its leaf hashes, each as soon as it is full.

    levels: what a builder that stopped had, as `levels` says it; a new log has none.
    """

    __slots__ = ("_levels",)

    def __init__(self, levels: Iterable[tuple[int, Sequence[bytes]]] = ()) -> None:
        self._levels: list[tuple[int, list[bytes]]] = [
            (index, list(hashes)) for index, hashes in levels
        ]

    @property
    def levels(self) -> list[tuple[int, list[bytes]]]:
        """For each level the index of the tile at the right edge, and its hashes so far."""
        return [(index, list(hashes)) for index, hashes in self._levels]

    def append(self, leaf: bytes) -> list[tuple[Span, bytes]]:
        """Add one leaf hash; return the tiles that it filled, the lowest level first."""
        return [(tile.span, tile.hashes) for tile in self.extend((leaf,))]

    def extend(self, leaves: Sequence[bytes]) -> list[FullTile]:
        """Add leaf hashes; return the tiles that they filled, those below before those above."""
        full: list[FullTile] = []
        self._extend(0, leaves, full)
        return full

    def rest(self) -> list[tuple[Span, bytes]]:
        """Return the partial tiles at the right edge, the lowest level first."""
        return [
            (Span(level, index, len(hashes)), b"".join(hashes))
            for level, (index, hashes) in enumerate(self._levels)
            if hashes
        ]

    def _extend(self, level: int, added: Sequence[bytes], full: list[FullTile]) -> None:
        if level == len(self._levels):
            self._levels.append((0, []))
        index, begun = self._levels[level]
        if len(begun) + len(added) < TILE_WIDTH:
            begun.extend(added)
            return
        roots = []
        hashes = [*begun, *added]
        whole = len(hashes) - len(hashes) % TILE_WIDTH
        for start in range(0, whole, TILE_WIDTH):
            data = b"".join(hashes[start : start + TILE_WIDTH])
            tile = FullTile(level, index, data, root_of_tile(data))
            full.append(tile)
            roots.append(tile.root)
            index += 1
        self._levels[level] = (index, hashes[whole:])
        self._extend(level + 1, roots, full)


def root_of_tile(data: bytes) -> bytes:
    """Return the root over the hashes of a full tile, joined: `root_of` without its lists."""
    while len(data) > HASH_BYTES:
        data = b"".join(
            [
                sha256(b"\x01" + data[at : at + _PAIR_BYTES]).digest()
                for at in range(0, len(data), _PAIR_BYTES)
            ]
        )
    return data


def split_tile(data: bytes, width: int) -> list[bytes]:
    """Return the hashes of a tile. Raises ValueError unless there are `width` of them."""
    if len(data) != width * HASH_BYTES:
        raise ValueError(f"a tile of width {width} has {width * HASH_BYTES} bytes, not {len(data)}")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def encode_bundle(leaves: Sequence[bytes]) -> bytes:
    """Return the bundle: each leaf after its length as a big-endian uint16. ValueError if not."""
    if not 0 < len(leaves) <= TILE_WIDTH:
        raise ValueError(f"a bundle has 1 to {TILE_WIDTH} entries, not {len(leaves)}")
    if any(len(leaf) > MAX_LEAF_BYTES for leaf in leaves):
        raise ValueError(f"an entry has at most {MAX_LEAF_BYTES} bytes")
    return b"".join(len(leaf).to_bytes(_LENGTH_BYTES, "big") + leaf for leaf in leaves)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """Return the leaves of a bundle. Raises ValueError unless there are exactly `width`."""
    leaves, rest = salvage_bundle(data, width)
    if len(leaves) != width or rest:
        raise ValueError(f"bundle has {len(leaves)} whole entries of {width}, {rest} bytes left")
    return leaves


def salvage_bundle(data: bytes, width: int) -> tuple[list[bytes], int]:
    """Return the whole entries at the start of a bundle, at most `width`, and how many bytes
    are left after them: what an examiner can still read of a damaged one. Raises nothing.
    """
    leaves: list[bytes] = []
    at = 0
    while len(leaves) < width and at + _LENGTH_BYTES <= len(data):
        start = at + _LENGTH_BYTES
        end = start + int.from_bytes(data[at:start], "big")
        if end > len(data):
            break
        leaves.append(data[start:end])
        at = end
    return leaves, len(data) - at


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
