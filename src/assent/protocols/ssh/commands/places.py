"""Which file a word names: from the directories that a command may be run in.

A directory is `~` (the account's home), `~name`, or absolute. A set of them: it may be any of
these. None: it could be anywhere.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from assent.protocols.ssh.commands.words import Word

Directories: TypeAlias = frozenset[str] | None

_MOST = 4


class Input(StrEnum):
    """What a program reads on its standard input.

    OUTSIDE: what the client sends, a file or a pipe. NOTHING: /dev/null. KNOWN: a here-document.
    """

    OUTSIDE = "outside"
    NOTHING = "nothing"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where, as whom and with what a command is run.

    home: what `~` is, None where that is not known. through: what runs it, such as `sudo`, empty
    for the text itself. input: KNOWN is `text`. terminal: a person may type to it. elsewhere: the
    other machine that it is run on.
    """

    account: str
    directories: Directories
    home: str | None = "~"
    through: str = ""
    input: Input = Input.OUTSIDE
    text: str = ""
    terminal: bool = False
    depth: int = 0
    elsewhere: str = ""

    def below(self, through: str) -> "Scope":
        """Return the scope of what `through` runs in turn."""
        return replace(self, through=through, depth=self.depth + 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the next command may be run, if this one succeeded, or failed."""

    succeeded: Directories
    failed: Directories

    @property
    def either(self) -> Directories:
        """Return where it may be run, whichever."""
        return union(self.succeeded, self.failed)


def union(one: Directories, other: Directories) -> Directories:
    """Return what may be either; None where that is too much."""
    if one is None or other is None or len(one | other) > _MOST:
        return None
    return one | other


def paths(word: Word, scope: Scope) -> tuple[str, ...] | None:
    """Return the files that a word may name, None if that cannot be known.

    Doubled slashes, `.` and slashes at the end are left out. `..` makes it unknown: what it leads
    to depends on links. On another machine, its name stands before them.
    """
    name = word.value
    if not name or ".." in name.split("/"):
        return None
    before = f"{scope.elsewhere}:" if scope.elsewhere else ""
    if word.home and name.partition("/")[0] == "~":
        if scope.home is None:
            return None
        return (before + _plain(scope.home + name[1:]),)
    if name.startswith("/") or word.home:
        return (before + _plain(name),)
    if scope.directories is None:
        return None
    return tuple(sorted(before + _plain(f"{place}/{name}") for place in scope.directories))


def entered(word: Word, scope: Scope) -> Directories:
    """Return where one is after changing to that directory."""
    found = paths(word, replace(scope, elsewhere=""))
    return None if found is None or word.value == "-" else frozenset(found)


def _plain(path: str) -> str:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    joined = "/".join(parts)
    return f"/{joined}" if path.startswith("/") else joined
