"""The checkpoints of an export: read one by one, of each only what the checks need is kept.

An export may hold a day of them, one a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assent_verify.notes import (
    ED25519,
    BadSignature,
    Checkpoint,
    Key,
    parse_checkpoint,
    signed_by,
)
from assent_verify.report import Findings
from assent_verify.source import Source

NEWEST = "checkpoint"
FOLDER = "checkpoints"

NOTES, WITNESSES = 1, 7
"""The numbers of the checks that reading a note makes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that could be read.

    name: of its file in the export, empty for one that the reader kept. note: verbatim, of
    those only. signers, cosigners: keys with a good signature, as their places in the list of
    keys that it was read with; cosigners with their times in POSIX seconds.
    """

    place: str
    name: str
    origin: str
    size: int
    root: bytes
    signers: tuple[int, ...]
    cosigners: tuple[tuple[int, int], ...]
    note: str = ""


def checkpoint_path(size: int) -> str:
    """Return where the note of the checkpoint of `size` lies."""
    return f"{FOLDER}/{size}"


def look_at(
    place: str, source: str, keys: Sequence[Key], findings: Findings, name: str = ""
) -> Seen | None:
    """Return what a note says and who signed it; None when it is no checkpoint.

    A signature that does not fit is a finding, and then counts for nobody.
    """
    try:
        checkpoint = parse_checkpoint(place, source)
    except ValueError as error:
        findings.fail(NOTES, f"{place}: {error}")
        return None
    logs = [number for number, key in enumerate(keys) if key.kind == ED25519]
    others = [number for number, key in enumerate(keys) if key.kind != ED25519]
    signed = _signed(checkpoint, keys, logs, NOTES, findings)
    cosigned = _signed(checkpoint, keys, others, WITNESSES, findings)
    return Seen(
        place,
        name,
        checkpoint.origin,
        checkpoint.size,
        checkpoint.root,
        tuple(number for number, _ in signed),
        tuple(cosigned),
        "" if name else source,
    )


def look_at_file(source: Source, name: str, keys: Sequence[Key], findings: Findings) -> Seen | None:
    """Return what the checkpoint in a file of the export says."""
    data = source.read(name)
    if data is None:
        findings.miss(NOTES, f"`{name}` is missing")
        return None
    try:
        text = data.decode("utf-8")
    except ValueError:
        findings.fail(NOTES, f"`{name}` is not utf-8")
        return None
    return look_at(f"`{name}`", text, keys, findings, name)


def look_at_files(
    source: Source, names: Sequence[str], keys: Sequence[Key]
) -> tuple[list[Seen], Findings]:
    """Return what the retained checkpoints say, each of which is named after its size."""
    findings, found = Findings(), []
    for name in names:
        seen = look_at_file(source, name, keys, findings)
        if seen is None:
            continue
        if name != checkpoint_path(seen.size):
            findings.fail(NOTES, f"`{name}` holds the checkpoint of size {seen.size}")
        else:
            found.append(seen)
    return found, findings


def split_notes(text: str) -> list[str]:
    """Return the notes of a text that has one after another, as evidence is kept."""
    notes: list[str] = []
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if lines and lines[-1].startswith("— ") and not line.startswith("— "):
            notes.append("".join(lines))
            lines = []
        if lines or line.strip():
            lines.append(line)
    return [*notes, "".join(lines)] if lines else notes


def _signed(
    checkpoint: Checkpoint,
    keys: Sequence[Key],
    among: Sequence[int],
    check: int,
    findings: Findings,
) -> list[tuple[int, int]]:
    numbers = {keys[number]: number for number in among}
    try:
        signed = signed_by(checkpoint, numbers)
    except BadSignature as error:
        findings.fail(check, f"{checkpoint.place}: {error}")
        return []
    return [(numbers[one.key], one.time or 0) for one in signed]
