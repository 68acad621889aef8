"""A disk that fails on purpose: whatever a process does to it is counted, and the n-th goes wrong.

SQLite's files are reached by a VFS put over its own (sqlite.org/vfs.html), everything else by the
functions of `os`. So one number names every point at which this process writes, makes durable,
cuts, renames or deletes anything. `install` is for good: call it in a process that ends.
"""

import _sqlite3
import ctypes
import errno
import os
import signal
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

SQLITE_FULL = 13
_IOERR = 10
SQLITE_IOERR_WRITE = _IOERR | 3 << 8
SQLITE_IOERR_FSYNC = _IOERR | 4 << 8
SQLITE_IOERR_TRUNCATE = _IOERR | 6 << 8
SQLITE_IOERR_DELETE = _IOERR | 10 << 8


class Fault(StrEnum):
    """What happens at the chosen point.

    BEFORE, HALF, AFTER: the process is killed before, half way through, after it. POWER: the power
    goes after it, so what was written and not synced is gone too. FULL: no space is left, from
    there on until `mend`. ERROR: the disk reports an error, once.
    """

    BEFORE = "before"
    HALF = "half"
    AFTER = "after"
    POWER = "power"
    FULL = "full"
    ERROR = "error"


class FaultyDisk:
    """Counts points while it is armed. said: what each was, in order."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._fault: Fault | None = None
        self._at = 0
        self._armed = False
        self._hit = False
        self._lock = threading.Lock()
        # Of each file that is not synced: how to put back what stood there, oldest first.
        self._undo: dict[str, list[Callable[[], None]]] = {}

    def arm(self, fault: Fault | None, at: int) -> None:
        """Count from here on, and let `fault` happen at the `at`-th point, from 1 on."""
        self._fault, self._at, self._armed = fault, at, True

    def mend(self) -> bool:
        """Let everything succeed from here on; return whether anything went wrong."""
        self._armed = False
        return self._hit

    def step(
        self,
        what: str,
        do: Callable[[], T],
        fail: Callable[[int], T],
        half: Callable[[], T | None] = lambda: None,
        undo: tuple[str, Callable[[], None]] | None = None,
    ) -> T:
        """Do one thing to the disk, or what is to happen instead.

        fail: returns, or raises, what a failure with this errno does. half: does half of it, and
        returns what is told then where that is no failure.
        undo: a file, and what takes this back in it; it counts until the file is synced.
        """
        with self._lock:
            fault = self._next(what)
            if fault is Fault.BEFORE:
                _die()
            if fault is Fault.HALF:
                half()
                _die()
            if fault is Fault.FULL:
                short = half()
                return fail(errno.ENOSPC) if short is None else short
            if fault is Fault.ERROR:
                return fail(errno.EIO)
            done = do()
            if undo is not None:
                self._undo.setdefault(undo[0], []).append(undo[1])
            if fault is Fault.AFTER:
                _die()
            if fault is Fault.POWER:
                self._cut_power()
            return done

    def synced(self, name: str) -> None:
        """Take note that all of a file is on disk."""
        self._undo.pop(name, None)

    def _next(self, what: str) -> Fault | None:
        if not self._armed:
            return None
        self.said.append(what)
        reached = len(self.said) == self._at
        if self._fault is Fault.FULL and self._at:
            # Space that is gone is gone for whoever comes next, too; deleting needs none.
            reached = len(self.said) >= self._at and not what.startswith("delete")
        if reached:
            self._hit = True
            return self._fault
        return None

    def _cut_power(self) -> NoReturn:
        for undone in self._undo.values():
            for put_back in reversed(undone):
                put_back()
        _die()


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it outlived a kill")


def install(disk: FaultyDisk) -> None:
    """Put the layer under this process, for good: over SQLite's files and over `os`."""
    _over_os(disk)
    _Vfs(disk).register()


# Everything that goes through `os`.


