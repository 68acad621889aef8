"""The policies that were ever in force, looked for before the log is read as a whole.

A decision may be in another range than the entry that put its policies in force.
"""

from assent_verify.leaves import read_leaf
from assent_verify.payloads import Unknown, content_of, payload_digest, read_payloads
from assent_verify.ranges import Job
from assent_verify.story import may_declare, texts_in
from assent_verify.tiles import TILE_WIDTH, bundle_path, payloads_path, spans, split_bundle


def read_texts(job: Job) -> dict[str, dict[str, str]]:
    """Return revision → file → text, of all entries whose payload is here and can be opened."""
    texts: dict[str, dict[str, str]] = {}
    for span in spans(job.size):
        data = job.source.read(bundle_path(span.index, span.width))
        if data is not None and may_declare(data):
            texts |= _texts_of(job, span.index, split_bundle(data, span.width)[0])
    return texts


def _texts_of(job: Job, number: int, leaves: list[bytes]) -> dict[str, dict[str, str]]:
    start = number * TILE_WIDTH
    data = job.source.read(payloads_path(number)) or b""
    payloads = read_payloads(data, start, start + len(leaves)).payloads
    texts: dict[str, dict[str, str]] = {}
    for index, leaf in enumerate(leaves, start):
        stored = payloads.get(index)
        if stored is None or not may_declare(leaf):
            continue
        try:
            value = read_leaf(leaf)
            if payload_digest(stored) == value["payload"]:
                texts |= texts_in(value, content_of(value["id"], stored, job.keys or {}))
        except (ValueError, Unknown):
            continue  # What is wrong with it is said where all entries are read.
    return texts
