"""The shape of a text: what is left of it when the values of its literals are taken out.

Two texts of one shape are the same tokens in the same order, but for the values of integer
literals of up to 9 digits and of plain string literals. What makes that hard to be sure of
(comments, escapes, dollar quotes, prefixed strings, anything beyond ASCII) has no shape.
"""

import re
from typing import Final

MAX_SHAPE_BYTES: Final = 8192

# § is not ASCII and shaped texts are, so it cannot be confused with anything that was there.
# The width-2 lookbehind comes after the first digit so that the search can skip by first
# character. A string keeps both its quotes in the shape: an unterminated one has only one.
_INTEGER: Final = re.compile(r"[0-9](?<![\w.$][0-9])[0-9]{0,8}(?![\w.])")
_LITERAL: Final = re.compile(
    r"""("[^"]*")|(')[^']*(?:''[^']*)*'|[0-9](?<![\w.$][0-9])[0-9]{0,8}(?![\w.])"""
)
_STRING: Final = re.compile(r"'[^']*(?:''[^']*)*'")
# A quoted name is kept, with § behind it; a string is `'§'`, an integer `§`.
_BLANK: Final = r"\1\2§\2"
# A quote after a letter, a digit, `$` or `&` starts another kind of token: E'', U&"", …
# In a shape an opening quote can be told from a closing one by the § that follows.
_PREFIXED: Final = re.compile(r"""[\w$&](?:'§|"(?!§))""")
# `$1` is a parameter; any other `$` may open a dollar quote.
_DOLLAR_QUOTE: Final = re.compile(r"\$(?![0-9])|[\w]\$|\$[0-9]+[A-Za-z_$]")


def shape_of(text: bytes | str) -> str | None:
    """Return the shape of a statement's text, or None when it has none.

    An equal shape means an equal token sequence but for literal values; whether these matter
    is told by `Statement.reusable`.
    """
    # 1. Bounds, and what would need a real lexer.
    if len(text) > MAX_SHAPE_BYTES or not text.isascii():
        return None
    if isinstance(text, bytes):
        text = text.decode("ascii")
    if "--" in text or "/*" in text or "\\" in text or "\0" in text:
        return None
    if "$" in text and _DOLLAR_QUOTE.search(text):
        return None
    # 2. Without quotes only integers are to be replaced.
    if "'" not in text and '"' not in text:
        return _INTEGER.sub("§", text)
    # 3. Without quoted names strings go first; with them, tokens are told apart one by one.
    if '"' not in text:
        shape = _INTEGER.sub("§", _STRING.sub("'§'", text))
    else:
        shape = _LITERAL.sub(_BLANK, text)
    return None if _PREFIXED.search(shape) else shape
