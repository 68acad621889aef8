"""What a session looked like, in time: the frames of its recording.

Two are made for every statement, so they are structs: made and encoded in C, and never
looked at by the garbage collector (they hold no containers that could refer back).
Protocols of statements have statements, results and rows; terminals have output, input and
sizes; both have marks.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct


class StatementFrame(Struct, frozen=True, gc=False):
    """A statement about to be released or refused.

    sequence: counts the session's statements from 1. verdict: `permit`, `reuse`, `refuse`.
    entry: id of the decision it rests on. parameters: None for NULL.
    """

    sequence: int
    at: datetime
    text: str
    parameters: tuple[str | None, ...]
    verdict: str
    entry: str
    request: str = ""
    kind: str = "statement"


class ResultFrame(Struct, frozen=True, gc=False):
    """What came of statement `sequence`. rows: -1 where the target did not say."""

    sequence: int
    at: datetime
    duration_us: int
    rows: int
    bytes: int
    error: str = ""
    kind: str = "result"


class MarkFrame(Struct, frozen=True, gc=False):
    """A moment worth jumping to: `held`, `released`, `notice`, `cut`, `opened`, `closed`."""

    sequence: int
    at: datetime
    event: str
    detail: str = ""
    kind: str = "mark"


class RowsFrame(Struct, frozen=True, gc=False):
    """Rows of statement `sequence` that the client was sent, values as text, None for NULL.

    columns: names, in the first of its frames alone.
    """

    sequence: int
    at: datetime
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    kind: str = "rows"


class OutputFrame(Struct, frozen=True, gc=False):
    """What a terminal showed. sequence: 0, or that of the statement it came of."""

    sequence: int
    at: datetime
    data: str
    kind: str = "output"


class InputFrame(Struct, frozen=True, gc=False):
    """What was typed into a terminal; made only where a policy says that it is recorded."""

    sequence: int
    at: datetime
    data: str
    kind: str = "input"


class ResizeFrame(Struct, frozen=True, gc=False):
    """A terminal has this size from now on, in characters."""

    sequence: int
    at: datetime
    columns: int
    rows: int
    kind: str = "resize"


Frame: TypeAlias = (
    StatementFrame | ResultFrame | MarkFrame | RowsFrame | OutputFrame | InputFrame | ResizeFrame
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many frames were recorded of a session, and in how many segments they are.

    segments: None where some are not sealed yet.
    """

    frames: int
    segments: int | None
