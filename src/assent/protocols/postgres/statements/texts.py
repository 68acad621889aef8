"""From a text to its tree, within bounds that keep the parser's C code from harm."""

import re
from typing import Final

from google.protobuf.message import DecodeError
from postgast import PgQueryError, parse
from postgast import pg_query_pb2 as pb

MAX_TEXT_BYTES: Final = 1 << 20
# The parser's C code goes as deep as operators are chained, without looking at its stack: a
# text of 80 kB of `1+1+…` kills the process. A short text cannot go that deep; a long one is
# refused when it has more of what chains than a short one could have. A sign behind a comma
# or a parenthesis chains nothing.
SAFE_TEXT_BYTES: Final = 16 << 10
MAX_CHAINED: Final = 8_000
_STRING: Final = re.compile(r"'[^']*'")
_CHAINED: Final = re.compile(
    r"(?<![,(])(?<!, )[-+*/<>=~!@#%^&|`?:]+"
    r"|\b(?:collate|at|like|ilike|similar|is|isnull|notnull|between|in|overlaps|operator"
    r"|join|union|intersect|except)\b",
    re.IGNORECASE,
)


def tree_of(text: str) -> pb.ParseResult | str:
    """Return the tree of a text, or why it cannot be read."""
    problem = cannot_be_read(text)
    if problem:
        return problem
    try:
        return parse(text)
    except PgQueryError as error:
        return f"cannot be parsed: {error.message}"
    except DecodeError:
        return "cannot be read: it is nested too deeply"


def cannot_be_read(text: str) -> str:
    """Return why a text is not even parsed, or nothing."""
    # 1. The parser takes a NUL for the end, and would not see what follows it.
    if "\0" in text:
        return "cannot be read: it contains a NUL"
    # 2. Half a surrogate pair is not text.
    try:
        size_bytes = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return "cannot be read: it is not valid Unicode"
    # 3. Bounds.
    if size_bytes > MAX_TEXT_BYTES:
        return f"cannot be read: it is longer than {MAX_TEXT_BYTES} bytes"
    if size_bytes > SAFE_TEXT_BYTES and _chained(text) > MAX_CHAINED:
        return "cannot be read: it is nested too deeply"
    return ""


def _chained(text: str) -> int:
    """Return how deep a text can go at most; strings count where they may not be strings."""
    if not ("\\" in text or "$" in text or '"' in text or "--" in text or "/*" in text):
        text = _STRING.sub("''", text)
    return sum(1 for _ in _CHAINED.finditer(text))
