"""Rows that passed, as frames of the recording: values as text, so many bytes a frame."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from assent.core.frame import RowsFrame
from assent.protocols.postgres.values import text_of

MOST_FRAME_BYTES = 64 * 1024
"""Of values in one frame; a longer row has one of its own."""

Row = tuple[str | None, ...]


def as_text(value: bytes | None, kind: int, *, binary: bool) -> str | None:
    """Return a value as people read it. kind: the oid of its type."""
    if value is None:
        return None
    if binary:
        return text_of(kind, value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "\\x" + value.hex()


def rows_frames(
    sequence: int, now: datetime, columns: tuple[str, ...], rows: Sequence[Row]
) -> Iterator[RowsFrame]:
    """Yield the frames of these rows; the columns are in the first."""
    some: list[Row] = []
    size = 0
    for row in rows:
        length = sum(len(value) for value in row if value is not None)
        if some and size + length > MOST_FRAME_BYTES:
            yield RowsFrame(sequence, now, columns, tuple(some))
            some, size, columns = [], 0, ()
        some.append(row)
        size += length
    if some:
        yield RowsFrame(sequence, now, columns, tuple(some))
