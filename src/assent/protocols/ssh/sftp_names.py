"""Finding out what file a name leads to, by asking the server itself before anything is decided.

The server's REALPATH follows links and begins where its session does. What a request does to an
entry of a folder, such as removing it, is done to the entry: then only the folder is resolved.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from assent.protocols.ssh.sftp_requests import Request, parent_and_name
from assent.protocols.ssh.sftp_wire import Fields, Kind, Status, Unreadable


class Stage(StrEnum):
    """What the server is asked about a name: all of it, whether it is there, or its folder."""

    WHOLE = "whole"
    LOOK = "look"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Missing:
    """The server does not know such a file, and says how; the client is told the same."""

    status: int


@dataclass(slots=True)
class Names:
    """The names of one request on their way to be resolved. found: those that are, in order."""

    request: Request
    found: list[bytes] = field(default_factory=list)
    _stage: Stage = Stage.WHOLE
    _begun: bool = False

    @property
    def done(self) -> bool:
        """Whether all of them are resolved."""
        return len(self.found) == len(self.request.paths)

    def question(self) -> tuple[Kind, bytes]:
        """Return what the server is to be asked next."""
        named = self.request.paths[len(self.found)]
        whole = self._whole()
        if not self._begun:
            self._begun = True
            entry = parent_and_name(whole)
            self._stage = Stage.WHOLE if named.follows or entry is None else Stage.FOLDER
        if self._stage is Stage.FOLDER:
            entry = parent_and_name(whole)
            return Kind.REALPATH, entry[0] if entry else whole
        return (Kind.REALPATH if self._stage is Stage.WHOLE else Kind.LSTAT), whole

    def answer(self, kind: int, body: bytes) -> Missing | None:
        """Hear what it said, None where that goes on. body: behind the id. Raises Unreadable."""
        if kind == Kind.STATUS:
            return self._failed(Fields(body).number())
        if self._stage is Stage.LOOK:
            # It is there and leads nowhere: what a server makes of it is not known.
            return Missing(Status.PERMISSION_DENIED)
        if kind != Kind.NAME:
            raise Unreadable(f"the server answered with {kind} where a name was asked for")
        resolved = _only_name(body)
        if self._stage is Stage.FOLDER:
            entry = parent_and_name(self._whole())
            if entry is None:
                raise Unreadable("the server answered to what was not asked")
            resolved = resolved.rstrip(b"/") + b"/" + entry[1]
        self._next(resolved)
        return None

    def _whole(self) -> bytes:
        named = self.request.paths[len(self.found)]
        if named.within is None or named.raw.startswith(b"/"):
            return named.raw or b"."
        return self.found[named.within].rpartition(b"/")[0] + b"/" + named.raw

    def _failed(self, code: int) -> Missing | None:
        if code == Status.OK:
            return Missing(Status.FAILURE)
        if self._stage is Stage.WHOLE and code == Status.NO_SUCH_FILE:
            # Some servers resolve only what is there.
            self._stage = Stage.LOOK
            return None
        absent = self._stage is Stage.LOOK and code == Status.NO_SUCH_FILE
        if absent and parent_and_name(self._whole()) is not None:
            self._stage = Stage.FOLDER
            return None
        if self.request.paths[len(self.found)].within is not None:
            # A link may lead to what is not there yet.
            self._next(plain(self._whole()))
            return None
        return Missing(code)

    def _next(self, resolved: bytes) -> None:
        if not resolved.startswith(b"/"):
            raise Unreadable("the server named a file that begins nowhere")
        self.found.append(resolved)
        self._begun = False


def plain(path: bytes) -> bytes:
    """Return an absolute name without `.`, `..` and doubled slashes, by its letters alone."""
    kept: list[bytes] = []
    for part in path.split(b"/"):
        if part == b"..":
            del kept[-1:]
        elif part not in (b"", b"."):
            kept.append(part)
    return b"/" + b"/".join(kept)


def _only_name(body: bytes) -> bytes:
    fields = Fields(body)
    if fields.number() != 1:
        raise Unreadable("the server did not answer with one name")
    found = fields.path()
    # POSIX leaves open what two slashes at the start mean; to policies they are one.
    return b"/" + found.lstrip(b"/") if found.startswith(b"/") else found
