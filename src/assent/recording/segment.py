"""Segments: frames, a header before them, sealed as a whole; each names the one before.

The plain form is a header line and one line a frame. What is stored is that, encrypted; the
digest that goes into the log is over the stored bytes, so that it holds after the key is gone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypeAlias

import msgspec

from assent.core.canonical import Json
from assent.core.ids import SessionId

VERSION = 1

LARGEST_BYTES = 1024 * 1024
"""Frames beyond this many bytes go to the next segment."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Encrypt: TypeAlias = Callable[[SessionId, int, bytes], bytes]
"""Returns the stored bytes of a segment of a session with a number."""


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


class SegmentFacts(msgspec.Struct, frozen=True):
    """What the log says of a segment. bytes, digest: of what is stored. key: which it needs.

    first_sequence, last_sequence: of the statements that its frames belong to.
    """

    number: Positive
    digest: str
    previous: str
    first_frame: Positive
    frames: Positive
    bytes: Count = 0
    first_sequence: Count = 0
    last_sequence: Count = 0
    key: str = ""

    @property
    def last_frame(self) -> int:
        """The number of its last frame."""
        return self.first_frame + self.frames - 1

    def as_json(self) -> dict[str, Json]:
        """Return the facts of its entry in the log."""
        facts: dict[str, Json] = msgspec.structs.asdict(self)
        return facts


class _Peek(msgspec.Struct):
    sequence: int


_HEADERS = msgspec.json.Decoder(Header)
_FACTS = msgspec.json.Decoder(SegmentFacts)
_PEEKS = msgspec.json.Decoder(_Peek)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Segment:
    """One sealed segment. data: its stored bytes."""

    session: SessionId
    facts: SegmentFacts
    data: bytes


def digest_of(data: bytes) -> str:
    """Return `sha256:` and hex over the stored bytes of a segment."""
    return "sha256:" + sha256(data).hexdigest()


def compose(
    session: SessionId, number: int, previous: str, first: int, lines: Sequence[bytes]
) -> bytes:
    """Return the plain form of a segment of encoded frames."""
    header = _ENCODER.encode(Header(VERSION, session, number, previous, first))
    return b"\n".join([header, *lines, b""])


def seal(
    session: SessionId,
    number: int,
    previous: str,
    first: int,
    lines: Sequence[bytes],
    *,
    key: str,
    encrypt: Encrypt,
    sequences: Sequence[int] = (),
) -> Segment:
    """Return a segment of encoded frames. first: the number of the first one. lines: not empty.

    key: the id of the key that `encrypt` seals under. sequences: of the statements that the
    frames belong to, one a line; read from the lines when they are not given.
    """
    data = encrypt(session, number, compose(session, number, previous, first, lines))
    sequences = sequences or [_PEEKS.decode(line).sequence for line in lines]
    facts = SegmentFacts(
        number=number,
        digest=digest_of(data),
        previous=previous,
        first_frame=first,
        frames=len(lines),
        bytes=len(data),
        first_sequence=min(sequences),
        last_sequence=max(sequences),
        key=key,
    )
    return Segment(session, facts, data)


def seal_leftover(
    session: SessionId,
    frames: Mapping[int, bytes],
    number: int,
    previous: str,
    *,
    key: str,
    encrypt: Encrypt,
) -> Iterator[Segment]:
    """Yield segments of all `frames` (number → line), the first one with number `number`.

    A frame that is missing begins a new segment, so that the gap shows in its header.
    """
    for first, lines in _runs(frames):
        segment = seal(session, number, previous, first, lines, key=key, encrypt=encrypt)
        yield segment
        number, previous = number + 1, segment.facts.digest


def parse(data: bytes) -> tuple[Header, list[bytes]]:
    """Return the header and the frame lines of a segment's plain form. Raises ValueError."""
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


def facts_from(data: bytes | Mapping[str, Json]) -> SegmentFacts:
    """Return the facts that JSON, or an entry, says of a segment. Raises ValueError."""
    try:
        if isinstance(data, bytes):
            return _FACTS.decode(data)
        return msgspec.convert(dict(data), SegmentFacts)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not the facts of a segment: {error}") from error


def facts_of(data: bytes, stored: bytes, key: str = "") -> SegmentFacts:
    """Return the facts of a segment from its plain form and its stored one. Raises ValueError."""
    header, lines = parse(data)
    try:
        sequences = [_PEEKS.decode(line).sequence for line in lines]
        return msgspec.convert(
            {
                "number": header.number,
                "digest": digest_of(stored),
                "previous": header.previous,
                "first_frame": header.first,
                "frames": len(lines),
                "bytes": len(stored),
                "first_sequence": min(sequences, default=0),
                "last_sequence": max(sequences, default=0),
                "key": key,
            },
            SegmentFacts,
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a segment: {error}") from error


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
