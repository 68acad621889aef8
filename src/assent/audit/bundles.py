"""The files of a bundle: events of a period, and the proof of each.

docs/specs/log-format.md, "Bundle".
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence

from assent.core.canonical import Json, canonical_bytes

VERSION = 1
DESCRIPTION, CHECKPOINT, KEY = "bundle.json", "checkpoint", "key"
EVENTS, PARQUET, PROOFS = "events.jsonl", "events.parquet", "proofs.jsonl"


def describe(first: int, end: int, since: str, until: str, events: str) -> bytes:
    """Return the file that says what a bundle holds: the entries from `first` on before `end`."""
    said: Mapping[str, Json] = {
        "end": end,
        "events": events,
        "first": first,
        "since": since,
        "until": until,
        "version": VERSION,
    }
    return canonical_bytes(said) + b"\n"


def event_line(event: Mapping[str, Json]) -> bytes:
    """Return an event as a line of JSON."""
    return json.dumps(event, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def proof_line(index: int, leaf: bytes, hashes: Sequence[bytes]) -> bytes:
    """Return the proof of one entry as a canonical line. hashes: from the leaf up."""
    proof: Mapping[str, Json] = {
        "hashes": [b64encode(one).decode("ascii") for one in hashes],
        "index": index,
        "leaf": b64encode(leaf).decode("ascii"),
    }
    return canonical_bytes(proof) + b"\n"
