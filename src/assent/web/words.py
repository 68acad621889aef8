"""What a person reads on the page: text that hides nothing, and touches as sentences."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from assent.core.action import Operation, Touch

_VISIBLE_CONTROLS = frozenset("\n\t")
# Format characters reorder or hide text (Unicode Technical Report 36, section 2.5), controls
# and private ones show as nothing; a statement must read as what the database will be sent.
_HIDING = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_DOES = {
    Operation.READ: "reads",
    Operation.WRITE: "changes",
    Operation.EXECUTE: "runs",
    Operation.ADMINISTER: "administers",
    Operation.UNKNOWN: "does something not understood to",
}
_DOES_EXACTLY = {
    "access.request": "opens",
    "sql.insert": "adds rows to",
    "sql.update": "updates rows of",
    "sql.delete": "deletes rows of",
    "sql.truncate": "empties",
    "sql.drop": "drops",
    "sql.create": "creates",
    "sql.alter": "alters",
    "ssh.shell": "opens a shell as",
    "ssh.execute": "runs",
    "ssh.elevate": "goes on as",
    "ssh.agent": "lends the client's keys to",
    "ssh.forward": "reaches through the server",
    "ssh.listen": "has the server listen on",
    "file.list": "lists",
    "file.write": "writes",
    "file.delete": "deletes",
    "file.administer": "changes owner, mode or links of",
    "http.post": "posts to",
    "http.put": "replaces",
    "http.patch": "changes a part of",
    "http.delete": "deletes",
    "http.upgrade": "opens a stream to",
    "tool.call": "calls",
    "tool.admit": "admits, as it is defined now,",
    "prompt.get": "gets",
    "tcp.connect": "opens a stream to",
}
_ASKS = {
    "ssh.shell": "to open a shell on",
    "ssh.agent": "to lend their keys to",
    "ssh.forward": "to reach another machine through",
    "ssh.listen": "to be reached through",
    "file": "to do this on",
    "http": "to send this request to",
    "http.upgrade": "to open this stream to",
    "tool": "to call this tool of",
    "tool.admit": "to have agents call these tools of",
    "document": "to read this document of",
    "prompt": "to get this prompt of",
    "mcp": "to send this to",
    "tcp": "to open a stream to",
}
_NAMED = {
    "postgres": ("tables", "public.orders sales.*"),
    "ssh": ("programs, files or accounts", "systemctl /etc/hosts"),
    "http": ("routes", "/orders /orders/{id}"),
    "mcp": ("tools or documents", "search_orders"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text. odd: it is the name of a character that would not be seen.

    kind: of what it is in its language: `word`, `text`, `number`, `remark`; in a difference
    `added` or `removed`; empty for anything else.
    """

    text: str
    odd: bool = False
    kind: str = ""


def pieces(text: str) -> tuple[Piece, ...]:
    """Return `text` in runs, with every character that hides or reorders named instead."""
    found: list[Piece] = []
    start = 0
    for place, character in enumerate(text):
        # The two characters that end a line on Windows hide nothing.
        if not _hides(character) or text.startswith("\r\n", place):
            continue
        if start < place:
            found.append(Piece(text[start:place]))
        found.append(Piece(f"U+{ord(character):04X}", odd=True))
        start = place + 1
    if start < len(text):
        found.append(Piece(text[start:]))
    return tuple(found)


def _hides(character: str) -> bool:
    if character.isascii():
        return (character < " " or character == "\x7f") and character not in _VISIBLE_CONTROLS
    category = unicodedata.category(character)
    return category in _HIDING or category == "Zs" or character in _BLANK_LETTERS


def touch_words(touch: Touch) -> str:
    """Return what a touch does, without the resource's name: `deletes rows of table`."""
    does = _DOES_EXACTLY.get(touch.verb) or _DOES[touch.operation]
    return f"{does} {touch.resource.kind.lower()}"


def column_words(columns: Iterable[str], what: str = "column") -> str:
    """Return which columns, in words; empty where none are named. what: how each is called."""
    names = sorted(columns)
    if not names:
        return ""
    return f"every {what}" if "*" in names else ", ".join(names)


def asking_words(verb: str) -> str:
    """Return what somebody wants of a target, before its name: `to run this on`."""
    found = _ASKS.get(verb) or _ASKS.get(verb.partition(".")[0])
    return found or "to run this on"


def named_words(protocol: str) -> tuple[str, str]:
    """Return what access can be limited to by name on a target, and an example."""
    return _NAMED.get(protocol, ("resources", "by their names"))


def duration_words(duration: timedelta) -> str:
    """Return a duration as people say it: `2 h`, `1 h 30 min`, `45 s`."""
    seconds = int(duration.total_seconds())
    parts = ((seconds // 86400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "min"))
    words = [f"{number} {unit}" for number, unit in parts if number]
    if seconds % 60 or not words:
        words.append(f"{seconds % 60} s")
    return " ".join(words)
