"""asciicast, the format of terminal recordings that players know: versions 2 and 3.

A header and one event a line. Version 2 has the time of each event since the beginning,
version 3 the time since the event before, and may have comments.
Source: docs.asciinema.org/manual/asciicast/v2 and /v3.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

OUTPUT, INPUT, MARKER, RESIZE, EXIT = "o", "i", "m", "r", "x"
VERSIONS = (2, 3)
_SECOND = 1_000_000
_LONGEST_S = 10 * 365 * 86_400

Size = Annotated[int, msgspec.Meta(ge=1, le=100_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=_LONGEST_S)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=1)]


@dataclass(frozen=True, slots=True)
class CastHeader:
    """What a recording begins with. columns, rows: of the terminal. timestamp: Unix seconds."""

    columns: int
    rows: int
    timestamp: int | None = None
    title: str = ""
    term: str = ""


@dataclass(frozen=True, slots=True)
class CastEvent:
    """Something at a time. at_us: microseconds since the beginning. code: such as `o`."""

    at_us: int
    code: str
    data: str


@dataclass(frozen=True, slots=True)
class Cast:
    """A whole recording, its events in order."""

    header: CastHeader
    events: tuple[CastEvent, ...] = field(default=())


class _Term(msgspec.Struct):
    cols: Size
    rows: Size
    type: str = ""


class _HeaderTwo(msgspec.Struct):
    width: Size
    height: Size
    timestamp: int | None = None
    title: str = ""
    env: dict[str, str] = {}


class _HeaderThree(msgspec.Struct):
    term: _Term
    timestamp: int | None = None
    title: str = ""


class _Version(msgspec.Struct):
    version: int


_EVENTS = msgspec.json.Decoder(tuple[Seconds, Code, str])


def encode_cast(cast: Cast, version: int = 2) -> Iterator[str]:
    """Yield the lines of a recording, without line breaks. version: 2 or 3.

    A time before that of the event before is taken as the same: time never goes back there.
    Exit events are of version 3 only, and left out of version 2.
    """
    if version not in VERSIONS:
        raise ValueError(f"no version of asciicast that is known: `{version}`")
    yield _dumped(_header_two(cast.header) if version == 2 else _header_three(cast.header))
    before = 0
    for event in cast.events:
        if event.code == EXIT and version == 2:
            continue
        at = max(event.at_us, before)
        time = at if version == 2 else at - before
        before = at
        shown = f"{time // _SECOND}.{time % _SECOND:06}"
        yield f"[{shown}, {_dumped(event.code)}, {_dumped(event.data)}]"


def decode_cast(text: str) -> Cast:
    """Return the recording that the text of a file holds, of either version.

    Events of codes that are not known are kept. Raises ValueError with the line's number.
    """
    lines = text.split("\n")
    version, header = _header(lines[0])
    events, before = [], 0
    for number, line in enumerate(lines[1:], 2):
        if not line.strip() or (version == 3 and line.startswith("#")):
            continue
        try:
            time, code, data = _EVENTS.decode(line)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
            raise ValueError(f"not an asciicast: line {number}: {error}") from error
        at = round(time * _SECOND) + (before if version == 3 else 0)
        before = at
        events.append(CastEvent(at, code, data))
    return Cast(header, tuple(events))


def _header(line: str) -> tuple[int, CastHeader]:
    try:
        version = msgspec.json.decode(line, type=_Version).version
        if version == 2:
            two = msgspec.json.decode(line, type=_HeaderTwo)
            term = two.env.get("TERM", "")
            return 2, CastHeader(two.width, two.height, two.timestamp, two.title, term)
        if version == 3:
            three = msgspec.json.decode(line, type=_HeaderThree)
            size = three.term
            return 3, CastHeader(size.cols, size.rows, three.timestamp, three.title, size.type)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError(f"not an asciicast: line 1: {error}") from error
    raise ValueError(f"not an asciicast of version 2 or 3: `{version}`")


def _header_two(header: CastHeader) -> dict[str, object]:
    env = {"env": {"TERM": header.term}} if header.term else {}
    return {"version": 2, "width": header.columns, "height": header.rows, **_about(header), **env}


def _header_three(header: CastHeader) -> dict[str, object]:
    term: dict[str, object] = {"cols": header.columns, "rows": header.rows}
    if header.term:
        term["type"] = header.term
    return {"version": 3, "term": term, **_about(header)}


def _about(header: CastHeader) -> dict[str, object]:
    about: dict[str, object] = {}
    if header.timestamp is not None:
        about["timestamp"] = header.timestamp
    if header.title:
        about["title"] = header.title
    return about


def _dumped(value: Iterable[object] | str) -> str:
    return json.dumps(value, ensure_ascii=False)
