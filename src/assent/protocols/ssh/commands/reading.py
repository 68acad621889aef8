"""A command that a client sends, read to what it touches."""

import re
from dataclasses import dataclass

from assent.core.action import Statement
from assent.protocols.ssh.commands.findings import Findings
from assent.protocols.ssh.commands.places import Directories, Scope
from assent.protocols.ssh.commands.walk import LONGEST_TEXT, Texts

# Control characters, blanks that only look like blanks, and marks that turn or hide text.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)

# `!!`, `!rm`, `!$`, and `^old^new` at the beginning. Source: bash 5.2, HISTORY EXPANSION.
_HISTORY = re.compile(r"!(?![\s=(]|$)|^\^")


@dataclass(frozen=True, slots=True)
class LineRead:
    """What a line of an interactive shell does, and in which directories one may be after it.

    directories: None where that cannot be known.
    """

    statement: Statement
    directories: frozenset[str] | None


def read_command(text: str, account: str, *, home: str = "", terminal: bool = False) -> Statement:
    """Return what a command does when a POSIX shell or bash of that account is given it.

    home: the account's home directory, where that is known; otherwise files in it are `~/…`.
    terminal: it has one, so that a pager could be typed to. Never raises: what is not understood
    has a touch of Operation.UNKNOWN, and a problem in words.
    """
    where = home or "~"
    scope = Scope(account, frozenset({where}), where, terminal=terminal)
    findings = Findings()
    if text.startswith(("-", "+")):
        # A shell is started as `sh -c TEXT`, and takes such a text for further options.
        findings.unknown("it begins as an option of the shell does")
    _read(text, scope, findings)
    return findings.statement()


def read_line(
    text: str, account: str, directories: frozenset[str] | None, *, home: str = ""
) -> LineRead:
    """Return what a line does that is entered in an interactive shell, in one of these directories.

    None: nobody knows where. What the account has as aliases is not known.
    """
    findings = Findings()
    if _HISTORY.search(text):
        findings.unknown("what the shell puts in from its history is not read")
    scope = Scope(account, directories, home or "~", terminal=True)
    after = _read(text, scope, findings)
    return LineRead(findings.statement(), after)


def _read(text: str, scope: Scope, findings: Findings) -> Directories:
    after: Directories = None
    if len(text) > LONGEST_TEXT or len(text.encode("utf-8", "replace")) > LONGEST_TEXT:
        findings.unknown(f"it is longer than {LONGEST_TEXT} bytes")
    elif odd := _ODD.search(text):
        findings.unknown(f"it holds the character {ord(odd[0]):#06x}, which is not read")
        # What it may do is shown, with blanks for what is not read.
        Texts(findings).text(_ODD.sub(" ", text), scope)
    elif not text.strip():
        findings.unknown("there is no command in it")
    else:
        after = Texts(findings).text(text, scope).either
    if findings.empty:
        findings.touch("ssh.execute", "Program", ":", reads=True)
    return after
