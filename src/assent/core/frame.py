"""What a session looked like, in time: the frames of its recording.

Two are made for every statement, so they are structs: made and encoded in C, and never
looked at by the garbage collector (they hold no containers that could refer back).
"""

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


Frame: TypeAlias = StatementFrame | ResultFrame | MarkFrame | RowsFrame
