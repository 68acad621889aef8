"""What a client asks of SFTP, taken apart as far as it must be known.

draft-ietf-secsh-filexfer-02, section 6, and OpenSSH's PROTOCOL, section 4.
"""

from dataclasses import dataclass
from typing import Final

from assent.protocols.ssh.sftp_wire import (
    ALL_FLAGS,
    CREATE,
    EXCLUSIVE,
    LONGEST_HANDLE,
    Attributes,
    Fields,
    Kind,
    number,
    packet,
    string,
)

EXTENSIONS: Final = frozenset(
    {
        "posix-rename@openssh.com",
        "statvfs@openssh.com",
        "fstatvfs@openssh.com",
        "hardlink@openssh.com",
        "fsync@openssh.com",
        "lsetstat@openssh.com",
        "limits@openssh.com",
        "expand-path@openssh.com",
        "copy-data",
        "home-directory",
        "users-groups-by-id@openssh.com",
    }
)
"""Those that are understood. A target's others are not shown to clients, and refused."""

_NO_ATTRIBUTES = Attributes()
_LONGEST_WORD = 64
_LONGEST_LIST = 65_536


class Unsupported(Exception):
    """A request that nobody here understands. Nothing outside of this folder sees it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A file by its name, as the client wrote it.

    follows: whether a symbolic link of this name stands for what it leads to. within: the number
    of the path in whose folder a relative one begins, None for where the session is.
    """

    raw: bytes
    follows: bool
    within: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request. verb: `open`, `remove`, … what `sftp_reading` reads by.

    paths: what must be decided on. handles: what was opened before. rest: bytes behind the names,
    passed on as they are. flags: of OPEN. before: bytes between id and names. copies: how many
    bytes are to be copied, 0 for all. sends: how many of the paths stand in the packet.
    """

    id: int
    kind: int
    verb: str
    paths: tuple[Named, ...] = ()
    handles: tuple[bytes, ...] = ()
    attributes: Attributes = _NO_ATTRIBUTES
    flags: int = 0
    rest: bytes = b""
    before: bytes = b""
    copies: int = 0
    sends: int = 2

    def packet(self, paths: tuple[bytes, ...]) -> bytes:
        """Return it with these names in place of its own."""
        names = b"".join(map(string, paths[: self.sends]))
        return packet(self.kind, number(self.id), self.before, names, self.rest)


def read_request(kind: int, body: bytes) -> Request:
    """Return what a packet asks. body: without length and kind, but with the id.

    Raises Unreadable for what is malformed, Unsupported for what is not known.
    """
    fields = Fields(body)
    id = fields.number()
    if kind == Kind.EXTENDED:
        return _extended(id, fields)
    if kind in _ONE_PATH:
        verb, follows = _ONE_PATH[Kind(kind)]
        found = Request(id, kind, verb, (Named(fields.path(), follows),))
    elif kind in _HANDLES:
        found = Request(id, kind, _HANDLES[Kind(kind)], handles=(_handle(fields),))
    elif kind == Kind.OPEN:
        return _open(id, fields)
    elif kind in (Kind.SETSTAT, Kind.MKDIR):
        return _with_attributes(id, kind, fields)
    elif kind == Kind.FSETSTAT:
        handle, rest = _handle(fields), fields.rest()
        fields = Fields(rest)
        found = Request(id, kind, "fsetstat", (), (handle,), fields.attributes(), rest=rest)
    elif kind == Kind.RENAME:
        pair = (Named(fields.path(), False), Named(fields.path(), False))
        found = Request(id, kind, "rename", pair)
    elif kind == Kind.SYMLINK:
        found = _symlink(id, fields)
    else:
        raise Unsupported(f"requests of kind {kind} are not known here")
    fields.end()
    return found


_ONE_PATH = {
    Kind.LSTAT: ("lstat", False),
    Kind.OPENDIR: ("opendir", True),
    Kind.REMOVE: ("remove", False),
    Kind.RMDIR: ("rmdir", False),
    Kind.STAT: ("stat", True),
    Kind.READLINK: ("readlink", False),
    Kind.REALPATH: ("realpath", True),
}
_HANDLES = {Kind.CLOSE: "close", Kind.FSTAT: "fstat", Kind.READDIR: "readdir"}


def _handle(fields: Fields) -> bytes:
    return fields.string(LONGEST_HANDLE)


def _open(id: int, fields: Fields) -> Request:
    name, rest = fields.path(), fields.rest()
    behind = Fields(rest)
    flags, attributes = behind.number(), behind.attributes()
    behind.end()
    if flags & ~ALL_FLAGS:
        raise Unsupported(f"flags {flags:#x} of an open are not known here")
    # What must be new is never reached by a link: the server itself does not follow one then.
    follows = not (flags & CREATE and flags & EXCLUSIVE)
    paths = (Named(name, follows),)
    return Request(id, Kind.OPEN, "open", paths, (), attributes, flags, rest)


def _with_attributes(id: int, kind: int, fields: Fields, before: bytes = b"") -> Request:
    name = fields.path()
    rest = fields.rest()
    behind = Fields(rest)
    attributes = behind.attributes()
    behind.end()
    verb = {Kind.SETSTAT: "setstat", Kind.MKDIR: "mkdir"}.get(Kind(kind), "lsetstat")
    named = Named(name, verb == "setstat")
    return Request(id, kind, verb, (named,), (), attributes, rest=rest, before=before)


def _symlink(id: int, fields: Fields) -> Request:
    # OpenSSH's order, which all servers that are in use have: what it leads to, then the link.
    leads_to, link = fields.path(), fields.path()
    paths = (Named(link, False), Named(leads_to, True, within=0))
    return Request(id, Kind.SYMLINK, "symlink", paths, before=string(leads_to), sends=1)


def _extended(id: int, fields: Fields) -> Request:
    name = fields.string(_LONGEST_WORD).decode("ascii", "replace")
    before, kind = string(name.encode("ascii", "replace")), int(Kind.EXTENDED)
    verb = name.partition("@")[0]
    match name:
        case "posix-rename@openssh.com" | "hardlink@openssh.com":
            pair = (Named(fields.path(), False), Named(fields.path(), False))
            found = Request(id, kind, verb, pair, before=before)
        case "statvfs@openssh.com":
            found = Request(id, kind, verb, (Named(fields.path(), True),), before=before)
        case "fstatvfs@openssh.com" | "fsync@openssh.com":
            found = Request(id, kind, verb, handles=(_handle(fields),), before=before)
        case "lsetstat@openssh.com":
            return _with_attributes(id, kind, fields, before)
        case "copy-data":
            source, _, most = _handle(fields), fields.long(), fields.long()
            found = Request(id, kind, verb, (), (source, _handle(fields)), copies=most)
            fields.long()
        case "limits@openssh.com":
            found = Request(id, kind, verb)
        case "expand-path@openssh.com":
            fields.path()
            found = Request(id, kind, verb)
        case "home-directory":
            fields.path()
            found = Request(id, kind, verb)
        case "users-groups-by-id@openssh.com":
            fields.string(_LONGEST_LIST)
            fields.string(_LONGEST_LIST)
            found = Request(id, kind, verb)
        case _:
            raise Unsupported(f"the extension `{name[:40]}` is not known here")
    fields.end()
    return found


def parent_and_name(raw: bytes) -> tuple[bytes, bytes] | None:
    """Return folder and last part of a name; None where the last part names no entry of a folder.

    Behind a slash at its end even a link is followed (POSIX, 4.13 Pathname Resolution).
    """
    folder, slash, name = raw.rpartition(b"/")
    if name in (b"", b".", b".."):
        return None
    return (folder or b"/") if slash else b".", name
