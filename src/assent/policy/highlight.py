"""The text of a policy file as pieces of one kind each, so that a page can colour it.

Nothing is refused here and no character is changed: the pieces joined are the text. What it means
is the loader's to say; somebody who is still typing has nothing yet that it could read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PIECE = re.compile(
    r"(?P<comment>//[^\n]*)"
    r'|(?P<text>"(?:[^"\\\n]|\\.)*"?)'
    r"|(?P<annotation>@\s*[A-Za-z_]\w*)"
    r"|(?P<number>\b\d+\b)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<sign>::|==|!=|<=|>=|&&|\|\||[^\w\s])"
    r"|(?P<space>\s+|\w+)",
    re.ASCII,
)
_EFFECTS = frozenset({"permit", "forbid"})
_WORDS = frozenset(
    {"when", "unless", "in", "is", "has", "like", "if", "then", "else", "true", "false"}
)
_PLACES = frozenset({"principal", "action", "resource", "context"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of a file. kind: `comment`, `text`, `annotation`, `number`, `effect`,
    `keyword`, `place`, `type`, `name`, `sign` or `space`.
    """

    text: str
    kind: str


def pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a file's text, in order; joined they are the text."""
    for match in _PIECE.finditer(text):
        kind = match.lastgroup or "space"
        if kind == "word":
            kind = _kind_of_word(match[0], text, match.end())
        yield Piece(match[0], kind)


def lines(text: str) -> list[list[Piece]]:
    """Return the pieces of each line, without its newline; a text has one line at least."""
    found: list[list[Piece]] = [[]]
    for piece in pieces(text):
        first, *rest = piece.text.split("\n")
        if first:
            found[-1].append(Piece(first, piece.kind))
        found.extend([Piece(part, piece.kind)] if part else [] for part in rest)
    return found


def _kind_of_word(word: str, text: str, end: int) -> str:
    if word in _EFFECTS:
        return "effect"
    if word in _WORDS:
        return "keyword"
    if word in _PLACES:
        return "place"
    return "type" if text.startswith("::", end) else "name"
