"""Check 12: recordings are whole, by what the log says of them and by their segments.

docs/specs/recording-format.md, Verifying.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from assent_verify.payloads import Unknown, open_sealed
from assent_verify.report import Findings, NamedEntry, Status
from assent_verify.source import Source

RECORDINGS = 12
KINDS = frozenset({"session.segment", "session.ended"})

_REMEMBERED = 65_536
"""How many ended sessions are known: after a crash, a segment is logged again behind the end."""
_REMEMBERED_IN_A_RANGE = 256
_FRAMES = frozenset({"statement", "result", "rows", "mark", "output", "input", "resize"})


class Piece(NamedTuple):
    """An entry about a recording. place: its index. number: 0 where the session ended.

    frames, segments: how many; of the whole session where it ended, -1 where it is not said.
    """

    session: str
    place: int
    entry: str
    number: int
    digest: str = ""
    previous: str = ""
    first: int = 0
    frames: int = -1
    segments: int = -1


def piece_of(index: int, leaf: dict[str, Any]) -> Piece | None:
    """Return what an entry of `KINDS` says, None where it is not in its form."""
    session, facts = leaf["session"], leaf["facts"]
    if session is None:
        return None
    if leaf["kind"] == "session.ended":
        counts = [facts.get(name) for name in ("frames", "segments")]
        frames, segments = (one if type(one) is int else -1 for one in counts)
        return Piece(session, index, leaf["id"], 0, frames=frames, segments=segments)
    numbers = [facts.get(name) for name in ("number", "first_frame", "frames")]
    texts = [facts.get(name) for name in ("digest", "previous")]
    if not all(type(one) is int for one in numbers) or not all(type(one) is str for one in texts):
        return None
    number, first, frames = numbers
    digest, previous = texts
    return Piece(session, index, leaf["id"], number, digest, previous, first, frames)


@dataclass(slots=True)
class _Chain:
    """What was read of one session. last: its newest segment. seen: number → digest.

    closed: it ended and said with how many segments; the last one of a session whose end could not
    be sealed comes behind that end, which does not say it.
    """

    last: Piece | None = None
    seen: dict[int, str] = field(default_factory=dict)
    closed: bool = False
    kept: list[Piece] = field(default_factory=list)


class Chains:
    """Follows the segments of all sessions. kept: sessions whose segments are in the export."""

    def __init__(self, findings: Findings, kept: frozenset[str]) -> None:
        self._findings = findings
        self._kept = kept
        self._open: dict[str, _Chain] = {}
        self._ended: dict[str, _Chain] = {}
        self._done: dict[str, list[Piece]] = {}
        self._has_gaps = False
        self.segments = 0

    def skip(self) -> None:
        """Note that entries cannot be read: there may be segments among them."""
        self._has_gaps = True

    def walk(self, pieces: Iterable[Piece]) -> None:
        """Follow pieces in the order of the log."""
        for piece in pieces:
            session = piece.session
            chain = self._ended.get(session) or self._open.setdefault(session, _Chain())
            if piece.number:
                self._follow(chain, piece)
                continue
            self._end(chain, piece)
            self._open.pop(session, None)
            self._ended[session] = chain
            if len(self._ended) > _REMEMBERED:
                oldest = next(iter(self._ended))
                self._keep(oldest, self._ended.pop(oldest))

    def finish(self) -> dict[str, list[Piece]]:
        """Return the segments of the sessions that are kept, in their order."""
        for session, chain in [*self._ended.items(), *self._open.items()]:
            self._keep(session, chain)
        return self._done

    def _keep(self, session: str, chain: _Chain) -> None:
        if session in self._kept:
            self._done.setdefault(session, []).extend(chain.kept)

    def _follow(self, chain: _Chain, piece: Piece) -> None:
        entry = NamedEntry(piece.place, piece.entry)
        if chain.seen.get(piece.number) == piece.digest:
            return  # After a crash a seal is logged again; it counts once.
        if chain.closed:
            words = f"segment {piece.number} of session `{piece.session[:80]}`"
            text = f"{entry}: {words} is said to be of a session that had ended without it"
            self._findings.fail(RECORDINGS, text, entry)
        last = chain.last
        number, digest, first = 1, "", 1
        if last is not None:
            number, digest, first = last.number + 1, last.digest, last.first + last.frames
        expected = (number, digest, first)
        if (piece.number, piece.previous, piece.first) != expected:
            words = f"segment {piece.number} of session `{piece.session[:80]}` does not follow"
            said = f"{entry}: {words} segment {number - 1}"
            if self._has_gaps and piece.number >= number:
                self._findings.miss(RECORDINGS, f"{said}; some may be in what is unread", entry)
            else:
                self._findings.fail(RECORDINGS, said, entry)
        chain.seen[piece.number] = piece.digest
        chain.last = piece
        self.segments += 1
        if piece.session in self._kept:
            chain.kept.append(piece)

    def _end(self, chain: _Chain, piece: Piece) -> None:
        entry = NamedEntry(piece.place, piece.entry)
        chain.closed = piece.segments >= 0
        last = chain.last
        segments = last.number if last else 0
        frames = last.first + last.frames - 1 if last else 0
        for what, said, found in (
            ("segments", piece.segments, segments),
            ("frames", piece.frames, frames),
        ):
            if said in (-1, found):
                continue
            words = f"ended with {said} {what}, and the log has {found}"
            text = f"{entry}: session `{piece.session[:80]}` {words}"
            if said > found or self._has_gaps:
                self._findings.miss(RECORDINGS, text, entry)
            else:
                self._findings.fail(RECORDINGS, text, entry)


class OpenPieces:
    """Keeps the pieces of the sessions that did not begin and end within one range."""

    def __init__(self, kept: frozenset[str]) -> None:
        self._kept = kept
        self._sessions: dict[str, list[Piece]] = {}
        self._ended: dict[str, tuple[int, list[Piece]]] = {}
        self.whole = 0

    def read(self, piece: Piece) -> None:
        """Keep a piece; forget, a while later, a session that was wholly here and is good."""
        if piece.session in self._ended:
            self._sessions[piece.session] = self._ended.pop(piece.session)[1]
        pieces = self._sessions.setdefault(piece.session, [])
        pieces.append(piece)
        if piece.number or pieces[0].number > 1 or piece.session in self._kept:
            return
        if len(pieces) == 1 and (piece.segments, piece.frames) != (0, 0):
            return  # Its segments are in an earlier range.
        findings = Findings()
        chains = Chains(findings, frozenset())
        chains.walk(pieces)
        if piece.segments < 0 or any(findings.count(RECORDINGS, status) for status in Status):
            return
        self._ended[piece.session] = chains.segments, self._sessions.pop(piece.session)
        if len(self._ended) > _REMEMBERED_IN_A_RANGE:
            segments, _ = self._ended.pop(next(iter(self._ended)))
            self.whole += segments

    def left(self) -> tuple[Piece, ...]:
        """Return the pieces that are kept, in the order of the log."""
        ended = [pieces for _, pieces in self._ended.values()]
        pieces = [piece for some in [*self._sessions.values(), *ended] for piece in some]
        return tuple(sorted(pieces, key=lambda piece: piece.place))


# The segments themselves


@dataclass(frozen=True, slots=True)
class Recording:
    """A session whose segments are in the export. permits: ids of its permits; reused: of the
    reusable ones.

    has_gaps: entries cannot be read, and may name more segments.
    """

    session: str
    pieces: tuple[Piece, ...]
    permits: frozenset[str]
    reused: frozenset[str]
    files: frozenset[str]
    has_gaps: bool = False


def check_recording(
    source: Source, keys: Mapping[str, bytes] | None, recording: Recording
) -> tuple[Findings, int]:
    """Check the stored segments of one session; return what is wrong and how many were opened."""
    check = _Segments(recording)
    for piece in recording.pieces:
        name = segment_path(recording.session, piece.number)
        check.read(piece, source.read(name), keys or {})
    check.finish()
    return check.findings, check.opened


def segment_path(session: str, number: int) -> str:
    """Return where the export has a segment."""
    return f"recording/{session}/{number}.segment"


class _Segments:
    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.findings = Findings()
        self.opened = 0
        # Of the last statement; None where a segment before could not be read.
        self._sequence: int | None = 0
        self._skipped = 0
        self._entry = NamedEntry(0)
        self._where = ""

    def read(self, piece: Piece, data: bytes | None, keys: Mapping[str, bytes]) -> None:
        self._entry = NamedEntry(piece.place, piece.entry)
        self._where = f"segment {piece.number} of session `{piece.session[:80]}`"
        if data is None:
            self._sequence = None
            self._miss("is missing")
            return
        if "sha256:" + sha256(data).hexdigest() != piece.digest:
            self._sequence = None
            self._fail("is not the one that the log names")
            return
        try:
            plain = data if data[:1] == b"{" else _opened(data, keys, piece)
            self._check_plain(piece, plain)
            self.opened += 1
        except Unknown:
            self._sequence = None  # Its key was destroyed, or is not here: the digest stands.
        except (ValueError, KeyError, TypeError) as error:
            self._sequence = None
            self._fail(f"cannot be read: {error!s:.80}")

    def finish(self) -> None:
        """Say what is stored and the log does not know."""
        session = self._recording.session
        known = {segment_path(session, piece.number) for piece in self._recording.pieces}
        for name in sorted(self._recording.files - known):
            words = f"`{name[:200]}`: the log does not know this segment"
            if self._recording.has_gaps:
                self.findings.miss(RECORDINGS, f"{words}, as far as it can be read")
            else:
                self.findings.fail(RECORDINGS, words)

    def _check_plain(self, piece: Piece, plain: bytes) -> None:
        if not plain.endswith(b"\n"):
            raise ValueError("its last line is cut off")
        lines = [json.loads(line) for line in plain.removesuffix(b"\n").split(b"\n")]
        header, frames = lines[0], lines[1:]
        said = (header["session"], header["number"], header["previous"], header["first"])
        if said != (piece.session, piece.number, piece.previous, piece.first):
            self._fail("has a header that says something else than the log")
        if len(frames) != piece.frames:
            self._fail(f"holds {len(frames)} frames, and the log says {piece.frames}")
        for number, frame in enumerate(frames, piece.first):
            self._check_frame(number, frame)

    def _check_frame(self, number: int, frame: dict[str, Any]) -> None:
        kind, at = frame["kind"], frame["sequence"]
        if kind not in _FRAMES or type(at) is not int:
            raise ValueError(f"frame {number} has a form that is not known")
        # What was not run, as a statement before it failed, has only this mark. Its number is used
        # up when it was to be executed, and not yet when it was only parsed.
        is_skipped = kind == "mark" and frame["event"] == "skipped"
        if kind == "statement" or is_skipped:
            if self._sequence is not None:
                most = max(self._sequence, self._skipped) + 1
                least = 0 if is_skipped else self._sequence + 1
                if not least <= at <= most:
                    self._fail(f"lacks statement {most}, before frame {number}")
            if is_skipped:
                self._skipped = max(self._skipped, at)
            else:
                self._sequence = at
                self._check_permit(number, frame)
        elif kind == "result" and self._sequence is not None and at > self._sequence:
            self._fail(f"has a result of statement {at} in frame {number}, which it does not hold")

    def _check_permit(self, number: int, frame: dict[str, Any]) -> None:
        # What stands for several statements is the decision on the first one, in the log.
        known = {"permit": self._recording.permits, "reuse": self._recording.reused}
        verdict, entry = frame["verdict"], str(frame["entry"])
        if verdict not in known or entry in known[verdict]:
            return
        kind = "reusable permit" if verdict == "reuse" else "permit"
        words = f"rests frame {number} on `{entry[:80]}`, no {kind} of its session"
        if self._recording.has_gaps:
            self._miss(f"{words} that can be read")
        else:
            self._fail(words)

    def _fail(self, words: str) -> None:
        self.findings.fail(RECORDINGS, f"{self._where} {words}", self._entry)

    def _miss(self, words: str) -> None:
        self.findings.miss(RECORDINGS, f"{self._where} {words}", self._entry)


def _opened(data: bytes, keys: Mapping[str, bytes], piece: Piece) -> bytes:
    associated = f"assent segment v1\n{piece.session}/{piece.number}".encode()
    return open_sealed(data, keys, associated)
