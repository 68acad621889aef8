import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assent_verify.report import Status
from assent_verify.story.recordings import Piece, Recording, check_recording, segment_path
from unit.assent_verify.told_entries import Log, every_cut

RECORDINGS = 12
KEY = b"k" * 32
PERMITS = frozenset({"ent_x", "ent_reused"})


def segment(log: Log, number: int, /, **facts: Any) -> Log:
    said = {
        "digest": f"sha256:{number}",
        "previous": f"sha256:{number - 1}" if number > 1 else "",
        "first_frame": 10 * number - 9,
        "frames": 10,
        "number": number,
    }
    return log.add("session.segment", session="ses_1", **{**said, **facts})


def ended(log: Log, segments: int, frames: int) -> Log:
    return log.add("session.ended", session="ses_1", segments=segments, frames=frames)


def test_segments_that_follow_each_other_are_whole_wherever_the_log_is_cut() -> None:
    log = ended(segment(segment(segment(Log(), 1), 2), 3), 3, 30)
    for cuts in every_cut(log):
        assert log.found(RECORDINGS, *cuts) == []
        assert log.told(*cuts).summaries[RECORDINGS].startswith("3 segments")


def test_a_segment_that_was_logged_again_counts_once() -> None:
    log = ended(segment(segment(Log(), 1), 1), 1, 10)
    for cuts in every_cut(log):
        assert log.found(RECORDINGS, *cuts) == []


def test_what_could_not_be_sealed_at_the_end_is_logged_behind_it() -> None:
    log = segment(Log(), 1).add("session.ended", session="ses_1")
    log = segment(segment(log, 2), 3)
    for cuts in every_cut(log):
        assert log.found(RECORDINGS, *cuts) == []
        assert log.told(*cuts).summaries[RECORDINGS].startswith("3 segments")


def test_a_segment_that_was_logged_again_behind_the_end_counts_once() -> None:
    log = segment(segment(ended(segment(segment(Log(), 1), 2), 2, 20), 2), 1)
    for cuts in every_cut(log):
        assert log.found(RECORDINGS, *cuts) == []
        assert log.told(*cuts).summaries[RECORDINGS].startswith("2 segments")


def test_a_session_that_said_with_what_it_ended_does_not_go_on() -> None:
    log = segment(ended(segment(Log(), 1), 1, 10), 2)
    for cuts in every_cut(log):
        ((status, text),) = log.found(RECORDINGS, *cuts)
        assert status == "failed"
        assert "had ended without it" in text


def test_sessions_that_ended_long_ago_are_forgotten_and_counted() -> None:
    log = Log()
    for number in range(300):
        session = f"ses_{number}"
        said = {"digest": "sha256:1", "previous": "", "first_frame": 1, "frames": 1, "number": 1}
        log.add("session.segment", session=session, **said)
        log.add("session.ended", session=session, segments=1, frames=1)
    assert log.found(RECORDINGS) == []
    assert log.told().summaries[RECORDINGS].startswith("300 segments")


def test_a_session_without_segments_is_whole_when_it_says_so() -> None:
    assert ended(Log(), 0, 0).found(RECORDINGS) == []
    assert Log().add("session.ended", session="ses_1").found(RECORDINGS) == []


@pytest.mark.parametrize(
    "facts", [{"number": 3}, {"previous": "sha256:other"}, {"first_frame": 12}]
)
def test_a_segment_that_does_not_follow_is_named(facts: dict[str, Any]) -> None:
    log = segment(segment(Log(), 1), 2, **facts)
    for cuts in every_cut(log):
        ((status, text),) = log.found(RECORDINGS, *cuts)
        assert status == "failed"
        assert "does not follow segment 1" in text


def test_another_segment_in_the_place_of_one_is_named() -> None:
    log = segment(segment(Log(), 1), 1, digest="sha256:other")
    for cuts in every_cut(log):
        assert [status for status, _ in log.found(RECORDINGS, *cuts)] == ["failed"]


def test_a_session_that_ended_without_its_last_segment_is_incomplete() -> None:
    log = ended(segment(Log(), 1), 2, 20)
    for cuts in every_cut(log):
        assert [status for status, _ in log.found(RECORDINGS, *cuts)] == ["incomplete"] * 2


def test_a_session_with_more_than_it_ended_with_is_named() -> None:
    log = ended(segment(segment(Log(), 1), 2), 1, 10)
    for cuts in every_cut(log):
        assert [status for status, _ in log.found(RECORDINGS, *cuts)] == ["failed"] * 2


