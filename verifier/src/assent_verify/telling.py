"""The story of the log, told to what follows it: before, while and after it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from assent_verify.leaves import read_leaf
from assent_verify.log_reading import Log
from assent_verify.payloads import Unknown, content_of, payload_digest, read_payloads
from assent_verify.ranges import BUNDLES, Job, count_of
from assent_verify.report import Findings
from assent_verify.story import (
    Recording,
    Story,
    can_ask,
    check_recording,
    may_declare,
    merge,
    sessions_of,
    texts_in,
)
from assent_verify.tiles import TILE_WIDTH, bundle_path, payloads_path, split_bundle
from assent_verify.workers import Workers

Texts = Mapping[str, Mapping[str, str]]
"""Revision → file → text, of all policies that were ever in force."""


def find_texts(job: Job, workers: int) -> Texts | None:
    """Return the policies' texts, None where no decision can be judged without Cedar's engine.

    They come first: a decision may be read in another process than the entry with its policies.
    """
    if not can_ask():
        return None
    texts: dict[str, Mapping[str, str]] = {}
    with Workers(workers, job) as pool:
        for found in pool.map(_texts_of, range(count_of(job.size))):
            texts |= found
    return texts


def with_story(job: Job, texts: Texts | None, recordings: Sequence[str]) -> Job:
    """Return the job with what follows the story. recordings: names of stored segments."""
    return replace(job, reader=partial(Story, texts, sessions_of(recordings)))


def finish(
    job: Job, log: Log, texts: Texts | None, recordings: Sequence[str], findings: Findings
) -> tuple[Mapping[int, str], Sequence[Recording]]:
    """Say what the whole story comes to; return what to say where nothing was found, and the
    sessions whose segments are still to be read.
    """
    ending = merge(log.residues, texts, recordings)
    findings.merge(ending.findings)
    return ending.summaries, ending.recordings


def read_recordings(
    workers: Workers[Job], recordings: Sequence[Recording], findings: Findings
) -> int:
    """Check the stored segments; return how many could be opened."""
    opened = 0
    for found, count in workers.map(_check, recordings):
        findings.merge(found)
        opened += count
    return opened


def _check(job: Job, recording: Recording) -> tuple[Findings, int]:
    return check_recording(job.source, job.keys, recording)


def _texts_of(job: Job, number: int) -> dict[str, Mapping[str, str]]:
    texts: dict[str, Mapping[str, str]] = {}
    last = min((number + 1) * BUNDLES, -(-job.size // TILE_WIDTH))
    for index in range(number * BUNDLES, last):
        start = index * TILE_WIDTH
        width = min(TILE_WIDTH, job.size - start)
        data = job.source.read(bundle_path(index, width)) or b""
        if not may_declare(data):
            continue
        payloads = read_payloads(
            job.source.read(payloads_path(index)) or b"", start, start + width
        ).payloads
        for place, leaf in enumerate(split_bundle(data, width)[0], start):
            if may_declare(leaf) and place in payloads:
                texts |= _texts_in(leaf, payloads[place], job.keys or {})
    return texts


def _texts_in(leaf: bytes, payload: bytes, keys: Mapping[str, bytes]) -> Texts:
    try:
        value = read_leaf(leaf)
        if payload_digest(payload) != value["payload"]:
            return {}
        return texts_in(value, content_of(value["id"], payload, keys))
    except (ValueError, Unknown):
        return {}  # What is wrong with it is said when it is read in its place.
