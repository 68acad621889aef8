"""Where a request goes, in the one form that is both decided on and sent.

What two readers could take for different paths is refused, and not mended: dot segments, empty
ones, encoded slashes, what is encoded twice (RFC 3986, sections 2.4, 3.3 and 6.2.2; RFC 9110,
section 4.2.3).
"""

import re
from dataclasses import dataclass

from assent.core.faults import PeerFault

LONGEST = 8_000
"""Characters of a path, or of a query."""
MOST_SEGMENTS = 100
MOST_PARAMETERS = 500

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# A semicolon begins a parameter of the segment for some servers and is a part of it for others.
_PLAIN_IN_PATH = _UNRESERVED | frozenset(b"!$&'()*+,=:@")
_PLAIN_IN_QUERY = _UNRESERVED | frozenset(b"!$'()*+,=:@/?")
_RAW_PATH = re.compile(r"/(?:[!\"$&-.0-:<->@-\[\]-~/]|%[0-9A-Fa-f]{2})*", re.ASCII)
_RAW_QUERY = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*", re.ASCII)
_TRIPLET = re.compile(rb"%([0-9A-Fa-f]{2})")
_TWICE = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")


@dataclass(frozen=True, slots=True)
class Path:
    """A path. sent: as it goes to the target, percent-encoded. segments: decoded, in order."""

    sent: str
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A query. sent: as it goes to the target, without `?`. pairs: decoded, in order."""

    sent: str
    pairs: tuple[tuple[str, str], ...]


def read_path(raw: str) -> Path:
    """Return the path of a request target, without its query.

    The same text for the same segments, so that no spelling of it gets past a policy. Raises
    PeerFault for what could be read in two ways.
    """
    if len(raw) > LONGEST:
        raise _refused(raw, f"is longer than {LONGEST} characters")
    if _RAW_PATH.fullmatch(raw) is None:
        raise _refused(raw, "has a character that a path cannot have, such as `;` or `\\`")
    written = raw[1:].split("/")
    if len(written) > MOST_SEGMENTS:
        raise _refused(raw, f"has more than {MOST_SEGMENTS} segments")
    segments = tuple(_segment(text, raw) for text in written)
    if "" in segments[:-1]:
        raise _refused(raw, "has an empty segment; leave out one of `//`")
    sent = "/" + "/".join(encoded(segment) for segment in segments)
    return Path(sent, segments)


def encoded(segment: str) -> str:
    """Return one decoded segment as it is sent."""
    return _encoded(segment.encode(), _PLAIN_IN_PATH)


def decoded(text: str) -> bytes:
    """Return text with what is percent-encoded in it decoded."""
    return _TRIPLET.sub(lambda found: bytes((int(found[1], 16),)), text.encode())


def read_query(raw: str) -> Query:
    """Return what stands behind the `?`, empty for nothing. Raises PeerFault as `read_path` does.

    Only `&` separates: a `;` goes to the target encoded, so that it cannot separate there either.
    """
    if len(raw) > LONGEST:
        raise _refused(raw, f"is longer than {LONGEST} characters")
    if _RAW_QUERY.fullmatch(raw) is None or "#" in raw:
        raise _refused(raw, "has a character that a query cannot have, or a `%` without its digits")
    pieces = raw.split("&") if raw else []
    if len(pieces) > MOST_PARAMETERS:
        raise _refused(raw, f"has more than {MOST_PARAMETERS} parameters")
    pairs = []
    for piece in pieces:
        name, _, value = piece.partition("=")
        if piece:
            pairs.append((_form_text(name, raw), _form_text(value, raw)))
    return Query("&".join(map(_query_piece, pieces)), tuple(pairs))


def read_form(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a form (application/x-www-form-urlencoded). Raises PeerFault."""
    if not text.isascii() or _RAW_QUERY.fullmatch(text) is None:
        raise _refused(text, "is no form: it has a character that must be encoded")
    pieces = [piece for piece in re.split("[&;]", text) if piece]
    if len(pieces) > MOST_PARAMETERS:
        raise _refused(text, f"has more than {MOST_PARAMETERS} fields")
    halves = [piece.partition("=") for piece in pieces]
    return tuple((_form_text(name, text), _form_text(value, text)) for name, _, value in halves)


def name_parts(name: str) -> tuple[str, ...]:
    """Return the path of fields that a parameter's name says: `a[b][0].c` → `a`, `b`, `c`."""
    match = _BRACKETS.fullmatch(name)
    if match is None:
        parts = name.split(".")
    else:
        inner = match[2][1:-1].split("][")
        parts = [*match[1].split("."), *(part for part in inner if part and not part.isdigit())]
    return tuple(part for part in parts if part) or (name,)


def _segment(text: str, raw: str) -> str:
    try:
        segment = decoded(text).decode()
    except UnicodeDecodeError:
        raise _refused(raw, "is not UTF-8 where it is percent-encoded") from None
    if "/" in segment or "\\" in segment:
        raise _refused(raw, "has an encoded `/` or `\\`")
    if _CONTROL.search(segment):
        raise _refused(raw, "has a control character")
    if _TWICE.search(segment):
        raise _refused(raw, "is percent-encoded twice")
    if segment.partition(";")[0].strip() in (".", ".."):
        raise _refused(raw, "has a dot segment; send the path that it leads to")
    return segment


def _encoded(data: bytes, plain: frozenset[int]) -> str:
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in data)


def _form_text(text: str, raw: str) -> str:
    try:
        found = decoded(text.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise _refused(raw, "is not UTF-8 where it is percent-encoded") from None
    if "\0" in found:
        raise _refused(raw, "has a NUL")
    return found


def _query_piece(piece: str) -> str:
    """Return one parameter as it is sent: what needs no encoding plain, all else encoded.

    `+` stays as it is: it is a space for some servers and a plus for others.
    """
    found = []
    at = 0
    while at < len(piece):
        if piece[at] == "%":
            byte = int(piece[at + 1 : at + 3], 16)
            found.append(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}")
            at += 3
        else:
            byte = ord(piece[at])
            found.append(piece[at] if byte in _PLAIN_IN_QUERY else f"%{byte:02X}")
            at += 1
    return "".join(found)


def _refused(raw: str, why: str) -> PeerFault:
    return PeerFault("request-target", f"`{raw[:80]}` {why}")
