"""What a session channel asks for, read to a statement."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

from assent.core.action import Operation, Statement, Touch
from assent.core.resource import Resource
from assent.protocols.ssh import channels

_MOST_KEPT = 1_024
_LONGEST_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client wants of a channel. kind: `exec`, `shell` or `sftp`."""

    kind: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement, the text that people read, and under which a decision on it serves again."""

    statement: Statement
    text: str
    shape: Hashable | None = None


def read(asked: Asked, account: str, *, terminal: bool) -> Reading:
    """Return what is asked for, as far as it is understood."""
    if asked.kind == "exec":
        known = len(asked.command) <= _LONGEST_KEPT
        reader = _read_command if known else _read_command.__wrapped__
        return reader(asked.command, account, terminal)
    statement = channels.shell(account, terminal=terminal)
    return Reading(statement, f"open a shell as {account}")


def read_line(
    text: str, account: str, directories: frozenset[str] | None
) -> tuple[Reading, frozenset[str] | None]:
    """Return what a line of a shell does in one of these directories, and where one may be then.

    None: nobody knows where.
    """
    from assent.protocols.ssh import commands

    read = commands.read_line(text, account, directories)
    shape = ("line", text, directories) if read.statement.reusable else None
    return Reading(read.statement, text, shape), read.directories


@lru_cache(maxsize=_MOST_KEPT)
def _read_command(text: str, account: str, terminal: bool) -> Reading:
    # Nothing but these three decides what a command touches, so what was read is kept.
    # The grammar is loaded with the first command, and not with the door.
    from assent.protocols.ssh.commands import read_command

    statement = read_command(text, account, terminal=terminal)
    return Reading(statement, text, ("exec", text, terminal) if statement.reusable else None)


def unseen(text: str, account: str, *, at_prompt: bool) -> Reading:
    """Return that something is entered which cannot be seen for what it is.

    text: what seems to stand there. at_prompt: of a shell; otherwise a program has it.
    """
    problem = "the line cannot be read for sure: type it anew, without search or paste"
    if not at_prompt:
        problem = "no prompt of a shell can be seen, and what is typed goes to a program"
    touch = Touch("ssh.unknown", Operation.UNKNOWN, Resource("Account", account))
    statement = Statement("ssh.unknown", (touch,), complete=False, problems=(problem,))
    return Reading(statement, text or "type into a program")
