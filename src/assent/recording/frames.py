"""One frame, one line of JSON. What is too long is cut, with the digest of the whole beside it."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated, TypeAlias, cast

import msgspec

from assent.core.canonical import Json
from assent.core.frame import (
    Frame,
    InputFrame,
    MarkFrame,
    OutputFrame,
    ResizeFrame,
    ResultFrame,
    RowsFrame,
    StatementFrame,
)

LONGEST_TEXT = 16 * 1024
"""Bytes of a statement's text, in UTF-8."""

LONGEST_VALUE = 4 * 1024
"""Bytes of one parameter, one error or one detail, in UTF-8."""

MOST_PARAMETERS = 1024
LONGEST_PARAMETERS = 64 * 1024
"""How many parameters of a statement are kept, and how many bytes of all of them together."""

LONGEST_ROWS = 256 * 1024
"""How many bytes of the values of one frame of rows are kept, all of them together."""

LONGEST_SCREEN = 64 * 1024
"""Bytes of what a terminal showed at once, or of what was typed, in UTF-8."""

MOST_CHARACTERS = 10_000
"""Columns, or rows, of a terminal."""

_ENCODER = msgspec.json.Encoder()

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Size: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=MOST_CHARACTERS)]
Instant: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class _Cut(msgspec.Struct, forbid_unknown_fields=True):
    field: str
    index: Count
    bytes: Count
    sha256: str


class _StatementLine(msgspec.Struct, tag="statement", tag_field="kind", forbid_unknown_fields=True):
    sequence: Count
    at: Instant
    text: str
    parameters: tuple[str | None, ...]
    verdict: str
    entry: str
    request: str
    cut: tuple[_Cut, ...] = ()


class _ResultLine(msgspec.Struct, tag="result", tag_field="kind", forbid_unknown_fields=True):
    sequence: Count
    at: Instant
    duration_us: int
    rows: int
    bytes: int
    error: str
    cut: tuple[_Cut, ...] = ()


class _MarkLine(msgspec.Struct, tag="mark", tag_field="kind", forbid_unknown_fields=True):
    sequence: Count
    at: Instant
    event: str
    detail: str
    cut: tuple[_Cut, ...] = ()


class _RowsLine(msgspec.Struct, tag="rows", tag_field="kind", forbid_unknown_fields=True):
    sequence: Count
    at: Instant
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    cut: tuple[_Cut, ...] = ()


class _OutputLine(msgspec.Struct, tag="output", tag_field="kind", forbid_unknown_fields=True):
    sequence: Count
    at: Instant
    data: str
    cut: tuple[_Cut, ...] = ()


class _InputLine(msgspec.Struct, tag="input", tag_field="kind", forbid_unknown_fields=True):
    sequence: Count
    at: Instant
    data: str
    cut: tuple[_Cut, ...] = ()


class _ResizeLine(msgspec.Struct, tag="resize", tag_field="kind", forbid_unknown_fields=True):
    sequence: Count
    at: Instant
    columns: Size
    rows: Size


_DECODER = msgspec.json.Decoder(
    _StatementLine | _ResultLine | _MarkLine | _RowsLine | _OutputLine | _InputLine | _ResizeLine
)


def encode(frame: Frame) -> bytes:
    """Return the frame as one line of JSON, without the newline.

    A text that is too long, or that UTF-8 cannot carry, is cut or mended; `cut` then names
    the field, and the length and SHA-256 of the whole.
    """
    if _is_small(frame):
        try:
            return _ENCODER.encode(frame)
        except UnicodeEncodeError:
            pass  # A lone surrogate: mended below, its digest kept.
    return _ENCODER.encode(_bounded(frame))


def decode(line: bytes) -> dict[str, Json]:
    """Return the frame that a line holds, every field checked. Raises ValueError."""
    try:
        _DECODER.decode(line)
        return cast(dict[str, Json], msgspec.json.decode(line))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a frame: {error}") from error


