"""A receipt: the proof that one entry is in the log (C2SP tlog-proof).

`<id>.tlog-proof` holds the proof and a checkpoint; `<id>.leaf` beside it the bytes of the
entry that the proof is of.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from assent_verify.tree import HASH_BYTES, leaf_hash, verify_inclusion

MAX_RECEIPT_BYTES = 2_000_000

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MOST_HASHES = 64


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a proof says. note: of the checkpoint, verbatim."""

    index: int
    hashes: tuple[bytes, ...]
    note: str


def parse_receipt(text: str) -> Receipt:
    """Return what a proof says. Raises ValueError that names what is wrong."""
    head, gap, note = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != _FIRST:
        raise ValueError(f"a proof begins with `{_FIRST}` and has a checkpoint after an empty line")
    rest = lines[1:]
    if rest and rest[0].startswith("extra "):
        _decoded(rest.pop(0).removeprefix("extra "), "the extra data")
    index = _INDEX.fullmatch(rest[0]) if rest else None
    if index is None:
        raise ValueError("a proof names the index of its entry")
    if len(rest) > _MOST_HASHES + 1:
        raise ValueError(f"a proof has at most {_MOST_HASHES} hashes")
    hashes = tuple(_decoded(line, "a hash of the proof") for line in rest[1:])
    if any(len(item) != HASH_BYTES for item in hashes):
        raise ValueError(f"a hash of the proof has {HASH_BYTES} bytes")
    return Receipt(int(index.group(1)), hashes, note)


def check_receipt(receipt: Receipt, leaf: bytes, size: int, root: bytes) -> None:
    """Return when the entry is in the tree of the receipt's checkpoint; else ValueError."""
    verify_inclusion(receipt.index, size, leaf_hash(leaf), receipt.hashes, root)


def _decoded(text: str, what: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise ValueError(f"{what} is not base64") from error
    if b64encode(data).decode("ascii") != text:
        raise ValueError(f"{what} is not canonical base64")
    return data
