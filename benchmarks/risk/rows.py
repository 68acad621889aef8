"""The lines that all modules here write, as `assent risk evaluate` reads them."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NotRequired, TypedDict

Feature = str | list[str] | float


class Row(TypedDict):
    """One event. label: 1 for an attacker's, 0 for a legitimate one's, None for history.

    attacker: which kind of attacker acted, None for the person. circumstance: a legitimate reason
    to look strange, empty for none. The evaluation reads neither; tables by attacker do.
    """

    at: str | int
    subject: str
    group: str | None
    session: str | None
    features: dict[str, Feature]
    label: int | None
    attacker: str | None
    circumstance: NotRequired[str]


def write(rows: Iterable[Row]) -> int:
    """Write one JSON line a row to standard output; return the exit code."""
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    try:
        for row in rows:
            sys.stdout.write(encode(row) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough, as `head` does; what is still in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def shared_data(name: str) -> Path | None:
    """Return `shared/data/NAME` beside the checkout or above it, None with a line when absent."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "data" / name
        if path.exists():
            return path
    print(f"left out: there is no `shared/data/{name}` beside the checkout", file=sys.stderr)
    return None
