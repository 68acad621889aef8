"""A log in memory, a witness in a folder, and a clock that stands."""

from datetime import UTC, datetime
from pathlib import Path

from assent.audit.checkpoint import format_checkpoint
from assent.audit.cosignature import Cosigner
from assent.audit.note import Signer, Verifier
from assent.audit.proof import Submission, format_submission
from assent.audit.tree import consistency_proof, leaf_hash, root_of, subtrees_of
from assent.core.secret import Secret
from assent.witnesses import state
from assent.witnesses.state import WitnessFolder
from assent.witnesses.witness import Witness

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORIGIN = "assent.example/audit"
SIGNER = Signer(ORIGIN, Secret(b"l" * 32))


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOON


def leaves(count: int, word: str = "entry") -> list[bytes]:
    return [leaf_hash(f"{word} {number}".encode()) for number in range(count)]


def a_note(size: int, word: str = "entry", signer: Signer = SIGNER) -> str:
    return signer.sign(format_checkpoint(signer.name, size, root_of(leaves(size, word))))


def a_submission(old: int, size: int, word: str = "entry", signer: Signer = SIGNER) -> str:
    proof: list[bytes] = []
    if 0 < old < size:
        proof = consistency_proof(old, size, subtrees_of(leaves(size, word)))
    return format_submission(Submission(old, tuple(proof), a_note(size, word, signer)))


class AWitness:
    """A witness that knows one log, and what it told its operator."""

    def __init__(
        self, folder: Path, kind: str = "ed25519", logs: tuple[Verifier, ...] = (SIGNER.verifier,)
    ) -> None:
        self.told: list[str] = []
        self.folder = WitnessFolder(folder)
        self.cosigner: Cosigner = (
            state.read_key(folder)
            if (folder / "key").exists()
            else state.init(folder, "witness.example/w1", kind)
        )
        self.witness = Witness(self.folder, self.cosigner, logs, Noon(), self.told.append)

    def ask(self, body: str) -> tuple[int, str]:
        reply = self.witness.add_checkpoint(body.encode())
        return reply.status, reply.body
