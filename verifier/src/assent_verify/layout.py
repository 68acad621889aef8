"""Which files belong to an export of some size (docs/specs/log-format.md, Export)."""

import re

from assent_verify.tiles import TILE_WIDTH, bundle_path, payloads_path, tile_path

_FIXED = frozenset({"checkpoint", "files", "key", "keys.jsonl", "minimum"})
_TILE = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/[0-9]{1,3})?")
_PAYLOADS = re.compile(r"payload/((?:x[0-9]{3}/)*[0-9]{3})\.jsonl")
_OTHERS = re.compile(
    r"checkpoints/(?:0|[1-9][0-9]{0,18})"
    r"|recording/[^/]+/[0-9]+\.segment"
    r"|anchor/(?:0|[1-9][0-9]{0,18})/[^/]+"
    r"|evidence/[^/]+"
)


def belongs(name: str, size: int) -> bool:
    """Return whether an export of a log of `size` may have a file of this name."""
    if name in _FIXED or _OTHERS.fullmatch(name):
        return True
    payloads = _PAYLOADS.fullmatch(name)
    if payloads:
        index = _index(payloads.group(1))
        return name == payloads_path(index) and index * TILE_WIDTH < size
    tile = _TILE.fullmatch(name)
    if tile is None:
        return False
    level, index = tile.group(1), _index(tile.group(2))
    hashes = size if level == "entries" else size >> (8 * int(level))
    width = min(TILE_WIDTH, hashes - index * TILE_WIDTH)
    if width <= 0:
        return False
    whole = bundle_path(index, width) if level == "entries" else tile_path(int(level), index, width)
    return name == whole


def _index(text: str) -> int:
    return int(text.replace("x", "").replace("/", ""))
