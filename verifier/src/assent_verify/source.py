"""Where an export lies."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_FILE_BYTES = 2**30
"""A file that is larger is not read: it would not fit into the memory of a small machine."""


class SourceAway(Exception):
    """The export cannot be read at all: the server is away, or a file may not be opened."""


class Source(Protocol):
    """What files are read from. It can be handed to another process."""

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, None when there is no such file. Raises SourceAway."""
        ...

    def names(self, folder: str = "") -> Iterator[str] | None:
        """Yield the names of all files below a folder; None where nobody can list them."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """An export on this machine."""

    path: str

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file. Symbolic links are followed: it is the reader's disk."""
        try:
            with open(f"{self.path}/{name}", "rb") as file:
                return bounded(name, file.read(MAX_FILE_BYTES + 1))
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise SourceAway(f"`{name[:80]}` cannot be read: {error.strerror}") from error

    def names(self, folder: str = "") -> Iterator[str] | None:
        """Yield the names of all files, in no order."""
        return self._walk(folder)

    def _walk(self, folder: str) -> Iterator[str]:
        try:
            found = list(os.scandir(f"{self.path}/{folder}"))
        except (FileNotFoundError, NotADirectoryError):
            return
        for item in found:
            name = f"{folder}/{item.name}" if folder else item.name
            if item.is_dir():
                yield from self._walk(name)
            else:
                yield name


def open_source(where: str) -> Source:
    """Return the export at a path or an http(s) address. Raises SourceAway."""
    if where.startswith(("http://", "https://")):
        # What speaks HTTP takes memory in every process, and most exports are folders.
        from assent_verify.web import Web

        return Web(where.rstrip("/"))
    if not os.path.isdir(where):
        raise SourceAway(f"`{where[:80]}` is neither a folder nor an http(s) address")
    return Folder(where.rstrip("/") or "/")


def bounded(name: str, data: bytes) -> bytes:
    """Return the data of a file. Raises SourceAway where it is too large."""
    if len(data) > MAX_FILE_BYTES:
        raise SourceAway(f"`{name[:80]}` has more than {MAX_FILE_BYTES} bytes")
    return data
