"""Makes witnesses and anchors out of what the configuration says."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

from assent.control.anchoring import Anchorage
from assent.core.clock import Clock
from assent.core.faults import OperatorFault
from assent.core.observing import AnchorPlace, Witness
from assent.core.secret import Secret
from assent.witnesses.anchor_file import FileAnchor
from assent.witnesses.anchor_git import GitAnchor
from assent.witnesses.anchor_objects import ObjectLockAnchor, client_of
from assent.witnesses.anchor_timestamp import TimestampAnchor, roots_in
from assent.witnesses.client import HttpWitness
from assent.witnesses.settings import AnchorConfig, WitnessConfig, span

Reveal = Callable[[str], Secret[str]]
WhenDone = Callable[[Callable[[], Awaitable[None]]], object]


def witnesses(entries: Sequence[WitnessConfig], when_done: WhenDone) -> Sequence[Witness]:
    """Return clients of the witnesses. when_done: is told what to close at the end."""
    made = [HttpWitness(entry.verifier, entry.url) for entry in entries]
    for witness in made:
        when_done(witness.close)
    return made


def anchorages(
    entries: Sequence[AnchorConfig], folder: Path, reveal: Reveal, clock: Clock, when_done: WhenDone
) -> Sequence[Anchorage]:
    """Return the anchors. folder: that relative paths begin in. Raises OperatorFault."""
    return [
        Anchorage(
            _place(entry, folder, reveal, clock, when_done),
            span(entry.every, timedelta(seconds=1), f"[[audit.anchors]] {entry.name} every"),
        )
        for entry in entries
    ]


def _place(
    entry: AnchorConfig, folder: Path, reveal: Reveal, clock: Clock, when_done: WhenDone
) -> AnchorPlace:
    where = f"[[audit.anchors]] {entry.name}"
    if entry.kind == "file":
        return FileAnchor(entry.name, folder / entry.path)
    if entry.kind == "git":
        return GitAnchor(entry.name, folder / entry.path, entry.branch, entry.remote, clock)
    if entry.kind == "object-lock":
        keys = [reveal(key) if key else None for key in (entry.access_key, entry.secret_key)]
        client = client_of(entry.endpoint, entry.region, *keys)
        retain = span(entry.retain, timedelta(days=1), f"{where} retain")
        return ObjectLockAnchor(entry.name, client, entry.bucket, entry.prefix, retain, clock)
    path = folder / entry.certificate_authority
    try:
        pem = path.read_bytes()
    except OSError as cause:
        words = f"`{path}` cannot be read ({cause.strerror})"
        raise OperatorFault("certificate-authority", words, where) from cause
    anchor = TimestampAnchor(entry.name, entry.url, roots_in(pem, where))
    when_done(anchor.close)
    return anchor