def _over_os(disk: FaultyDisk) -> None:
    real_write, real_open, real_fdopen = os.write, os.open, os.fdopen

    def write(descriptor: int, data: Any) -> int:
        name = _name_of(descriptor)
        if name is None:
            return real_write(descriptor, data)
        content = bytes(data)
        size = os.fstat(descriptor).st_size

        def put_back() -> None:
            real_truncate(descriptor, size)

        return disk.step(
            f"write {name}",
            lambda: real_write(descriptor, content),
            _raises,
            # Where there is no room for any of it, that is a failure.
            lambda: real_write(descriptor, content[: len(content) // 2]) or None,
            (_key_of(descriptor), put_back),
        )

    def open_(path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        if not flags & os.O_CREAT or os.path.exists(path):
            return real_open(path, flags, mode, **more)
        name = Path(os.fspath(path)).name
        return disk.step(f"create {_plain(name)}", lambda: real_open(path, flags, mode), _raises)

    def fdopen(descriptor: int, mode: str = "r", *given: Any, **more: Any) -> Any:
        # Unbuffered, so that its writes are calls of `os.write`.
        return (
            _Stream(descriptor) if mode == "wb" else real_fdopen(descriptor, mode, *given, **more)
        )

    def syncing(real: Callable[[int], None]) -> Callable[[int], None]:
        def sync(descriptor: int) -> None:
            name = _name_of(descriptor) or "a pipe"

            def do() -> None:
                real(descriptor)
                disk.synced(_key_of(descriptor))

            disk.step(f"sync {name}", do, _raises)

        return sync

    def naming(word: str, real: Callable[..., None], to: bool) -> Callable[..., None]:
        def call(path: Any, *given: Any, **more: Any) -> None:
            name = _plain(Path(os.fspath(given[0] if to else path)).name)
            disk.step(f"{word} {name}", lambda: real(path, *given, **more), _raises)

        return call

    real_truncate = os.ftruncate

    def cut(descriptor: int, size: int) -> None:
        disk.step(f"cut {_name_of(descriptor)}", lambda: real_truncate(descriptor, size), _raises)

    patched: dict[str, Any] = {
        "write": write,
        "open": open_,
        "fdopen": fdopen,
        "fsync": syncing(os.fsync),
        "fdatasync": syncing(os.fdatasync),
        "ftruncate": cut,
        "rename": naming("rename", os.rename, True),
        "replace": naming("rename", os.replace, True),
        "link": naming("link", os.link, True),
        "unlink": naming("delete", os.unlink, False),
        "mkdir": naming("make", os.mkdir, False),
    }
    for name, replacement in patched.items():
        setattr(os, name, replacement)


class _Stream:
    """What `os.fdopen` returns for writing: each write is one of the descriptor's."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> "_Stream":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def write(self, data: bytes) -> int:
        return os.write(self._descriptor, data)

    def flush(self) -> None:
        """There is nothing to flush."""

    def fileno(self) -> int:
        return self._descriptor


def _raises(number: int) -> NoReturn:
    raise OSError(number, os.strerror(number))


def _key_of(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")


def _name_of(descriptor: int) -> str | None:
    """Return the name of an open file or folder, None for a pipe or a terminal."""
    path = Path(_key_of(descriptor))
    if not path.is_absolute() or path.parts[1] == "dev":
        return None
    return "folder" if path.is_dir() else _plain(path.name)


def _plain(name: str) -> str:
    """Return a name as a kind of file: without what is counted or drawn in it."""
    stem, dot, suffix = name.removeprefix(".").partition(".")
    if name.startswith("."):
        return ".".join([part for part in name.split(".") if part][:-1]) + " (new)"
    if stem.isdecimal():
        return f"N{dot}{suffix}"
    head, dash, number = stem.partition("-")
    return f"{head}-N{dot}{suffix}" if dash and number.isdecimal() else name


# SQLite.

_FILE = ctypes.c_void_p
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_CUT = ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.c_int)
_SIZE = ctypes.CFUNCTYPE(ctypes.c_int, _FILE, ctypes.POINTER(ctypes.c_int64))
_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, _FILE, ctypes.c_int, ctypes.c_void_p
)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", ctypes.c_void_p),
        ("read", _WRITE),
        ("write", _WRITE),
        ("truncate", _CUT),
        ("sync", _SYNC),
        ("size", _SIZE),
        ("others", ctypes.c_void_p * 12),
    )


class _File(ctypes.Structure):
    """sqlite3_file."""

    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class _VfsFields(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", _OPEN),
        ("delete", _DELETE),
        ("others", ctypes.c_void_p * 13),
    )


_kept: list[object] = []


def library() -> ctypes.CDLL | None:
    """Return the SQLite that `sqlite3` runs on, None where it cannot be reached."""
    try:
        found = ctypes.CDLL(_sqlite3.__file__)
        found.sqlite3_vfs_find.restype = ctypes.POINTER(_VfsFields)
    except (AttributeError, OSError):
        return None
    return found


class _Vfs:
    """SQLite's own VFS, with files that count."""

    def __init__(self, disk: FaultyDisk) -> None:
        self._disk = disk
        self._names: dict[int, str] = {}
        self._opening = threading.Lock()
        self._tables: dict[int, _Methods] = {}
        found = library()
        assert found is not None, "SQLite cannot be reached"
        self._library = found
        self._own = found.sqlite3_vfs_find(None).contents
        self._fields = _VfsFields.from_buffer_copy(self._own)
        self._fields.name = b"faulty"
        self._fields.open = _OPEN(self._open)
        self._fields.delete = _DELETE(self._delete)

    def register(self) -> None:
        """Let every connection that is opened from now on use it."""
        _kept.append(self)
        assert self._library.sqlite3_vfs_register(ctypes.byref(self._fields), 1) == 0

    def _open(self, _vfs: Any, name: Any, file: Any, flags: int, out: Any) -> int:
        # The name goes on as the pointer that it came as: the file keeps it as long as it lives.
        done = self._own.open(ctypes.addressof(self._own), name, file, flags, out)
        if done == 0 and name:
            opened = ctypes.cast(file, ctypes.POINTER(_File)).contents
            address = ctypes.addressof(opened.methods.contents)
            with self._opening:
                # A table that was handed out must never go: two threads open at once.
                if address not in self._tables:
                    self._tables[address] = self._counting(opened.methods.contents)
                table = self._tables[address]
            self._names[file] = Path(ctypes.string_at(name).decode()).name
            opened.methods = ctypes.pointer(table)
        return int(done)

    def _delete(self, _vfs: Any, name: Any, sync: int) -> int:
        return self._disk.step(
            f"delete {Path(name.decode()).name}",
            lambda: int(self._own.delete(ctypes.addressof(self._own), name, sync)),
            lambda _: SQLITE_IOERR_DELETE,
        )

    def _counting(self, own: _Methods) -> _Methods:
        disk, names = self._disk, self._names

        def write(file: int, data: int, amount: int, offset: int) -> int:
            return disk.step(
                f"write {names[file]}",
                lambda: int(own.write(file, data, amount, offset)),
                lambda number: SQLITE_FULL if number == errno.ENOSPC else SQLITE_IOERR_WRITE,
                lambda: own.write(file, data, amount // 2, offset) and None,
                (str(file), self._put_back(own, file, amount, offset)),
            )

        def cut(file: int, size: int) -> int:
            return disk.step(
                f"cut {names[file]}",
                lambda: int(own.truncate(file, size)),
                lambda _: SQLITE_IOERR_TRUNCATE,
                undo=(str(file), self._put_back(own, file, 1 << 30, size)),
            )

        def sync(file: int, flags: int) -> int:
            def do() -> int:
                done = int(own.sync(file, flags))
                disk.synced(str(file))
                return done

            return disk.step(f"sync {names[file]}", do, lambda _: SQLITE_IOERR_FSYNC)

        table = _Methods.from_buffer_copy(own)
        table.write, table.truncate, table.sync = _WRITE(write), _CUT(cut), _SYNC(sync)
        return table

    def _put_back(self, own: _Methods, file: int, amount: int, offset: int) -> Callable[[], None]:
        """Return what puts back what is in a file now, from `offset` on, and its length."""
        size = ctypes.c_int64()
        own.size(file, ctypes.byref(size))
        there = max(0, min(amount, size.value - offset))
        before = ctypes.create_string_buffer(max(there, 1))
        if there:
            own.read(file, ctypes.addressof(before), there, offset)

        def put_back() -> None:
            if there:
                own.write(file, ctypes.addressof(before), there, offset)
            own.truncate(file, size.value)

        return put_back
