"""A file to which events are appended, a line each. Opened anew each time, so it may be rotated."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

from assent.control.exporting import Event
from assent.core.faults import OutsideFault

_LOOK_BACK = 1 << 20


class JsonlFile:
    """Appends to one file, and returns once the disk has it."""

    kind = "jsonl"

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    async def send(self, events: Sequence[Event]) -> int:
        """Append the events. Raises OutsideFault where the disk does not take them."""
        try:
            await asyncio.to_thread(self._append, events)
        except OSError as cause:
            words = f"`{self._path}` cannot be written ({cause.strerror})"
            raise OutsideFault("exporter-away", words) from cause
        return 0

    def _append(self, events: Sequence[Event]) -> None:
        lines = b"".join(
            json.dumps(one, separators=(",", ":"), sort_keys=True).encode() + b"\n"
            for one in events
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self._path.exists()
        # Whoever may read the log may read it; nobody else on this machine.
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            end = _end_of_lines(file)
            os.ftruncate(file, end)
            os.lseek(file, end, os.SEEK_SET)
            view = memoryview(lines)
            while view:
                view = view[os.write(file, view) :]
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            _sync_folder(self._path.parent)


def _end_of_lines(file: int) -> int:
    """Return where the last whole line ends: half of one is left by a machine that stopped."""
    size = os.fstat(file).st_size
    start = max(0, size - _LOOK_BACK)
    tail = os.pread(file, size - start, start)
    if not tail or tail.endswith(b"\n"):
        return size
    # No line of ours is as long as what was looked at: then it is none of ours, and stays.
    last = tail.rfind(b"\n")
    return start + last + 1 if last >= 0 or start == 0 else size


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
