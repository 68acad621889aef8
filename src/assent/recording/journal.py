"""The journal: the frames of all sessions, in the order in which they came, until sealed.

A line is either a frame, with its session and its number there, or a mark that all frames of
a session up to a number are in a sealed segment. It is a safety copy and proves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from assent.core.ids import SessionId

Positive = Annotated[int, msgspec.Meta(ge=1)]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    session: str
    number: Positive = 1
    # An empty one for a mark. A union with None would no longer keep the exact bytes.
    frame: msgspec.Raw = msgspec.Raw()
    segment: int = 0


_DECODER = msgspec.json.Decoder(_Line)
_ENCODER = msgspec.json.Encoder()


@dataclass(slots=True)
class Leftover:
    """What a journal holds of one session.

    frames: number → line. sealed_segment: the last segment that is known to be in the log.
    """

    frames: dict[int, bytes] = field(default_factory=dict)
    sealed_segment: int = 0


@dataclass(slots=True)
class Leftovers:
    """What journals hold. damaged: how many lines could not be read."""

    sessions: dict[SessionId, Leftover] = field(default_factory=dict)
    damaged: int = 0


def line_start(session: SessionId) -> bytes:
    """Return how every frame line of a session begins; made once, as it is on the hot path."""
    return b'{"session":%b,"number":' % _ENCODER.encode(session)


def frame_line(start: bytes, number: int, frame: bytes) -> bytes:
    """Return the journal's line for frame `number`, with its newline."""
    return b'%b%d,"frame":%b}\n' % (start, number, frame)


def sealed_line(session: SessionId, segment: int, last: int) -> bytes:
    """Return the line that says: segment `segment` with frames up to `last` is in the log."""
    return b'%b%d,"segment":%d}\n' % (line_start(session), last, segment)


def read_journals(journals: Iterable[bytes]) -> Leftovers:
    """Return what is left to seal. journals: whole files, oldest first.

    A line that cannot be read is counted and passed over: the last one may be torn by a
    crash, and what stands before and after it is still true. Raises nothing.
    """
    found = Leftovers()
    for data in journals:
        for text in data.split(b"\n"):
            if text:
                _take(found, text)
    return found


def _take(found: Leftovers, text: bytes) -> None:
    try:
        line = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found.damaged += 1
        return
    leftover = found.sessions.setdefault(SessionId(line.session), Leftover())
    if frame := bytes(line.frame):
        leftover.frames[line.number] = frame
        return
    if line.segment < 1:
        found.damaged += 1
        return
    leftover.sealed_segment = max(leftover.sealed_segment, line.segment)
    for number in [number for number in leftover.frames if number <= line.number]:
        del leftover.frames[number]
