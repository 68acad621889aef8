"""Where an export lies: a folder, or a folder that a web server shows."""

import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_FILE_BYTES = 2**30
"""A file that is larger is not read: it would not fit into the memory of a small machine."""

_DEADLINE_S = 30.0


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
                return _bounded(name, file.read(MAX_FILE_BYTES + 1))
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


@dataclass(frozen=True, slots=True)
class Web:
    """An export that a web server shows as plain files. Nothing but GET is used."""

    address: str

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; 404 and 410 mean that there is none."""
        request = urllib.request.Request(f"{self.address}/{urllib.parse.quote(name)}")  # noqa: S310 (the reader named it, and `open_source` looked at its scheme)
        try:
            with _OPENER.open(request, timeout=_DEADLINE_S) as answer:
                return _bounded(name, answer.read(MAX_FILE_BYTES + 1))
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            raise SourceAway(f"`{name[:80]}`: the server answers {error.code}") from error
        except (OSError, ValueError) as error:
            raise SourceAway(f"`{name[:80]}` cannot be fetched: {error}") from error

    def names(self, folder: str = "") -> Iterator[str] | None:
        """Return None: a plain web server lists nothing."""
        return None


class _SameFolder(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: what is fetched is what the reader named."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Return None, and the redirect becomes an error."""


_OPENER = urllib.request.build_opener(_SameFolder())


def open_source(where: str) -> Source:
    """Return the export at a path or an http(s) address. Raises SourceAway."""
    if where.startswith(("http://", "https://")):
        return Web(where.rstrip("/"))
    if not os.path.isdir(where):
        raise SourceAway(f"`{where[:80]}` is neither a folder nor an http(s) address")
    return Folder(where.rstrip("/") or "/")


def _bounded(name: str, data: bytes) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise SourceAway(f"`{name[:80]}` has more than {MAX_FILE_BYTES} bytes")
    return data
