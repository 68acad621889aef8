"""All ranges of the log, put together in their order (checks 2, 4, 5 and 6)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from assent_verify import absent, unique
from assent_verify.assembly import Assembly
from assent_verify.clocks import Clock
from assent_verify.leaves import read_leaf
from assent_verify.ranges import (
    BUNDLES,
    FORM,
    PAYLOADS,
    Job,
    Range,
    Rotation,
    count_of,
    lacking_in,
    read_range,
)
from assent_verify.report import Findings, NamedEntry, Status
from assent_verify.tiles import TILE_WIDTH, bundle_path, spans, split_bundle
from assent_verify.workers import Workers

_MOST_TWICE = 1000

Progress = Callable[[int, int], None]
"""How many entries are read, of how many."""


@dataclass(slots=True)
class Log:
    """What was read. minimum: below which the log says that it was pruned. residues: of the
    story, in the order of the log.
    """

    assembly: Assembly
    entries: int = 0
    pruned: int = 0
    payloads: int = 0
    opened: int = 0
    minimum: int = 0
    rotations: list[Rotation] = field(default_factory=list)
    residues: list[Any] = field(default_factory=list)
    said: absent.Redactions = field(default_factory=absent.Redactions)


def read_log(
    workers: Workers[Job], job: Job, assembly: Assembly, findings: Findings, progress: Progress
) -> Log:
    """Read every range and return what they say together."""
    log, clock = Log(assembly), Clock()
    lacks: list[tuple[absent.Lacks, absent.Redactions]] = []
    runs: list[unique.Run] = []
    for found in workers.map(read_range, range(count_of(job.size))):
        assembly.add(found)
        findings.merge(found.findings)
        clock.join(found.clock, findings)
        lacks.append((found.lacks, found.redactions))
        runs += [found.run] if found.run else []
        _count(log, found)
        progress(min((found.number + 1) * BUNDLES * TILE_WIDTH, job.size), job.size)
    _check_ids(workers, job, runs, findings)
    log.said, again = absent.unexcused(lacks)
    for left in workers.map(lacking_in, [(number, log.said) for number in again]):
        _report_lacks(left, findings)
    return log


def ids_of(job: Job, wanted: frozenset[bytes]) -> dict[str, list[int]]:
    """Return id → indexes, of all entries whose id has one of these digests."""
    found: dict[str, list[int]] = {}
    for span in spans(job.size):
        data = job.source.read(bundle_path(span.index, span.width)) or b""
        for index, leaf in enumerate(split_bundle(data, span.width)[0], span.index * TILE_WIDTH):
            try:
                entry_id = str(read_leaf(leaf)["id"])
            except ValueError:
                continue
            if unique.digest_of(entry_id) in wanted:
                found.setdefault(entry_id, []).append(index)
    return found


def _count(log: Log, found: Range) -> None:
    log.entries += found.entries
    log.pruned += found.pruned
    log.payloads += found.payloads
    log.opened += found.opened
    log.minimum = max(log.minimum, found.minimum)
    log.rotations += found.rotations
    log.residues.append(found.residue)


def _check_ids(workers: Workers[Job], job: Job, runs: list[unique.Run], findings: Findings) -> None:
    parts = [(runs, part) for part in range(unique.PARTS)] if runs else []
    twice = [digest for found in workers.map(_repeated, parts) for digest in found]
    if not twice:
        return
    more = len(twice) - _MOST_TWICE
    for entry_id, indexes in ids_of(job, frozenset(twice[:_MOST_TWICE])).items():
        for index in indexes[1:]:
            entry = NamedEntry(index, entry_id)
            findings.fail(FORM, f"{entry} has the id of entry {indexes[0]}", entry)
    if more > 0:
        findings.fail(FORM, f"{more} more ids are there twice")


def _repeated(_job: Job, work: tuple[list[unique.Run], int]) -> list[bytes]:
    return unique.repeated(*work)


def _report_lacks(left: absent.Lacks, findings: Findings) -> None:
    for one in left.first:
        if one.key is None:
            text = f"the payload of {one.entry} is missing, and no entry says that it was erased"
        else:
            text = f"the payload of {one.entry} cannot be opened: key `{one.key[:80]}` is not"
            text += " among the keys, and no entry says that it was destroyed"
        findings.miss(PAYLOADS, text, one.entry)
    findings.more(PAYLOADS, Status.INCOMPLETE, sum(left.counts.values()) - len(left.first))
