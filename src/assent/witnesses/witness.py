"""A witness: cosigns a checkpoint of a log only if it continues the last one it cosigned.

Source: C2SP tlog-witness, `add-checkpoint`; the checks stand in the order of its text.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from assent.audit.checkpoint import CheckpointBody, parse_checkpoint
from assent.audit.cosignature import Cosigner
from assent.audit.note import Verifier, open_note, split_note
from assent.audit.proof import Submission, parse_submission
from assent.audit.tree import EMPTY_ROOT, verify_consistency
from assent.core.clock import Clock
from assent.witnesses.state import WitnessFolder, body_of

PLAIN = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered to a request."""

    status: int
    body: str
    kind: str = PLAIN


class Witness:
    """Answers one request after the other; safe to call from several threads.

    logs: the keys of the logs that it knows; several of one name where a log rotated its key.
    told: is called with a sentence when somebody shows it a fork.
    """

    def __init__(
        self,
        folder: WitnessFolder,
        cosigner: Cosigner,
        logs: Sequence[Verifier],
        clock: Clock,
        told: Callable[[str], None],
    ) -> None:
        self._folder = folder
        self._cosigner = cosigner
        self._clock = clock
        self._told = told
        # Comparing with the last checkpoint and replacing it must be one step.
        self._lock = threading.Lock()
        self._logs: Mapping[str, list[Verifier]] = {
            log.name: [one for one in logs if one.name == log.name] for log in logs
        }

    def add_checkpoint(self, request: bytes) -> Reply:
        """Return the cosignature, or why there is none. Raises OperatorFault, OSError."""
        try:
            submission = parse_submission(request.decode("utf-8"))
            text, _ = split_note(submission.note)
            body = parse_checkpoint(text)
        except ValueError as fault:
            return Reply(400, f"{fault}\n")
        verifiers = self._logs.get(body.origin)
        if verifiers is None:
            return Reply(404, "this log is not known here\n")
        try:
            open_note(submission.note, verifiers)
        except ValueError as fault:
            return Reply(403, f"{fault}\n")
        if submission.old > body.size:
            return Reply(400, f"old size {submission.old} is above {body.size}\n")
        with self._lock:
            return self._continue(submission, body, text)

    def _continue(self, submission: Submission, body: CheckpointBody, text: str) -> Reply:
        kept = self._folder.latest(body.origin)
        latest = None if kept is None else body_of(kept, Path(body.origin))
        known = latest.size if latest else 0
        if submission.old != known:
            return Reply(409, f"{known}\n", SIZE)
        if latest and kept and known == body.size and latest.root != body.root:
            self._forked(kept, submission.note, body)
            return Reply(409, f"{known}\n", SIZE)
        try:
            _check_proof(submission, latest, body)
        except ValueError as fault:
            self._unproved(kept or "", submission, body, str(fault))
            return Reply(422, f"{fault}; cosigned last was\n\n{kept or ''}")
        try:
            line = self._cosigner.line(text, self._clock.now())
        except ValueError as fault:
            return Reply(400, f"{fault}\n")
        # Before anybody can have the cosignature: a crash must not let it sign another tree.
        self._folder.remember(body.origin, submission.note)
        return Reply(200, f"{line}\n")

    def _forked(self, kept: str, note: str, body: CheckpointBody) -> None:
        """Keep two notes of one size with different roots, which only the log's key can make."""
        name = f"fork-{sha256((kept + note).encode()).hexdigest()[:32]}"
        self._keep(name, kept, note, f"FORK: `{body.origin}` signed two trees of size {body.size}")

    def _unproved(self, kept: str, submission: Submission, body: CheckpointBody, why: str) -> None:
        """Keep a checkpoint without its proof: a fork, or somebody who sends nonsense."""
        name = f"unproved-{sha256((kept + submission.note).encode()).hexdigest()[:32]}"
        words = (
            f"REFUSED: size {body.size} of `{body.origin}` was not shown to continue size "
            f"{submission.old} ({why})"
        )
        self._keep(name, kept, submission.note, words)

    def _keep(self, name: str, kept: str, note: str, words: str) -> None:
        where = self._folder.keep_evidence(name, f"{kept}\n\n\n{note}")
        also = f"both notes are in `{where}`" if where else "the folder of evidence is full"
        self._told(f"{words}; {also}")


def _check_proof(
    submission: Submission, latest: CheckpointBody | None, body: CheckpointBody
) -> None:
    """Raise ValueError unless the checkpoint is shown to continue the last one.

    From size 0 nothing has to be shown; then there must be no proof, either (tlog-witness).
    """
    if body.size == 0 and body.root != EMPTY_ROOT:
        raise ValueError("an empty tree has another root")
    if latest is None or latest.size == 0:
        if submission.proof:
            raise ValueError("from size 0 there is no proof")
        return
    verify_consistency(latest.size, body.size, latest.root, body.root, submission.proof)
