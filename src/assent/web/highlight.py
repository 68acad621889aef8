"""SQL in colours: cut into words, texts, numbers and remarks, without changing a character.

It only helps the eye. What a statement does is read by the target's own grammar, elsewhere; a
text that is cut wrongly here is still shown in full.
"""

import re
from collections.abc import Iterator

from assent.web.words import Piece, pieces

LONGEST = 40_000
"""Characters; what is longer is shown plain."""

_KEYWORD_LIST = (
    "abort add all alter analyze and any as asc begin between by call cascade case cast check "
    "cluster column comment commit concurrently conflict constraint copy create cross cube "
    "current cursor database deallocate declare default deferrable delete desc discard distinct "
    "do drop else end escape except execute exists explain false fetch filter following for "
    "foreign from full function grant group grouping having if ilike in index inner insert "
    "instead intersect interval into is join key lateral left like limit listen load lock "
    "materialized merge move natural not notify null of offset on only or order outer over "
    "overriding owner partition policy preceding prepare primary procedure range reassign "
    "references refresh reindex release rename replace reset restrict returning revoke right "
    "role rollback row rows savepoint schema security select sequence session set show similar "
    "some start table tablespace temporary then to transaction trigger true truncate type union "
    "unique unlisten update user using vacuum values view when where window with within"
)
_KEYWORDS = frozenset(_KEYWORD_LIST.split())
_TOKEN = re.compile(
    r"""
    (?P<remark>--[^\r\n]*)
    |(?P<block>/\*)
    |(?P<escaped>[eE]'(?:[^'\\]|\\.|'')*'?)
    |(?P<text>'[^']*(?:''[^']*)*'?)
    |(?P<name>"[^"]*(?:""[^"]*)*"?)
    |(?P<dollar>\$(?:[^\W\d]\w*)?\$)
    |(?P<number>\$\d+|\d[\w.]*)
    |(?P<word>[^\W\d][\w$]*)
    |(?P<rest>[^\w'"$/\-]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_MARK = re.compile(r"/\*|\*/")
_KINDS = {
    "remark": "remark",
    "block": "remark",
    "escaped": "text",
    "text": "text",
    "dollar": "text",
    "number": "number",
}


def sql_pieces(text: str) -> tuple[Piece, ...]:
    """Return `text` in runs, each with its kind; what hides or reorders is named, as ever."""
    if len(text) > LONGEST:
        return pieces(text)
    return tuple(
        piece if piece.odd else Piece(piece.text, kind=kind)
        for kind, run in _joined(text)
        for piece in pieces(run)
    )


def _joined(text: str) -> Iterator[tuple[str, str]]:
    """Yield runs of one kind, the plain ones joined."""
    plain_from = 0
    for kind, start, end in _tokens(text):
        if not kind:
            continue
        if plain_from < start:
            yield "", text[plain_from:start]
        yield kind, text[start:end]
        plain_from = end
    if plain_from < len(text):
        yield "", text[plain_from:]


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:  # Nothing is left: the last alternative takes any character.
            return
        group, end = found.lastgroup or "rest", found.end()
        if group == "block":
            end = _end_of_comment(text, place)
        elif group == "dollar":
            closed = text.find(found[0], end)
            end = closed + len(found[0]) if closed >= 0 else len(text)
        kind = _KINDS.get(group, "")
        if group == "word" and found[0].lower() in _KEYWORDS:
            kind = "word"
        yield kind, place, end
        place = end


def _end_of_comment(text: str, start: int) -> int:
    """Return where a comment ends; they nest (PostgreSQL manual, 4.1.5)."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(text, start):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
