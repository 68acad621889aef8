"""Unit tests of stores/recordings/shelf.py."""

from pathlib import Path

from assent.core.ids import SessionId
from assent.recording.segment import Segment, compose, seal
from assent.stores.recordings.shelf import Shelf, is_session

ONE = SessionId("ses_1")
LINE = b'{"sequence":1,"at":"2026-03-04T12:00:00Z","event":"held","detail":"","kind":"mark"}'


def segments(count: int) -> list[Segment]:
    found: list[Segment] = []
    previous = ""
    for number in range(1, count + 1):
        found.append(
            seal(
                ONE,
                number,
                previous,
                number,
                [LINE],
                key="dek_1",
                encrypt=lambda session, number, plain: b"sealed" + plain,
            )
        )
        previous = found[-1].facts.digest
    return found


def test_what_is_put_there_is_found_with_its_facts(tmp_path: Path) -> None:
    shelf, (first, second) = Shelf(tmp_path), segments(2)
    for segment in (first, second):
        shelf.write(segment)
    assert shelf.facts(ONE) == [first.facts, second.facts]
    assert shelf.read(ONE, 2) == second.data
    assert list(shelf.here()) == [(ONE, 1, len(first.data)), (ONE, 2, len(second.data))]
    assert list(tmp_path.rglob("*.part")) == []


def test_what_has_no_facts_was_never_logged(tmp_path: Path) -> None:
    shelf, (first,) = Shelf(tmp_path), segments(1)
    shelf.write(first)
    (tmp_path / ONE / "000001.facts").unlink()
    assert shelf.facts(ONE) == []
    assert list(shelf.here()) == []


def test_what_is_away_is_known_and_not_here(tmp_path: Path) -> None:
    shelf, (first, second) = Shelf(tmp_path), segments(2)
    for segment in (first, second):
        shelf.write(segment)
    shelf.put_away(ONE, 1)
    assert shelf.facts(ONE) == [first.facts, second.facts]
    assert shelf.read(ONE, 1) is None
    assert [number for _, number, _ in shelf.here()] == [2]
    assert shelf.newest(ONE, 1) == [(1, first.facts), (2, second.facts)]


def test_the_newest_reach_back_to_the_frame_and_damaged_ones_are_told(tmp_path: Path) -> None:
    shelf, found = Shelf(tmp_path), segments(3)
    for segment in found:
        shelf.write(segment)
    assert shelf.newest(ONE, 3) == [(3, found[2].facts)]
    (tmp_path / ONE / "000003.segment").write_bytes(b"other")
    (tmp_path / ONE / "000002.facts").write_bytes(b"{")
    assert shelf.newest(ONE, 3) == [(1, found[0].facts), (2, None), (3, None)]


def test_one_of_the_first_version_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ONE).mkdir()
    plain = compose(ONE, 1, "", 1, [LINE])
    (tmp_path / ONE / "000001.jsonl").write_bytes(plain)
    (facts,) = Shelf(tmp_path).facts(ONE)
    assert (facts.number, facts.frames, facts.key) == (1, 1, "")
    assert Shelf(tmp_path).read(ONE, 1) == plain


def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.write(segments(1)[0])
    shelf.forget(ONE)
    shelf.forget(ONE)
    assert list(tmp_path.iterdir()) == []


def test_no_id_leaves_the_folder() -> None:
    assert is_session("ses_06h070c909vnddf4ta9mcbhes4")
    assert not any(map(is_session, ("", "..", "a/b", "A", "x" * 65)))
    assert Shelf(Path("/")).facts(SessionId("..")) == []
