"""Journals on disk: only appended to, by whole records, each in one write."""

import errno
import fcntl
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from assent.audit.sealing import key_of, open_sealed
from assent.core.faults import OperatorFault
from assent.core.ids import DataKeyId
from assent.core.secret import Secret
from assent.recording.journal import (
    JournalCipher,
    Leftovers,
    header_line,
    header_of,
    opened,
    read_journals,
)

ABOUT_JOURNAL_KEY = b"assent journal v2"


class JournalFile:
    """One journal. sealed_key: the key that `cipher` was made with, sealed, for its header."""

    def __init__(
        self, folder: Path, generation: int, key: Secret[bytes], sealed_key: bytes
    ) -> None:
        """Begin it. Raises OSError."""
        self.generation = generation
        self.path = folder / f"journal-{generation:08}.jsonl"
        self._cipher = JournalCipher(key, generation)
        self._file = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self.size = 0
        # Whether half a record may stand behind `size`: it would swallow the next one.
        self._torn = False
        try:
            self._append(header_line(generation, sealed_key))
        except OSError:
            self.close()
            self.path.unlink()
            raise

    def write(self, lines: bytes) -> None:
        """Append all of `lines` as one record, or nothing. Raises OSError."""
        self._append(self._cipher.seal(lines))

    def _append(self, data: bytes) -> None:
        if self._torn:
            os.ftruncate(self._file, self.size)
        self._torn = True
        written = os.write(self._file, data)
        if written != len(data):
            os.ftruncate(self._file, self.size)
            self._torn = False
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False
        self.size += written

    def sync(self) -> None:
        """Make durable what was written. Raises OSError."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def settle(old: JournalFile, new: JournalFile, is_sound: bool) -> None:
    """Make both durable, the old one only if it can still be trusted, and close the old one."""
    try:
        if is_sound:
            old.sync()
        new.sync()
        sync_folder(new.path.parent)
    finally:
        old.close()


def sync_folder(folder: Path) -> None:
    """Make durable which files there are in a folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def take_folder(folder: Path) -> int:
    """Return the lock of a folder. Raises OperatorFault when another process has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise OperatorFault(
            "recordings-in-use",
            "another process keeps its recordings here; stop it, or choose another folder",
            str(folder),
        ) from error
    return lock


def journals_in(folder: Path) -> dict[int, Path]:
    """Return generation → path of the journals in a folder, oldest first."""
    found = sorted(folder.glob("journal-*.jsonl"))
    return {int(path.stem.partition("-")[2]): path for path in found}


async def read_leftovers(
    journals: Mapping[int, Path], key_for: Callable[[DataKeyId], Awaitable[Secret[bytes] | None]]
) -> Leftovers:
    """Return what journals hold, oldest first.

    Raises OperatorFault where one cannot be opened: its frames would be lost in silence.
    """
    plain, damaged = list[bytes](), 0
    for path in journals.values():
        data = path.read_bytes()
        try:
            header = header_of(data)
            if header is None:
                plain.append(data)
                continue
            named = key_of(header.key)
            key = await key_for(named) if named else None
            if key is None:
                raise ValueError("its key is gone")
            secret = Secret(open_sealed(header.key, key, ABOUT_JOURNAL_KEY))
        except ValueError as error:
            if b"\n" not in data:
                # Torn before anything was recorded in it.
                damaged += 1
                continue
            raise OperatorFault(
                "journal-unreadable",
                f"`{path.name}` holds what was recorded before the last stop and cannot be opened "
                f"({error}); restore its key, or move the file away to lose it knowingly",
                str(path),
            ) from error
        lines, wrong = opened(data, JournalCipher(secret, header.generation))
        plain.append(lines)
        damaged += wrong
    leftovers = read_journals(plain)
    leftovers.damaged += damaged
    return leftovers
