"""What requests of SFTP touch, and the words that people see of them.

A file is named as the server itself resolved it, so that `..`, a folder to begin with and links
change nothing of what is decided on.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.action import Statement, Touch
from assent.core.resource import Resource
from assent.protocols.ssh.sftp_requests import Request
from assent.protocols.ssh.sftp_wire import APPEND, CREATE, READ, TRUNCATE, WRITE, Attributes
from assent.protocols.ssh.verbs import OPERATIONS

_LISTING = {
    "stat": "stat",
    "lstat": "stat",
    "opendir": "ls",
    "readlink": "readlink",
    "statvfs": "df",
}
_READS_ONLY = frozenset({"file.list", "file.read"})
_WORST_FIRST = ("ssh.unknown", "file.administer", "file.delete", "file.write", "file.read")


@dataclass(frozen=True, slots=True)
class Reading:
    """A request as it is decided on. text: what people see, and what an approval is bound to."""

    statement: Statement
    text: str


def opens_for(flags: int) -> tuple[bool, bool]:
    """Return whether an OPEN with these flags reads, and whether it writes, or makes, or empties.

    Without either flag OpenSSH's server reads; it makes and empties files without WRITE as well.
    """
    writes = bool(flags & (WRITE | APPEND | CREATE | TRUNCATE))
    return bool(flags & READ) or not flags & WRITE, writes


def read_files(request: Request, paths: Sequence[bytes]) -> Reading:
    """Return what a request touches. paths: its own, as the server resolved them."""
    names = [path.decode("utf-8", "backslashreplace") for path in paths]
    quoted = [shlex.quote(name) for name in names]
    touches, words = _read(request, names)
    if request.verb == "symlink":
        quoted.reverse()
    text = " ".join(("sftp", *words, *quoted))
    strange = [path for path in paths if not _is_text(path)]
    if strange:
        touches.append(_touch("ssh.unknown", names[paths.index(strange[0])]))
    return Reading(_statement(touches, bool(strange)), text)


def sets_more(attributes: Attributes, *, may_write: bool) -> bool:
    """Return whether setting this on an open file is more than writing to it is."""
    if attributes.owner is not None or attributes.mode is not None:
        return True
    return not may_write


def _read(request: Request, names: list[str]) -> tuple[list[Touch], tuple[str, ...]]:
    verb, said = request.verb, request.attributes.words()
    first = names[0]
    if verb in _LISTING:
        return [_touch("file.list", first)], (_LISTING[verb],)
    if verb == "open":
        return _opened(request, first)
    if verb in ("setstat", "lsetstat", "fsetstat"):
        return [_touch("file.administer", first, *said)], ("set", *said)
    if verb in ("remove", "rmdir"):
        return [_touch("file.delete", first)], ("rm" if verb == "remove" else "rmdir",)
    if verb == "mkdir":
        touches = [_touch("file.write", first)]
        if _is_more(request.attributes):
            touches.append(_touch("file.administer", first, *said))
        return touches, ("mkdir", *said)
    return _linked(verb, first, names[1])


def _linked(verb: str, first: str, second: str) -> tuple[list[Touch], tuple[str, ...]]:
    """Return what a request with two names touches: under another name, other policies may fit."""
    if verb == "symlink":
        return [_touch("file.write", first), _touch("file.administer", second)], ("ln", "-s")
    if verb == "hardlink":
        touches = [
            _touch("file.read", first),
            _touch("file.administer", first),
            _touch("file.write", second),
        ]
        return touches, ("ln",)
    if verb not in ("rename", "posix-rename"):
        raise ValueError(f"`{verb}` is not known to name two files")
    touches = [
        _touch("file.read", first),
        _touch("file.delete", first),
        _touch("file.write", second),
    ]
    return touches, ("rename",)


def _opened(request: Request, name: str) -> tuple[list[Touch], tuple[str, ...]]:
    reads, writes = opens_for(request.flags)
    flags = request.flags
    touches = []
    if reads:
        touches.append(_touch("file.read", name))
    if writes:
        touches.append(_touch("file.write", name))
    said: tuple[str, ...] = ()
    if writes and _is_more(request.attributes):
        said = request.attributes.words()
        touches.append(_touch("file.administer", name, *said))
    if not writes:
        return touches, ("get",)
    if reads:
        return touches, ("edit", *said)
    return touches, ("append" if flags & APPEND else "put", *said)


def _is_more(attributes: Attributes) -> bool:
    return attributes.lends_rights or attributes.owner is not None


def _touch(verb: str, name: str, *arguments: str) -> Touch:
    said = frozenset(word[:200] for word in arguments)
    return Touch(verb, OPERATIONS[verb], Resource("File", name), arguments=said)


def _statement(touches: list[Touch], strange: bool) -> Statement:
    verbs = {touch.verb for touch in touches}
    kind = next((verb for verb in _WORST_FIRST if verb in verbs), "file.list")
    problems = ("a name in it is no UTF-8, so that policies cannot be held to it",)
    return Statement(
        kind,
        tuple(dict.fromkeys(touches)),
        complete=not strange,
        reusable=not strange and verbs <= _READS_ONLY,
        problems=problems if strange else (),
    )


def _is_text(path: bytes) -> bool:
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
