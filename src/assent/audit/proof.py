"""Texts that carry a Merkle proof: receipts of entries, and what a witness is sent.

A receipt is a C2SP tlog-proof: index, audit path and checkpoint of one entry, which somebody can
verify alone. A submission is the body of `add-checkpoint` (C2SP tlog-witness).
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from assent.audit.note import MAX_NOTE_BYTES, decode_base64
from assent.audit.tree import HASH_BYTES

MAX_HASHES = 63
"""Of a proof: a tree of at most 2^63 leaves has no longer one (tlog-witness)."""
MAX_BYTES = MAX_NOTE_BYTES + 128 * 1024

_HEADER = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that the log holds an entry. proof: from the leaf up. note: of a checkpoint.

    extra: what an application adds; nothing vouches for it.
    """

    index: int
    proof: tuple[bytes, ...]
    note: str
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What a witness is asked to cosign: a note, and that it continues the tree of `old`."""

    old: int
    proof: tuple[bytes, ...]
    note: str


def format_receipt(receipt: Receipt) -> str:
    """Return the text of a `.tlog-proof` file."""
    extra = "" if receipt.extra is None else f"extra {b64encode(receipt.extra).decode('ascii')}\n"
    return f"{_HEADER}\n{extra}index {receipt.index}\n{_hashes(receipt.proof)}\n{receipt.note}"


def parse_receipt(text: str) -> Receipt:
    """Return what `format_receipt` wrote; nothing of it is proved yet. Raises ValueError."""
    head, note = _split(text, "receipt")
    header, *lines = head.split("\n")
    if header != _HEADER:
        raise ValueError(f"a receipt begins with `{_HEADER}`, not with `{header[:80]}`")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "), "extra data")
    if not lines:
        raise ValueError("a receipt says which index the entry has")
    index = _number(lines[0], "index")
    return Receipt(index, _parse_hashes(lines[1:]), note, extra)


def format_submission(submission: Submission) -> str:
    """Return the body of an `add-checkpoint` request."""
    return f"old {submission.old}\n{_hashes(submission.proof)}\n{submission.note}"


def parse_submission(text: str) -> Submission:
    """Return what `format_submission` wrote. Raises ValueError."""
    head, note = _split(text, "request")
    first, *lines = head.split("\n")
    return Submission(_number(first, "old"), _parse_hashes(lines), note)


def _split(text: str, what: str) -> tuple[str, str]:
    if len(text) > MAX_BYTES:
        raise ValueError(f"a {what} has at most {MAX_BYTES} bytes")
    head, separator, note = text.partition("\n\n")
    if not separator or not note:
        raise ValueError(f"a {what} is a proof, an empty line and a checkpoint")
    return head, note


def _number(line: str, word: str) -> int:
    digits = line.removeprefix(f"{word} ")
    if digits == line or not _NUMBER.fullmatch(digits) or int(digits) >= 2**63:
        raise ValueError(f"`{line[:80]}` is not `{word}` and a number")
    return int(digits)


def _hashes(proof: Sequence[bytes]) -> str:
    return "".join(f"{b64encode(one).decode('ascii')}\n" for one in proof)


def _parse_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > MAX_HASHES:
        raise ValueError(f"a proof has at most {MAX_HASHES} hashes")
    hashes = tuple(decode_base64(line, "hash of the proof") for line in lines)
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ValueError(f"a hash of a proof has {HASH_BYTES} bytes")
    return hashes
