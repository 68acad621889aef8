"""What anchors kept of the log: notes, and time stamps of notes (check 13).

`anchor/<size>/<name>` is what an anchor kept of the checkpoint of that size: the note again,
or the token of an RFC 3161 authority over its SHA-256.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from assent_verify.checkpoints import Seen, look_at
from assent_verify.notes import Key, parse_checkpoint
from assent_verify.outside import Observation
from assent_verify.report import Findings, Status
from assent_verify.source import Source

if TYPE_CHECKING:
    from assent_verify.timestamps import Token

ANCHORS = 13
FOLDER = "anchor"


def check_anchors(
    source: Source,
    names: Iterable[str],
    keys: Sequence[Key],
    fitting: Sequence[Seen],
    authorities: Sequence[bytes],
    findings: Findings,
) -> tuple[list[Observation], str]:
    """Check what each anchor kept against the log; return what they saw, and a summary.

    names: of the files of anchors. fitting: the checkpoints that are of this log. authorities:
    certificates (DER) of time stamping authorities that the reader trusts.
    """
    by_size = {one.size: one for one in fitting}
    seen: list[Observation] = []
    notes = tokens = 0
    for name in sorted(names):
        _, size, anchor = name.split("/", 2)
        checkpoint = by_size.get(int(size))
        data = source.read(name) or b""
        if checkpoint is None:
            findings.miss(ANCHORS, f"`{name}` is of a checkpoint that is not here, or does not fit")
        elif data[:1] == b"\x30":
            tokens += 1
            seen += _check_token(source, name, anchor, data, checkpoint, authorities, findings)
        else:
            notes += 1
            _check_note(name, data, checkpoint, keys, findings)
    if not notes and not tokens:
        findings.add(ANCHORS, Status.SKIPPED, "no anchor's proof is in the export")
    return seen, f"{notes} notes and {tokens} time stamps are of checkpoints of this log"


def _check_note(
    name: str, data: bytes, checkpoint: Seen, keys: Sequence[Key], findings: Findings
) -> None:
    own = Findings()
    kept = look_at(f"`{name}`", data.decode("utf-8", "replace"), keys, own, name)
    if kept is None or own.count(1, Status.FAILED):
        findings.fail(ANCHORS, f"`{name}` is neither a signed checkpoint nor a time stamp")
    elif (kept.origin, kept.size, kept.root) != (
        checkpoint.origin,
        checkpoint.size,
        checkpoint.root,
    ):
        findings.fail(ANCHORS, f"`{name}` is another checkpoint than {checkpoint.place}")


def _check_token(
    source: Source,
    name: str,
    anchor: str,
    data: bytes,
    checkpoint: Seen,
    authorities: Sequence[bytes],
    findings: Findings,
) -> list[Observation]:
    # Certificates take memory in every process, and few exports have time stamps.
    from assent_verify.timestamps import read_token

    try:
        token = read_token(data)
    except ValueError as error:
        findings.fail(ANCHORS, f"`{name}` is not a time stamp: {error}")
        return []
    note = checkpoint.note or (source.read(checkpoint.name) or b"").decode("utf-8", "replace")
    if token.imprint not in {sha256(form).digest() for form in _forms(checkpoint, note)}:
        findings.fail(
            ANCHORS, f"`{name}` is a time stamp of something else than {checkpoint.place}"
        )
        return []
    return _trusted(name, anchor, token, checkpoint.size, authorities, findings)


def _trusted(
    name: str,
    anchor: str,
    token: "Token",
    size: int,
    authorities: Sequence[bytes],
    findings: Findings,
) -> list[Observation]:
    if not authorities:
        text = f"`{name}` says {_iso(token.at)}; who signed it was not checked: name the authority"
        findings.add(ANCHORS, Status.SKIPPED, f"{text} with --authority")
        return []
    from assent_verify.timestamps import check_token

    try:
        check_token(token, authorities)
    except ValueError as error:
        findings.fail(ANCHORS, f"`{name}`: {error}")
        return []
    return [Observation(size, token.at, anchor)]


def _forms(checkpoint: Seen, note: str) -> list[bytes]:
    """Return what may have been stamped: the note with and without what witnesses added."""
    parsed = parse_checkpoint(checkpoint.place, note)
    lines = note.rpartition("\n\n")[2].splitlines(keepends=True)
    kept = [
        line
        for line, signature in zip(lines, parsed.note.signatures, strict=True)
        if signature.name == checkpoint.origin and len(signature.data) == _ED25519_BYTES
    ]
    own = parsed.note.text + "\n" + "".join(kept)
    return [own.encode(), note.encode(), parsed.note.text.encode()]


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


_ED25519_BYTES = 64