def _is_small(frame: Frame) -> bool:
    # A character takes at most four bytes, so that counting characters is on the safe side.
    if type(frame) is StatementFrame:
        if len(frame.text) > LONGEST_TEXT // 4:
            return False
        return not frame.parameters or _are_small(frame.parameters)
    if type(frame) is RowsFrame:
        return all(map(_are_small, frame.rows)) and _are_small(frame.columns)
    if isinstance(frame, OutputFrame | InputFrame):
        return len(frame.data) <= LONGEST_SCREEN // 4
    if isinstance(frame, ResizeFrame):
        return True
    text = frame.detail if isinstance(frame, MarkFrame) else cast(ResultFrame, frame).error
    return len(text) <= LONGEST_VALUE // 4


def _are_small(parameters: Sequence[str | None]) -> bool:
    if len(parameters) > MOST_PARAMETERS:
        return False
    lengths = [len(value) for value in parameters if value is not None]
    return max(lengths, default=0) <= LONGEST_VALUE // 4 and sum(lengths) <= LONGEST_PARAMETERS // 4


def _bounded(frame: Frame) -> dict[str, object]:
    cuts: list[_Cut] = []
    fields: dict[str, object] = msgspec.structs.asdict(frame)
    match frame:
        case StatementFrame():
            fields["text"] = _cut(cuts, "text", frame.text, LONGEST_TEXT)
            fields["parameters"] = _cut_parameters(cuts, frame.parameters)
        case ResultFrame():
            fields["error"] = _cut(cuts, "error", frame.error, LONGEST_VALUE)
        case MarkFrame():
            fields["detail"] = _cut(cuts, "detail", frame.detail, LONGEST_VALUE)
        case RowsFrame():
            fields["columns"] = [_mended(name) for name in frame.columns]
            fields["rows"] = _cut_rows(cuts, frame.rows)
        case OutputFrame() | InputFrame():
            fields["data"] = _cut(cuts, "data", frame.data, LONGEST_SCREEN)
        case ResizeFrame():
            pass
    return {**fields, "cut": cuts} if cuts else fields


def _cut(cuts: list[_Cut], field: str, text: str, longest: int, index: int = 0) -> str:
    """Return the text, at most `longest` bytes of it; what is not shown as it is goes to `cuts`."""
    whole = text.encode("utf-8", "surrogatepass")
    shown = whole[:longest].decode("utf-8", "ignore")
    if shown == text:
        return text
    cuts.append(_Cut(field, index, len(whole), sha256(whole).hexdigest()))
    return shown


def _cut_parameters(cuts: list[_Cut], parameters: Sequence[str | None]) -> list[str | None]:
    shown: list[str | None] = []
    left = LONGEST_PARAMETERS
    for index, value in enumerate(parameters[:MOST_PARAMETERS]):
        if value is None:
            shown.append(None)
            continue
        text = _cut(cuts, "parameters", value, min(LONGEST_VALUE, left), index)
        left -= len(text.encode())
        shown.append(text)
    if len(parameters) > MOST_PARAMETERS:
        rest = _ENCODER.encode([_mended(value) for value in parameters[MOST_PARAMETERS:]])
        cuts.append(_Cut("parameters", MOST_PARAMETERS, len(rest), sha256(rest).hexdigest()))
    return shown


def _cut_rows(cuts: list[_Cut], rows: Sequence[Sequence[str | None]]) -> list[list[str | None]]:
    """Return the rows, each value bounded. index of a cut: counts values row by row."""
    shown: list[list[str | None]] = []
    left = LONGEST_ROWS
    index = 0
    for row in rows:
        values: list[str | None] = []
        for value in row:
            if value is not None:
                value = _cut(cuts, "rows", value, min(LONGEST_VALUE, left), index)
                left -= len(value.encode())
            values.append(value)
            index += 1
        shown.append(values)
    return shown


def _mended(value: str | None) -> str | None:
    return value if value is None else value.encode("utf-8", "replace").decode()
