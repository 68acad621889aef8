"""Reads a file that somebody else writes: whole, of bounded size, and not while it changes."""

import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from assent.core.faults import OperatorFault


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another without reading it.

    changed_ns is the kernel's own time of change: it also moves when a tool writes the file in
    place and puts the old modification time back.
    """

    modified_ns: int
    changed_ns: int
    size: int
    inode: int
    device: int


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of the file that `path` leads to now. Raises OperatorFault."""
    try:
        return _stamp(os.stat(path))
    except (OSError, ValueError) as fault:
        raise _unreadable(path, fault) from fault


def read(path: Path, most_bytes: int) -> tuple[bytes, Stamp]:
    """Return the content of `path` and the stamp of what was read.

    Raises OperatorFault when it cannot be read, is no regular file, is empty, is larger than
    `most_bytes`, or changes meanwhile.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for its writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as fault:
        raise _unreadable(path, fault) from fault
    try:
        return _read(handle, path, most_bytes)
    except OSError as fault:
        raise _unreadable(path, fault) from fault
    finally:
        os.close(handle)


def _read(handle: int, path: Path, most_bytes: int) -> tuple[bytes, Stamp]:
    status = os.fstat(handle)
    if not S_ISREG(status.st_mode):
        raise OperatorFault("network-file", "is no regular file; name a file", str(path))
    if status.st_size > most_bytes:
        size = f"{most_bytes >> 20} MiB"
        raise OperatorFault("network-file", f"is larger than {size}; name a smaller one", str(path))
    with open(handle, "rb", closefd=False) as file:
        data = file.read(status.st_size + 1)
    stamp = _stamp(status)
    if stamp != _stamp(os.fstat(handle)) or len(data) != stamp.size:
        words = "changed while it was read; replace it by renaming a finished file over it"
        raise OperatorFault("network-file", words, str(path))
    if not data:
        words = "is empty, as after a failed download; for a list of nothing, write a comment in it"
        raise OperatorFault("network-file", words, str(path))
    return data, stamp


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(
        status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev
    )


def _unreadable(path: Path, fault: OSError | ValueError) -> OperatorFault:
    why = fault.strerror if isinstance(fault, OSError) else str(fault)
    return OperatorFault("network-file", f"cannot be read ({why}); mend it or its key", str(path))
