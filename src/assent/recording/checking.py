"""Whether a recording is whole: what is stored, beside what the log says of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assent.core.frame import Recorded
from assent.core.ids import SessionId
from assent.recording.frames import decode
from assent.recording.segment import SegmentFacts, digest_of, parse

MOST_PROBLEMS = 100


class Counted(NamedTuple):
    """Numbers of the last statement that was recorded, and of the last one that was skipped."""

    statement: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """A segment as it is stored. data: its bytes. plain: its plain form.

    plain: None where it cannot be opened; `why` then says why, and is empty when its key was
    destroyed on purpose.
    """

    data: bytes
    plain: bytes | None
    why: str = ""


class Check:
    """Checks one recording, segment by segment, so that no more than one need be in memory.

    Checked: 1 the log's numbers are dense, each names the digest of the one before and its
    frames follow, 2 each segment is stored and has its digest, 3 its header says what the
    log says, 4 statements are numbered 1, 2, 3, … and a result has its statement, 5 the ended
    session had so many frames and segments.
    """

    def __init__(self, session: SessionId) -> None:
        self._session = session
        self._problems: list[str] = []
        self._digest = ""
        self._frames = 0
        self._segments = 0
        # The last statement's number; None where segments before could not be read.
        self._counted: Counted | None = Counted()

    def take(self, facts: SegmentFacts, found: Found | None) -> None:
        """Check the next segment that the log knows. found: None where it is not stored."""
        self._segments += 1
        self._follows(facts)
        self._digest, self._frames = facts.digest, facts.last_frame
        where = f"segment {facts.number}"
        if found is None:
            self._problems.append(f"{where}: it is missing")
            self._counted = None
            return
        if digest_of(found.data) != facts.digest:
            self._problems.append(f"{where}: its digest is not the one in the log")
        if found.plain is None:
            self._counted = None
            self._problems += [f"{where}: {found.why}"] if found.why else []
            return
        wrong = self._plain(facts, found.plain)
        self._problems += [f"{where}: {words}" for words in wrong]

    def finish(self, ended: Recorded | None, unknown: Collection[int] = ()) -> tuple[str, ...]:
        """Return what is wrong, in words; empty when it is whole.

        ended: what the log says of the end, None while the session is open. unknown: numbers
        of what is stored and the log does not know.
        """
        said = [f"segment {one}: the log does not know it" for one in sorted(unknown)]
        if ended is not None:
            if ended.segments is not None and ended.segments != self._segments:
                said.append(
                    f"the session ended with {ended.segments} segments, not {self._segments}"
                )
            if ended.frames != self._frames:
                said.append(f"the session ended with {ended.frames} frames, not {self._frames}")
        return tuple([*self._problems, *said][:MOST_PROBLEMS])

    def _follows(self, facts: SegmentFacts) -> None:
        where = f"segment {facts.number}"
        if facts.number != self._segments:
            self._problems.append(f"{where}: the log has it in the place of {self._segments}")
        if facts.previous != self._digest:
            self._problems.append(f"{where}: it does not follow the segment before it")
        if facts.first_frame != self._frames + 1:
            self._problems.append(
                f"{where}: frame {self._frames + 1} is missing; it begins with frame "
                f"{facts.first_frame}"
            )

    def _plain(self, facts: SegmentFacts, plain: bytes) -> list[str]:
        try:
            header, lines = parse(plain)
        except ValueError as error:
            self._counted = None
            return [str(error)]
        problems = []
        if header.session != self._session:
            problems.append(f"it is of session `{header.session[:80]}`")
        if header.number != facts.number:
            problems.append(f"it has the number {header.number}")
        if header.previous != facts.previous:
            problems.append("its header names another segment before it than the log")
        if (header.first, len(lines)) != (facts.first_frame, facts.frames):
            problems.append(
                f"it holds {len(lines)} frames from {header.first} on, the log says "
                f"{facts.frames} from {facts.first_frame} on"
            )
        self._counted, wrong = _frame_problems(header.first, lines, self._counted)
        return [*problems, *wrong]


def verify_segments(
    session: SessionId,
    found: Mapping[int, Found],
    logged: Iterable[SegmentFacts],
    ended: Recorded | None = None,
) -> tuple[str, ...]:
    """Return what is wrong with a recording that is in memory; empty when it is whole.

    found: by number. logged: in the log's order; the same one twice counts once, as a seal may
    be logged again after a crash.
    """
    check, known = Check(session), set[int]()
    for facts in dict.fromkeys(logged):
        known.add(facts.number)
        check.take(facts, found.get(facts.number))
    return check.finish(ended, set(found) - known)


def _frame_problems(
    first: int, lines: Sequence[bytes], counted: Counted | None
) -> tuple[Counted | None, list[str]]:
    """Return the last statement's number with what is wrong. counted: None: not known."""
    problems = []
    for number, line in enumerate(lines, first):
        try:
            frame = decode(line)
        except ValueError as error:
            problems.append(f"frame {number}: {error}")
            continue
        at = frame["sequence"]
        if not isinstance(at, int):
            continue
        # What was not run, as a statement before it failed, has only this mark. Its number is used
        # up when it was to be executed, and not yet when it was only parsed.
        is_skipped = frame["kind"] == "mark" and frame["event"] == "skipped"
        if frame["kind"] == "statement" or is_skipped:
            if counted is not None:
                most = max(counted) + 1
                if not (0 if is_skipped else counted.statement + 1) <= at <= most:
                    problems.append(f"frame {number}: statement {most} is missing")
            statement, skipped = counted or Counted(at - 1, at)
            counted = Counted(statement, max(skipped, at)) if is_skipped else Counted(at, skipped)
        elif frame["kind"] != "mark" and counted is not None and at > counted.statement:
            problems.append(f"frame {number}: a result of statement {at}, not recorded")
    return counted, problems
