"""The axis of a session: everything has its place, and windows stay within what there is."""

from datetime import UTC, datetime, timedelta

import pytest

from assent.core.clock import isoformat
from assent.web.session_timeline import DID, STORY, WAITED, WIDTH, Moment, timeline_of, window_of
from assent.web.session_views import Step, steps_of

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MOMENTS = (
    Moment(NOON, "access was asked for", "accent", "/requests/req_1"),
    Moment(NOON + 10 * MINUTE, "it ended"),
)


def frames() -> list[tuple[int, dict[str, object]]]:
    def at(minutes: int) -> str:
        return isoformat(NOON + minutes * MINUTE)

    return [
        (1, {"kind": "mark", "event": "held", "detail": "req_2", "sequence": 1, "at": at(2)}),
        (2, {"kind": "mark", "event": "released", "detail": "req_2", "sequence": 1, "at": at(4)}),
        (3, {"kind": "statement", "sequence": 1, "at": at(4), "text": "delete from orders",
             "parameters": [None, "x"], "verdict": "permit", "entry": "ent_1",
             "request": "req_2"}),
        (4, {"kind": "result", "sequence": 1, "at": at(5), "duration_us": 60_000_000, "rows": 3,
             "bytes": 0, "error": ""}),
        (5, {"kind": "statement", "sequence": 2, "at": at(6), "text": "drop table orders",
             "parameters": [], "verdict": "refuse", "entry": "ent_2", "request": ""}),
    ]  # fmt: skip


def test_a_held_statement_is_one_step_from_when_it_came_to_what_came_of_it() -> None:
    first, second = steps_of(frames())
    assert (first.key, first.at) == ("s1", isoformat(NOON + 2 * MINUTE))
    assert first.words == f"held until {isoformat(NOON + 4 * MINUTE)}"
    assert first.outcome == "3 rows, 60,000.0 ms"
    assert first.kinds == ("held", "write")
    assert first.parameters == (("$1", "NULL"), ("$2", "x"))
    assert "".join(piece.text for piece in first.pieces) == "delete from orders"
    assert (second.is_bad, second.kinds) == (True, ("refused",))


def test_everything_has_its_lane_and_its_place() -> None:
    steps = steps_of(frames())
    drawn = timeline_of(MOMENTS, steps, window_of(MOMENTS, NOON + 10 * MINUTE, None, None))
    lanes = [(bar.lane, bar.x, bar.width) for bar in drawn.bars]
    assert lanes == [
        (STORY, 0.0, 3.0),
        (STORY, WIDTH - 3, 3.0),
        (WAITED, 200.0, 200.0),
        (DID, 400.0, 100.0),
        (DID, 600.0, 3.0),
    ]
    assert drawn.ticks[0] == isoformat(NOON)
    assert drawn.ticks[-1] == isoformat(NOON + 10 * MINUTE)
    assert not drawn.zoomed
    assert set(drawn.ways) == {"nearer"}


def test_what_is_outside_of_the_window_is_not_drawn() -> None:
    window = window_of(MOMENTS, NOON + 10 * MINUTE, NOON + 5 * MINUTE, NOON + 7 * MINUTE)
    drawn = timeline_of(MOMENTS, steps_of(frames()), window)
    assert [bar.lane for bar in drawn.bars] == [DID, DID]
    assert drawn.zoomed
    assert set(drawn.ways) == {"nearer", "wider", "earlier", "later", "whole"}


@pytest.mark.parametrize(
    ("since", "until"),
    [(20, 30), (-20, -10), (7, 3), (5, 5)],
    ids=["behind all", "before all", "backwards", "empty"],
)
def test_any_window_is_within_what_there_is_and_has_a_length(since: int, until: int) -> None:
    ends = NOON + 10 * MINUTE
    window = window_of(MOMENTS, ends, NOON + since * MINUTE, NOON + until * MINUTE)
    assert NOON <= window.since < window.until <= ends
    assert timeline_of(MOMENTS, (), window).ticks


def test_a_session_of_one_moment_has_an_axis() -> None:
    only = (Moment(NOON, "the session was opened"),)
    drawn = timeline_of(
        only, (Step("f1", 1, "", "erased", "gone"),), window_of(only, NOON, None, None)
    )
    assert len(drawn.bars) == 1
