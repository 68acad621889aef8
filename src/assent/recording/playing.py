"""Recordings as casts: what a terminal showed as it was, statements as a client would show them.

Whatever a statement, a value or an error contains is shown without its control characters, so
that playing a recording does nothing to the terminal of whoever watches it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from assent.recording.asciicast import (
    INPUT,
    MARKER,
    OUTPUT,
    RESIZE,
    Cast,
    CastEvent,
    CastHeader,
)

COLUMNS, ROWS = 100, 30
"""The size of a terminal that nobody said the size of."""

MARKED = frozenset({"held", "released", "skipped", "cut", "opened", "closed"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_MICROSECOND = 1_000_000

Shown: TypeAlias = Mapping[str, Any]


def cast_of(frames: Iterable[Shown], title: str, prompt: str) -> Cast:
    """Return the cast of the frames of a recording, as they are read back.

    title: of the recording. prompt: what stands before a statement, such as `shop=> `. Time
    begins with the first frame that has one. Where a terminal was recorded it is shown as it was:
    what was decided meanwhile are marks in it.
    """
    frames = list(frames)
    of_terminal = any(frame.get("kind") in {"output", "resize"} for frame in frames)
    began: datetime | None = None
    size: tuple[int, int] | None = None
    events: list[CastEvent] = []
    for frame in frames:
        at = _time(frame)
        if at is None and frame.get("kind") != "erased":
            continue
        began = began or at
        elapsed = events[-1].at_us if events else 0
        if at is not None and began is not None:
            elapsed = max(round((at - began).total_seconds() * _MICROSECOND), 0)
        if frame["kind"] == "resize" and size is None and not _has_output(events):
            size = (int(frame["columns"]), int(frame["rows"]))
            continue
        shown = _marked(frame) if of_terminal else _shown(frame, prompt)
        events += [CastEvent(elapsed, code, data) for code, data in shown]
    columns, rows = size or (COLUMNS, ROWS)
    timestamp = int(began.timestamp()) if began else None
    return Cast(CastHeader(columns, rows, timestamp, clean(title)), tuple(events))


def clean(text: str) -> str:
    """Return a text without what would do something to a terminal; line breaks and tabs stay."""
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _has_output(events: Iterable[CastEvent]) -> bool:
    return any(event.code == OUTPUT for event in events)


def _time(frame: Shown) -> datetime | None:
    try:
        return datetime.fromisoformat(str(frame.get("at")))
    except ValueError:
        return None


def _shown(frame: Shown, prompt: str) -> Iterator[tuple[str, str]]:
    """Yield codes and data of the events of one frame."""
    kind = frame["kind"]
    if kind in {"output", "input"}:
        yield (OUTPUT if kind == "output" else INPUT), str(frame["data"])
    elif kind == "resize":
        yield RESIZE, f"{frame['columns']}x{frame['rows']}"
    elif kind == "statement":
        yield OUTPUT, _lines(_statement(frame, prompt))
    elif kind == "rows":
        yield OUTPUT, _lines(_table(frame))
    elif kind == "result":
        yield OUTPUT, _lines(_outcome(frame))
    elif kind == "mark":
        words = f"{frame['event']}: {frame['detail']}" if frame.get("detail") else frame["event"]
        if frame["event"] in MARKED:
            yield MARKER, clean(str(words))
        yield OUTPUT, _lines(f"-- {words}")
    elif kind == "erased":
        yield OUTPUT, _lines(f"-- {frame['frames']} frames were erased")


def _marked(frame: Shown) -> Iterator[tuple[str, str]]:
    """Yield what a terminal showed, and marks for all else that happened there."""
    kind = frame["kind"]
    if kind == "statement":
        yield MARKER, clean(f"{frame['verdict']}: {frame['text']}")
    elif kind == "mark":
        words = f"{frame['event']}: {frame['detail']}" if frame.get("detail") else frame["event"]
        yield MARKER, clean(str(words))
    elif kind in {"output", "input", "resize", "erased"}:
        yield from _shown(frame, "")


def _lines(text: str) -> str:
    return "".join(f"{line}\r\n" for line in clean(text).split("\n"))


def _statement(frame: Shown, prompt: str) -> str:
    parameters = frame.get("parameters") or ()
    bound = ", ".join("NULL" if one is None else str(one) for one in parameters)
    said = f"{prompt}{frame['text']}"
    if bound:
        said += f"\n-- with [{bound}]"
    if frame["verdict"] == "refuse":
        said += "\n-- refused"
    if frame.get("cut"):
        said += "\n-- (not shown whole)"
    return said


def _table(frame: Shown) -> str:
    rows = [["NULL" if one is None else str(one) for one in row] for row in frame["rows"]]
    if frame["columns"]:
        rows.insert(0, [str(one) for one in frame["columns"]])
    return "\n".join(" | ".join(row) for row in rows)


def _outcome(frame: Shown) -> str:
    took = f"{frame['duration_us'] / 1000:.1f} ms"
    if frame["error"]:
        return f"ERROR: {frame['error']} ({took})"
    rows = f"{frame['rows']} rows, " if frame["rows"] >= 0 else ""
    return f"({rows}{took})"
