"""Segments: frames sealed by a digest that goes into the log, each naming the one before.

A segment is a header line and one line a frame. Its digest is taken over its exact bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

import msgspec

from assent.core.canonical import Json
from assent.core.ids import SessionId
from assent.recording.frames import decode

VERSION = 1

LARGEST_BYTES = 1024 * 1024
"""Frames beyond this many bytes go to the next segment."""

MOST_PROBLEMS = 100

Positive = Annotated[int, msgspec.Meta(ge=1)]


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line. previous: digest of the segment before, empty for number 1.

    number, first: count the session's segments and frames from 1; first is that of the
    first frame in it.
    """

    version: int
    session: str
    number: Positive
    previous: str
    first: Positive


class _Peek(msgspec.Struct):
    sequence: int


_HEADERS = msgspec.json.Decoder(Header)
_PEEKS = msgspec.json.Decoder(_Peek)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Segment:
    """One sealed segment. data: its exact bytes. first_sequence, last_sequence: of statements."""

    session: SessionId
    number: int
    previous: str
    first: int
    frames: int
    first_sequence: int
    last_sequence: int
    data: bytes
    digest: str

    @property
    def last(self) -> int:
        """The number of its last frame."""
        return self.first + self.frames - 1

    def facts(self) -> dict[str, Json]:
        """Return what its entry in the log says."""
        return {
            "bytes": len(self.data),
            "digest": self.digest,
            "first_frame": self.first,
            "first_sequence": self.first_sequence,
            "frames": self.frames,
            "last_sequence": self.last_sequence,
            "number": self.number,
            "previous": self.previous,
        }


def digest_of(data: bytes) -> str:
    """Return `sha256:` and hex over the exact bytes of a segment."""
    return "sha256:" + sha256(data).hexdigest()


def seal(
    session: SessionId,
    number: int,
    previous: str,
    first: int,
    lines: Sequence[bytes],
    sequences: Sequence[int] = (),
) -> Segment:
    """Return a segment of encoded frames. first: the number of the first one. lines: not empty.

    sequences: of the statements that the frames belong to, one a line; read from the lines
    when they are not given.
    """
    header = _ENCODER.encode(Header(VERSION, session, number, previous, first))
    data = b"\n".join([header, *lines, b""])
    sequences = sequences or [_PEEKS.decode(line).sequence for line in lines]
    return Segment(
        session,
        number,
        previous,
        first,
        len(lines),
        min(sequences),
        max(sequences),
        data,
        digest_of(data),
    )


def seal_leftover(
    session: SessionId, frames: Mapping[int, bytes], number: int, previous: str
) -> Iterator[Segment]:
    """Yield segments of all `frames` (number → line), the first one with number `number`.

    A frame that is missing begins a new segment, so that the gap shows in its header.
    """
    for first, lines in _runs(frames):
        segment = seal(session, number, previous, first, lines)
        yield segment
        number, previous = number + 1, segment.digest


def parse(data: bytes) -> tuple[Header, list[bytes]]:
    """Return the header and the frame lines of a segment. Raises ValueError."""
    head, newline, rest = data.partition(b"\n")
    if not newline or (rest and not rest.endswith(b"\n")):
        raise ValueError("not a segment: its last line is not complete")
    try:
        header = _HEADERS.decode(head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a segment: {error}") from error
    if header.version != VERSION:
        raise ValueError(f"not a segment of version {VERSION}: `{header.version}`")
    return header, rest.split(b"\n")[:-1]


def verify_segments(
    session: SessionId, segments: Sequence[bytes], digests: Sequence[str]
) -> tuple[str, ...]:
    """Return what is wrong with a recording, in words; empty when it is whole.

    Checked: 1 there is a segment for each digest, with that digest, 2 numbers are dense and
    each names the digest of the one before, 3 frames are dense, 4 statements are numbered
    1, 2, 3, … and a result has its statement.
    segments: by number. digests: those that the log has for the session, in the log's order;
    the same one twice counts once, as a seal may be logged again after a crash.
    """
    problems: list[str] = []
    expected = list(dict.fromkeys(digests))
    if len(segments) != len(expected):
        problems.append(f"the log has {len(expected)} segments, the recording {len(segments)}")
    previous, first, sequence = "", 1, 0
    for place, data in enumerate(segments):
        digest = digest_of(data)
        where = f"segment {place + 1}"
        if place < len(expected) and digest != expected[place]:
            problems.append(f"{where}: its digest is not the one in the log")
        try:
            header, lines = parse(data)
        except ValueError as error:
            problems.append(f"{where}: {error}")
            break
        problems += _header_problems(where, header, (session, place + 1, previous, first))
        sequence, wrong = _frame_problems(where, header.first, lines, sequence)
        problems += wrong
        previous, first = digest, header.first + len(lines)
    return tuple(problems[:MOST_PROBLEMS])


def _header_problems(
    where: str, header: Header, expected: tuple[SessionId, int, str, int]
) -> list[str]:
    session, number, previous, first = expected
    problems = []
    if header.session != session:
        problems.append(f"{where}: it is of session `{header.session}`")
    if header.number != number:
        problems.append(f"{where}: it has the number {header.number}")
    if header.previous != previous:
        problems.append(f"{where}: it does not follow the segment before it")
    if header.first != first:
        problems.append(f"{where}: frame {first} is missing; it begins with frame {header.first}")
    return problems


def _frame_problems(
    where: str, first: int, lines: Sequence[bytes], sequence: int
) -> tuple[int, list[str]]:
    problems = []
    for number, line in enumerate(lines, first):
        try:
            frame = decode(line)
        except ValueError as error:
            problems.append(f"{where}: frame {number}: {error}")
            continue
        at = frame["sequence"]
        if not isinstance(at, int) or frame["kind"] == "mark":
            continue
        if frame["kind"] == "statement":
            if at != sequence + 1:
                problems.append(f"{where}: frame {number}: statement {sequence + 1} is missing")
            sequence = at
        elif at > sequence:
            problems.append(f"{where}: frame {number}: a result of statement {at}, not recorded")
    return sequence, problems


def _runs(frames: Mapping[int, bytes]) -> Iterator[tuple[int, list[bytes]]]:
    first, lines, size = 0, list[bytes](), 0
    for number in sorted(frames):
        if lines and (number != first + len(lines) or size >= LARGEST_BYTES):
            yield first, lines
            lines, size = [], 0
        if not lines:
            first = number
        lines.append(frames[number])
        size += len(frames[number])
    if lines:
        yield first, lines
