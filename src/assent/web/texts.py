"""Texts of every protocol in colours: commands, requests, calls and differences.

It only helps the eye: not a character is changed or left out, and what hides is named as ever.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from assent.control.plan_actions import VERB as PLAN
from assent.web.highlight import LONGEST, sql_pieces
from assent.web.words import Piece, pieces

_SHELL = re.compile(
    r"""
    (?P<text>'[^']*'?|"(?:[^"\\]|\\.)*"?)
    |(?P<remark>(?<![^\s;|&(])\#[^\r\n]*)
    |(?P<word>\|\|?|&&?|;|\d?>>?|\d?<<?<?|\b(?:sudo|su|doas)\b)
    |(?P<number>\$(?:\w+|\{[^}\n]*\}|[?$@*\#!-]))
    """,
    re.VERBOSE | re.DOTALL,
)
_JSON = re.compile(
    r"""
    (?P<word>"(?:[^"\\\n]|\\.)*"(?=\s*:)|\b(?:true|false|null)\b)
    |(?P<text>"(?:[^"\\\n]|\\.)*"?)
    |(?P<number>-?\b\d[\d.eE+-]*)
    """,
    re.VERBOSE,
)
_DIFFERENCE = re.compile(
    r"""
    (?P<remark>^@@[^\n]*|^(?:new|changed)\ tool[ ][^\n]*)
    |(?P<added>^\+[^\n]*)
    |(?P<removed>^-[^\n]*)
    """,
    re.VERBOSE | re.MULTILINE,
)
_FORMS: Mapping[str, re.Pattern[str]] = {
    "ssh": _SHELL,
    "http": _JSON,
    "mcp": _JSON,
    "difference": _DIFFERENCE,
}
_PROTOCOLS: Mapping[str, str] = {
    "sql": "postgres",
    "ssh": "ssh",
    "file": "ssh",
    "http": "http",
    "tool": "mcp",
    "document": "mcp",
    "prompt": "mcp",
    "mcp": "mcp",
    "tcp": "tcp",
}


def protocol_of(verb: str) -> str:
    """Return by which protocol something is done, empty for what is done to Assent itself."""
    return _PROTOCOLS.get(verb.partition(".")[0], "")


def text_pieces(verb: str, text: str) -> tuple[Piece, ...]:
    """Return the text of an action in runs, each with its kind."""
    if verb == PLAN:
        return sql_pieces(text)
    return pieces_of(text, "difference" if verb == "tool.admit" else protocol_of(verb))


def pieces_of(text: str, form: str) -> tuple[Piece, ...]:
    """Return a text in runs. form: a protocol, or `difference`; plain for any other."""
    if form == "postgres":
        return sql_pieces(text)
    pattern = _FORMS.get(form)
    if pattern is None or len(text) > LONGEST:
        return pieces(text)
    if form in ("http", "mcp"):
        head, line_break, rest = text.partition("\n")
        return (*pieces(head + line_break), *_coloured(rest, pattern))
    return _coloured(text, pattern)


def _coloured(text: str, pattern: re.Pattern[str]) -> tuple[Piece, ...]:
    return tuple(
        piece if piece.odd else Piece(piece.text, kind=kind)
        for kind, run in _runs(text, pattern)
        for piece in pieces(run)
    )


def _runs(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield all of a text in runs of one kind."""
    found = [(one.start(), one.end(), one.lastgroup or "") for one in pattern.finditer(text)]
    for (_, end, _), (start, until, kind) in pairwise([(0, 0, ""), *found, _end(text)]):
        if end < start:
            yield "", text[end:start]
        if start < until:
            yield kind, text[start:until]


def _end(text: str) -> tuple[int, int, str]:
    return len(text), len(text), ""
