"""What a witness remembers: the last checkpoint that it cosigned of each log, on disk.

A folder with `name` (of the key), `kind` (of the key), `key` (32 secret bytes, for its owner
alone), `logs/<sha256 of the origin>` (a note, verbatim) and `evidence/`.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from assent.audit.checkpoint import CheckpointBody, parse_checkpoint
from assent.audit.cosignature import KINDS, Cosigner
from assent.audit.note import check_name, split_note
from assent.core.faults import OperatorFault
from assent.core.secret import Secret
from assent.witnesses.durable import sync_folder, write_durably

_MOST_ALIKE = 500


def init(folder: Path, name: str, kind: str) -> Cosigner:
    """Return the key of a new witness, made in `folder`. Raises OperatorFault."""
    try:
        check_name(name)
    except ValueError as cause:
        raise OperatorFault("witness-name", f"{cause}; name it as a host and a path") from cause
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            words = f"`{folder}` is not empty; a witness begins in a folder of its own"
            raise OperatorFault("witness-folder", words)
        seed = secrets.token_bytes(32)
        for part, content in (
            ("key", seed),
            ("kind", f"{kind}\n".encode()),
            ("name", f"{name}\n".encode()),
        ):
            write_durably(folder / part, content)
        for part in ("logs", "evidence"):
            (folder / part).mkdir(mode=0o700)
        sync_folder(folder)
    except OSError as cause:
        raise _unusable(folder, cause) from cause
    return Cosigner(name, KINDS[kind], Secret(seed))


def read_key(folder: Path) -> Cosigner:
    """Return the key of the witness in `folder`. Raises OperatorFault."""
    try:
        if folder.joinpath("key").stat().st_mode & 0o077:
            words = f"`{folder / 'key'}` can be read by others; `chmod 600` it, or begin anew"
            raise OperatorFault("witness-key", words)
        seed = (folder / "key").read_bytes()
        name = (folder / "name").read_text("utf-8").strip()
        kind = (folder / "kind").read_text("utf-8").strip()
        return Cosigner(name, KINDS[kind], Secret(seed))
    except OSError as cause:
        words = f"`{folder}` is no folder of a witness; make one with `assent witness init`"
        raise OperatorFault("witness-folder", words) from cause
    except (ValueError, KeyError) as cause:
        words = f"the key in `{folder}` is damaged; restore it from your backup"
        raise OperatorFault("witness-key", words) from cause


class WitnessFolder:
    """The memory of one witness; one process at a time. Raises OperatorFault when damaged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process out of the folder: two would forget each other's checkpoints."""
        try:
            descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as cause:
            raise _unusable(self._folder, cause) from cause
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as cause:
            os.close(descriptor)
            words = f"another witness runs in `{self._folder}`"
            raise OperatorFault("witness-runs", words) from cause
        try:
            yield
        finally:
            os.close(descriptor)

    def latest(self, origin: str) -> str | None:
        """Return the note that was cosigned last of a log, None if none was.

        Raises OperatorFault when what is there cannot be read: it must not count as none.
        """
        path = self._path(origin)
        try:
            note = path.read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as cause:
            raise _damaged(path) from cause
        if body_of(note, path).origin != origin:
            raise _damaged(path)
        return note

    def remember(self, origin: str, note: str) -> None:
        """Take `note` as the last one of its log; durable on return. Raises OSError."""
        write_durably(self._path(origin), note.encode())

    def keep_evidence(self, name: str, content: str) -> Path | None:
        """Keep what shows a fork, and return where; None where there is enough of it already.

        name: what it is, `-`, and further letters; what anybody can send must not crowd out what
        only the log can have made. Raises OSError.
        """
        folder = self._folder / "evidence"
        alike = list(folder.glob(f"{name.partition('-')[0]}-*"))
        path = folder / name
        if not path.exists():
            if len(alike) >= _MOST_ALIKE:
                return None
            write_durably(path, content.encode())
        return path

    def evidence(self) -> list[Path]:
        """Return the evidence that is kept."""
        return sorted((self._folder / "evidence").iterdir())

    def notes(self) -> list[str]:
        """Return the last note of every log."""
        paths = sorted((self._folder / "logs").iterdir())
        return [path.read_text("utf-8") for path in paths if not path.name.startswith(".")]

    def _path(self, origin: str) -> Path:
        return self._folder / "logs" / sha256(origin.encode()).hexdigest()


def body_of(note: str, place: Path) -> CheckpointBody:
    """Return what a kept note says. Raises OperatorFault."""
    try:
        return parse_checkpoint(split_note(note)[0])
    except ValueError as cause:
        raise _damaged(place) from cause


def _damaged(path: Path) -> OperatorFault:
    words = (
        f"`{path}` is damaged, and without it nobody knows what was cosigned: restore it from "
        "your backup, or begin a new witness with a new key"
    )
    return OperatorFault("witness-memory", words)


def _unusable(folder: Path, cause: OSError) -> OperatorFault:
    return OperatorFault("witness-folder", f"`{folder}` cannot be used ({cause.strerror})")