@dataclass
class Files:
    """An export of two segments in memory."""

    found: dict[str, bytes] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)

    def read(self, name: str) -> bytes | None:
        return self.found.get(name)

    def names(self, folder: str = "") -> None:
        return None

    def add(self, frames: list[dict[str, Any]], **header: Any) -> "Files":
        number = len(self.pieces) + 1
        last = self.pieces[-1] if self.pieces else None
        first = last.first + last.frames if last else 1
        previous = last.digest if last else ""
        said = {"version": 1, "session": "ses_1", "number": number, "previous": previous}
        lines = [{**said, "first": first, **header}, *frames]
        plain = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        associated = f"assent segment v1\nses_1/{number}".encode()
        stored = b"\x01\x05dek_1" + b"n" * 12 + AESGCM(KEY).encrypt(b"n" * 12, plain, associated)
        self.found[segment_path("ses_1", number)] = stored
        digest = "sha256:" + sha256(stored).hexdigest()
        self.pieces.append(
            Piece("ses_1", number, f"ent_{number}", number, digest, previous, first, len(frames))
        )
        return self

    def told(self, keys: dict[str, bytes] | None = None) -> tuple[list[str], int]:
        recording = Recording(
            "ses_1", tuple(self.pieces), PERMITS, frozenset({"ent_reused"}), frozenset(self.found)
        )
        known = {"dek_1": KEY} if keys is None else keys
        findings, opened = check_recording(self, known, recording)
        return [one.text for status in Status for one in findings.of(RECORDINGS, status)], opened


def statement(sequence: int, verdict: str = "permit", entry: str = "ent_x") -> dict[str, Any]:
    return {"kind": "statement", "sequence": sequence, "verdict": verdict, "entry": entry}


def result(sequence: int) -> dict[str, Any]:
    return {"kind": "result", "sequence": sequence}


def two() -> Files:
    files = Files().add([statement(1), result(1)])
    return files.add([statement(2, "reuse", "ent_reused"), result(2)])


def test_segments_that_fit_the_log_are_opened_and_whole() -> None:
    assert two().told() == ([], 2)


def test_a_segment_may_be_named_where_the_log_cannot_be_read() -> None:
    files = two()
    files.add([statement(3), result(3)])
    recording = Recording(
        "ses_1", tuple(files.pieces[:2]), PERMITS, frozenset({"ent_reused"}), frozenset(files.found)
    )
    for has_gaps, status in ((False, Status.FAILED), (True, Status.INCOMPLETE)):
        findings, _ = check_recording(files, {"dek_1": KEY}, replace(recording, has_gaps=has_gaps))
        (found,) = findings.of(RECORDINGS, status)
        assert "does not know this segment" in found.text


def test_what_was_skipped_in_a_pipeline_has_a_mark_for_a_statement() -> None:
    skipped = {"kind": "mark", "sequence": 3, "event": "skipped", "detail": ""}
    held = {"kind": "mark", "sequence": 4, "event": "held", "detail": ""}
    files = two().add([skipped, held, statement(4), result(4)])
    assert files.told() == ([], 3)
    again = two().add([skipped, statement(3), result(3)])
    assert again.told() == ([], 3)
    for number in (2, 5):
        assert "lacks statement 4" in "; ".join(two().add([skipped, statement(number)]).told()[0])


def test_without_their_key_the_digests_stand() -> None:
    assert two().told({}) == ([], 0)


def _lost(files: Files) -> None:
    del files.found[segment_path("ses_1", 2)]


def _exchanged(files: Files) -> None:
    files.found[segment_path("ses_1", 2)] = files.found[segment_path("ses_1", 1)]


def _added(files: Files) -> None:
    files.found[segment_path("ses_1", 3)] = b"more"


def _another_header(files: Files) -> None:
    files.add([statement(3)], session="ses_2")


def _a_frame_less(files: Files) -> None:
    files.add([statement(3)])
    files.pieces[-1] = files.pieces[-1]._replace(frames=2)


def _a_statement_less(files: Files) -> None:
    files.add([statement(4)])


def _a_result_of_nothing(files: Files) -> None:
    files.add([result(3)])


def _reused_from_elsewhere(files: Files) -> None:
    files.add([statement(3, "reuse", "ent_other")])


def _permitted_by_nobody(files: Files) -> None:
    files.add([statement(3, entry="ent_deleted")])


def _nonsense(files: Files) -> None:
    files.add([{"kind": "surprise", "sequence": 1}])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_lost, "is missing"),
        (_exchanged, "is not the one that the log names"),
        (_added, "the log does not know this segment"),
        (_another_header, "has a header that says something else"),
        (_a_frame_less, "holds 1 frames, and the log says 2"),
        (_a_statement_less, "lacks statement 3"),
        (_a_result_of_nothing, "has a result of statement 3"),
        (_reused_from_elsewhere, "no reusable permit of its session"),
        (_permitted_by_nobody, "`ent_deleted`, no permit of its session"),
        (_nonsense, "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_segment_is_named(change: Callable[[Files], None], words: str) -> None:
    files = two()
    change(files)
    texts, _ = files.told()
    assert len(texts) == 1
    assert words in texts[0]
