"""What is to be done with the frames that a stopped process left in its journals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assent.recording.journal import Leftover
from assent.recording.segment import SegmentFacts


@dataclass(frozen=True, slots=True)
class Recovery:
    """again: segments on disk that the log may not have. frames: number → line, to be sealed.

    number, previous: of the first new segment.
    """

    again: tuple[SegmentFacts, ...]
    frames: Mapping[int, bytes]
    number: int
    previous: str


def plan(leftover: Leftover, newest: Sequence[tuple[int, SegmentFacts | None]]) -> Recovery:
    """Return what to log again and what to seal for one session.

    newest: (number, facts) of the segments on disk that may hold frames of the journal, in
    order, at least the last one if there is any; None for one that is damaged. That is passed
    over: its frames, if the journal still has them, are sealed again behind it.
    """
    again: list[SegmentFacts] = []
    covered, number, previous = 0, 0, ""
    for number, facts in newest:
        if facts is None:
            previous = ""
            continue
        previous, covered = facts.digest, max(covered, facts.last_frame)
        is_left = any(facts.first_frame <= frame <= facts.last_frame for frame in leftover.frames)
        if is_left and number > leftover.sealed_segment:
            again.append(facts)
    rest = {frame: line for frame, line in leftover.frames.items() if frame > covered}
    return Recovery(tuple(again), rest, number + 1, previous)
