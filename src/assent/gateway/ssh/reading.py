"""What a session channel asks for, read to a statement."""

from collections.abc import Hashable
from dataclasses import dataclass

from assent.core.action import Statement
from assent.protocols.ssh import channels


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
        return read_line(asked.command, account)
    statement = channels.shell(account, terminal=terminal)
    return Reading(statement, f"open a shell as {account}")


def read_line(text: str, account: str) -> Reading:
    """Return what a command does."""
    # The grammar is loaded with the first command, and not with the door.
    from assent.protocols.ssh.commands import read_command

    statement = read_command(text, account)
    return Reading(statement, text, ("exec", text) if statement.reusable else None)
