"""What is to be done with the frames that a stopped process left in its journals."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.ids import SessionId
from assent.recording.journal import Leftover
from assent.recording.segment import Segment, parse, seal, seal_leftover


@dataclass(frozen=True, slots=True)
class Recovery:
    """again: segments on disk that the log may not have. new: segments to write and log."""

    again: tuple[Segment, ...]
    new: tuple[Segment, ...]


def plan(session: SessionId, leftover: Leftover, newest: Sequence[tuple[int, bytes]]) -> Recovery:
    """Return what to log again and what to write for one session.

    newest: (number, bytes) of the segments on disk that may hold frames of the journal, in
    order, at least the last one if there is any. One that cannot be read is passed over: its
    frames, if the journal still has them, are sealed again behind it.
    """
    again: list[Segment] = []
    covered, number, previous = 0, 0, ""
    for number, data in newest:
        try:
            header, lines = parse(data)
            segment = seal(session, number, header.previous, header.first, lines)
        except ValueError:
            previous = ""
            continue
        previous, covered = segment.digest, max(covered, segment.last)
        is_left = any(segment.first <= frame <= segment.last for frame in leftover.frames)
        if is_left and number > leftover.sealed_segment and segment.data == data:
            again.append(segment)
    rest = {frame: line for frame, line in leftover.frames.items() if frame > covered}
    new = tuple(seal_leftover(session, rest, number + 1, previous))
    return Recovery(tuple(again), new)
