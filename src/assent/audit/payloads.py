"""The payloads of a bundle as lines of an export: canonical JSON, one line a payload.

`{"index":<leaf index>,"payload":"<base64 of the stored bytes>"}`, by ascending index. An
entry without payload has no line, nor has one whose payload was erased.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from assent.core.canonical import canonical_bytes


@dataclass(frozen=True, slots=True)
class Salvage:
    """What can be read of a payload file. payloads: by leaf index.

    problems: what is wrong, one sentence each; nothing is when the file is what
    `encode_payloads` writes.
    """

    payloads: dict[int, bytes]
    problems: tuple[str, ...]


def encode_payloads(payloads: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the lines for (leaf index, stored bytes), which come by ascending index."""
    return b"".join(
        canonical_bytes({"index": index, "payload": b64encode(data).decode("ascii")}) + b"\n"
        for index, data in payloads
    )


def salvage_payloads(data: bytes, start: int, end: int) -> Salvage:
    """Return what can be read of a file for leaves `start` ≤ index < `end`. Raises nothing."""
    payloads: dict[int, bytes] = {}
    problems: list[str] = []
    last = start - 1
    if data and not data.endswith(b"\n"):
        problems.append("the last line has no newline")
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else [], 1):
        try:
            index, payload = _parse_line(line)
        except ValueError as error:
            problems.append(f"line {number} is unreadable: {error}")
            continue
        if not last < index < end:
            problems.append(f"line {number} names entry {index}, which does not belong there")
            continue
        payloads[index] = payload
        last = index
    return Salvage(payloads, tuple(problems))


def _parse_line(line: bytes) -> tuple[int, bytes]:
    try:
        value = json.loads(line.decode("utf-8"))
        canonical = isinstance(value, dict) and canonical_bytes(value) == line
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not canonical or value.keys() != {"index", "payload"}:
        raise ValueError("not an object of `index` and `payload` in canonical form")
    index, encoded = value["index"], value["payload"]
    if not isinstance(index, int) or isinstance(index, bool) or not isinstance(encoded, str):
        raise ValueError("`index` must be a number and `payload` a text")
    payload = b64decode(encoded.encode("ascii"), validate=True)
    if b64encode(payload).decode("ascii") != encoded:
        raise ValueError("`payload` is not canonical base64")
    return index, payload
