"""The frames of open sessions that the log does not vouch for yet."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from assent.core.ids import SessionId, SubjectId
from assent.recording.journal import frame_line
from assent.recording.segment import LARGEST_BYTES, Segment

SEAL_AFTER_S = 30.0


@dataclass(slots=True)
class Timeline:
    """Those of one session. start: how its lines in a journal begin.

    next_frame, segment: the next frame's number, the last logged segment's number. since:
    when the oldest of `lines` came, monotonic. journal: the generation that it is in.
    """

    session: SessionId
    subject: SubjectId | None
    start: bytes
    next_frame: int = 1
    segment: int = 0
    previous: str = ""
    lines: list[bytes] = field(default_factory=list)
    sequences: list[int] = field(default_factory=list)
    size: int = 0
    since: float = 0.0
    journal: int = 0
    pending: Segment | None = None
    pending_journal: int = 0
    closing: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_due(self, now: float) -> bool:
        """Return whether its frames should be sealed now."""
        if self.closing or self.pending is not None:
            return True
        is_old = bool(self.lines) and now - self.since >= SEAL_AFTER_S
        return is_old or self.size >= LARGEST_BYTES

    def drop(self, segment: Segment, now: float) -> None:
        """Forget the frames of `segment`, which the log vouches for now."""
        frames = segment.facts.frames
        del self.lines[:frames], self.sequences[:frames]
        self.size = sum(len(line) + 1 for line in self.lines)
        # What is left came after the segment was cut, so in that journal or a later one.
        self.since, self.journal = now, self.pending_journal
        self.segment, self.previous = segment.facts.number, segment.facts.digest
        self.pending = None


def lines_of(timelines: Iterable[Timeline]) -> Iterator[bytes]:
    """Yield the journal's lines of all frames that are not sealed."""
    for timeline in timelines:
        first = timeline.next_frame - len(timeline.lines)
        for number, line in enumerate(timeline.lines, first):
            yield frame_line(timeline.start, number, line)
