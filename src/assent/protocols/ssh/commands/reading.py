"""A command that a client sends, read to what it touches."""

import re

from assent.core.action import Statement
from assent.protocols.ssh.commands.findings import Findings
from assent.protocols.ssh.commands.places import Scope
from assent.protocols.ssh.commands.walk import LONGEST_TEXT, Texts

# Control characters, blanks that only look like blanks, and marks that turn or hide text.
_ODD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u3000\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def read_command(
    text: str,
    account: str,
    *,
    home: str = "",
    directory: str | None = None,
    terminal: bool = False,
) -> Statement:
    """Return what a command does when a POSIX shell or bash of that account is given it.

    home: the account's home directory, where that is known; otherwise files in it are `~/…`.
    directory: where it is run, None for the home, empty where that is not known. terminal: it
    has a terminal, so that a pager could be typed to. Never raises: what is not understood has a
    touch of Operation.UNKNOWN, and a problem in words.
    """
    findings = Findings()
    where = home or "~"
    here = where if directory is None else directory
    scope = Scope(
        *(account, frozenset({here}) if here else None, where),
        terminal=terminal,
    )
    if len(text) > LONGEST_TEXT or len(text.encode("utf-8", "replace")) > LONGEST_TEXT:
        findings.unknown(f"it is longer than {LONGEST_TEXT} bytes")
    elif odd := _ODD.search(text):
        findings.unknown(f"it holds the character {ord(odd[0]):#06x}, which is not read")
        _as_it_may_be(findings, text, scope)
    elif not text.strip():
        findings.unknown("there is no command in it")
    else:
        if text[0] in "-+":
            # A shell is started as `sh -c TEXT`, and takes such a text for further options.
            findings.unknown("it begins as an option of the shell does")
        Texts(findings).text(text, scope)
    if findings.empty:
        findings.touch("ssh.execute", "Program", ":", reads=True)
    return findings.statement()


def _as_it_may_be(findings: Findings, text: str, scope: Scope) -> None:
    """Show what it may do, with blanks for what is not read."""
    Texts(findings).text(_ODD.sub(" ", text), scope)
