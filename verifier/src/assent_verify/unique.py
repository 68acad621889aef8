"""That no id is there twice, among more of them than fit into memory.

Of each id eight bytes of its SHA-256 are kept, sorted, in one file for each range of the log.
Then all that begin alike are compared, a part at a time. Two ids with the same eight bytes
are looked at again, so the answer is exact.
"""

import os
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

PARTS = 64
"""How many parts are compared one after another: a part of 10 million ids has 156,000."""

_BYTES = 8
_FEWEST = 2


def digest_of(text: str) -> bytes:
    """Return the bytes that are kept of an id."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:_BYTES]


@dataclass(frozen=True, slots=True)
class Run:
    """The digests of one range, sorted, in a file. bounds: where each part begins, and the end."""

    path: str
    bounds: tuple[int, ...]


def write_run(path: str, digests: list[bytes]) -> Run:
    """Write the digests of one range."""
    digests.sort()
    step = 256 // PARTS
    starts = [bisect_left(digests, bytes([part * step])) for part in range(PARTS)]
    with open(path, "wb") as file:
        file.write(b"".join(digests))
    return Run(path, (*starts, len(digests)))


def repeated(runs: Sequence[Run], part: int) -> list[bytes]:
    """Return the digests of one part that are there more than once."""
    numbers = array("Q")
    for run in runs:
        start, end = run.bounds[part], run.bounds[part + 1]
        with open(run.path, "rb") as file:
            file.seek(start * _BYTES)
            numbers.frombytes(file.read((end - start) * _BYTES))
    if len(set(numbers)) == len(numbers):
        return []
    counts: dict[int, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    return [
        number.to_bytes(_BYTES, sys.byteorder) for number, many in counts.items() if many >= _FEWEST
    ]


def remove(runs: Iterable[Run]) -> None:
    """Remove the files."""
    for run in runs:
        os.unlink(run.path)
