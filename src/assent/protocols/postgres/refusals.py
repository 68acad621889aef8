"""Refusals, faults and notices in the target's own words: ErrorResponse and NoticeResponse.

Source: PostgreSQL documentation, "Error and Notice Message Fields" and appendix A. Class `ZA`
and the codes `01ZA1` and `01ZA2` are ours; no PostgreSQL code begins so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.plugins import Held, RefusalKind, Refused
from assent.protocols.postgres.messages import frame

PROTOCOL_VIOLATION = "08P01"
CANNOT_REACH_TARGET = "08001"
CONNECTION_FAILURE = "08006"
NOT_SUPPORTED = "0A000"
BAD_ENCODING = "22021"
INVALID_VALUE = "22023"
INVALID_AUTHORIZATION = "28000"
WRONG_PROOF = "28P01"
UNKNOWN_TARGET = "3D000"
PROGRAM_LIMIT = "54000"
CUT = "57P01"
CANCELLED = "57014"
TIMED_OUT = "ZA002"
HELD = "01ZA1"
TOLD = "01ZA2"

SQLSTATES = {
    RefusalKind.DENIED: "42501",
    RefusalKind.REJECTED: "ZA001",
    RefusalKind.TIMED_OUT: TIMED_OUT,
    RefusalKind.WITHDRAWN: "57014",
    RefusalKind.UNAVAILABLE: "ZA003",
}

_LONGEST_FIELD = 8_000


@dataclass(frozen=True, slots=True)
class ErrorFields:
    """What is read of a peer's ErrorResponse; empty where it said nothing."""

    severity: str
    sqlstate: str
    message: str


def error(
    sqlstate: str, message: str, detail: str = "", hint: str = "", severity: str = "ERROR"
) -> bytes:
    """Return an ErrorResponse. severity: `ERROR`, or `FATAL` where a Close follows."""
    return frame(b"E", _fields(severity, sqlstate, message, detail, hint))


def fatal(sqlstate: str, message: str, detail: str = "", hint: str = "") -> bytes:
    """Return an ErrorResponse that ends the connection."""
    return error(sqlstate, message, detail, hint, severity="FATAL")


def refusal(refused: Refused, severity: str = "ERROR") -> bytes:
    """Return the ErrorResponse for a refusal; it names the request if there is one."""
    message = refused.message
    if refused.request and refused.request not in message:
        message = f"{message} (request {refused.request})"
    sqlstate = SQLSTATES[refused.kind]
    return error(sqlstate, message, refused.detail, refused.hint, severity)


def notice(held: Held) -> bytes:
    """Return the NoticeResponse that tells a client that it waits, and for what."""
    first = held.lines[0] if held.lines else f"waits for people (request {held.request})"
    fields = _fields("NOTICE", HELD, first, "\n".join(held.lines[1:]), "")
    return frame(b"N", fields)


def told(lines: Sequence[str]) -> bytes:
    """Return the NoticeResponse for something that a client hears meanwhile."""
    return frame(b"N", _fields("NOTICE", TOLD, lines[0], "\n".join(lines[1:]), ""))


def read_error(body: bytes) -> ErrorFields:
    """Return what an ErrorResponse body says; never raises."""
    found: dict[int, str] = {}
    for field in body.split(b"\0"):
        if field:
            found.setdefault(field[0], field[1:].decode("utf-8", "replace"))
    severity = found.get(b"V"[0]) or found.get(b"S"[0], "")
    return ErrorFields(severity, found.get(b"C"[0], ""), found.get(b"M"[0], ""))


def _fields(severity: str, sqlstate: str, message: str, detail: str, hint: str) -> bytes:
    pairs = [("S", severity), ("V", severity), ("C", sqlstate), ("M", message)]
    pairs += [pair for pair in (("D", detail), ("H", hint)) if pair[1]]
    return b"".join(name.encode() + _clean(value) + b"\0" for name, value in pairs) + b"\0"


def _clean(text: str) -> bytes:
    # A NUL would end the field, and what follows would be read as fields of ours.
    return text[:_LONGEST_FIELD].replace("\0", "�").encode("utf-8", "replace")
