"""An anchor in a file that is only ever appended to, such as one on another machine's disk.

Each line is the base64 of a checkpoint's note. That nobody shortens the file is up to where it
lies: `chattr +a`, a share that only lets append, or a tape.
"""

import asyncio
import os
from base64 import b64encode
from pathlib import Path

from assent.core.entry import Checkpoint
from assent.core.faults import OutsideFault
from assent.core.observing import Kept


class FileAnchor:
    """Appends to one file; makes it when it is not there, but not its folder."""

    kind = "file"

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path

    async def keep(self, checkpoint: Checkpoint, note: str) -> Kept:
        """Append the note; durable on return. Raises OutsideFault."""
        try:
            offset = await asyncio.to_thread(self._append, b64encode(note.encode()) + b"\n")
        except OSError as cause:
            words = f"`{self._path}` cannot be appended to ({cause.strerror})"
            raise OutsideFault("anchor-file", words) from cause
        return Kept(f"{self._path.name}, from byte {offset} on", note.encode())

    def _append(self, line: bytes) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o644)
        try:
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                # The power went in the middle of a line: the next one begins on its own.
                line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError(28, "the line was cut short")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return end
