"""The order of an evaluation, as a scorer sees it."""

from collections.abc import Sequence

import pytest

from assent.evaluation import blocks
from assent.evaluation.options import By, Feedback, Options
from assent.evaluation.prequential import Run
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode
from unit.evaluation.evaluation_builders import a_row


class Spy:
    """Writes down what is asked of it; a row's score is its time."""

    def __init__(self, name: str = "spy") -> None:
        self.name = name
        self.calls: list[tuple[str, int, int | None]] = []

    def score(self, row: Row) -> float:
        assert isinstance(row.at, int)
        self.calls.append(("score", row.at, None))
        return float(row.at)

    def learn(self, row: Row, *, label: int | None) -> None:
        assert isinstance(row.at, int)
        self.calls.append(("learn", row.at, label))


class Maximum(Spy):
    """Takes the highest row of a block for the block."""

    def block_score(self, scores: Sequence[float], rows: Sequence[Row]) -> float:
        assert len(scores) == len(rows)
        return max(scores)


def ran(rows: Sequence[Row], options: Options, *scorers: Spy) -> Run:
    run = Run(scorers, options, blocks.ends(rows, options))
    run.over(rows, lambda _: None)
    return run


def test_a_row_is_scored_before_it_is_learned_with_its_label() -> None:
    spy = Spy()
    ran([a_row("a", 1, at=0), a_row("a", 0, at=1)], Options(), spy)
    assert spy.calls == [("score", 0, None), ("learn", 0, 1), ("score", 1, None), ("learn", 1, 0)]


def test_history_is_learned_and_not_scored() -> None:
    spy = Spy()
    run = ran([a_row("a", at=0), a_row("a", 0, at=1)], Options(), spy)
    assert spy.calls == [("learn", 0, None), ("score", 1, None), ("learn", 1, 0)]
    assert len(run.tracks[0].items) == 1


def test_labels_are_withheld_when_nobody_answers() -> None:
    spy = Spy()
    ran([a_row("a", 1, at=0)], Options(feedback=Feedback.NONE), spy)
    assert spy.calls == [("score", 0, None), ("learn", 0, None)]


@pytest.mark.parametrize("learn", LearnMode)
@pytest.mark.parametrize("feedback", Feedback)
def test_the_training_part_is_learned_with_its_labels_and_never_measured(
    learn: LearnMode, feedback: Feedback
) -> None:
    spy = Spy()
    rows = [a_row("a", 1, at=0), a_row("a", at=1), a_row("a", 1, at=2)]
    run = ran(rows, Options(learn=learn, feedback=feedback, train_until=2), spy)
    assert spy.calls[:2] == [("learn", 0, 1), ("learn", 1, None)]
    assert [one.score for one in run.tracks[0].items] == [2.0]


def test_nothing_is_learned_after_the_training_part_when_learning_is_off() -> None:
    spy = Spy()
    rows = [a_row("a", 0, at=0), a_row("a", at=1), a_row("a", 0, at=2)]
    ran(rows, Options(learn=LearnMode.NONE, train_until=1), spy)
    assert spy.calls == [("learn", 0, 0), ("score", 2, None)]


def test_without_a_training_part_learning_that_is_off_stops_at_the_first_label() -> None:
    spy = Spy()
    rows = [a_row("a", at=0), a_row("a", 0, at=1), a_row("a", at=2)]
    ran(rows, Options(learn=LearnMode.NONE), spy)
    assert spy.calls == [("learn", 0, None), ("score", 1, None)]


def test_a_session_is_scored_to_its_end_before_any_of_it_is_learned() -> None:
    spy = Spy()
    rows = [
        a_row("a", 0, at=0, session="1"),
        a_row("b", 0, at=1, session="1"),
        a_row("a", at=2, session="1"),
        a_row("a", 1, at=3, session="1"),
        a_row("a", at=4, session="2"),
    ]
    run = ran(rows, Options(by=By.SESSION), spy)
    assert spy.calls == [
        ("score", 0, None), ("score", 1, None), ("learn", 1, 0), ("score", 3, None),
        ("learn", 0, 0), ("learn", 2, None), ("learn", 3, 1), ("learn", 4, None),
    ]  # fmt: skip
    assert [(one.score, one.positive, one.subject) for one in run.tracks[0].items] == [
        (1.0, False, 1), (1.5, True, 0),
    ]  # fmt: skip


def test_a_row_without_session_is_a_block_of_its_own() -> None:
    spy = Spy()
    run = ran([a_row("a", 0, at=0), a_row("a", 1, at=1)], Options(by=By.SESSION), spy)
    assert [call[0] for call in spy.calls] == ["score", "learn"] * 2
    assert len(run.tracks[0].items) == 2


def test_rows_of_a_subject_are_learned_one_by_one_and_judged_together() -> None:
    spy = Spy()
    rows = [a_row("a", 0, at=0), a_row("b", 0, at=1), a_row("a", 1, at=2), a_row("a", at=3)]
    run = ran(rows, Options(by=By.SUBJECT), spy)
    assert [call[0] for call in spy.calls] == ["score", "learn"] * 3 + ["learn"]
    assert [(one.score, one.positive) for one in run.tracks[0].items] == [(1.0, False), (1.0, True)]


def test_a_scorer_with_an_opinion_about_blocks_is_asked_for_it() -> None:
    rows = [a_row("a", 0, at=0), a_row("a", 0, at=2)]
    run = ran(rows, Options(by=By.SUBJECT), Spy("mean"), Maximum("maximum"))
    assert [track.items[0].score for track in run.tracks] == [1.0, 2.0]


def test_all_scorers_see_the_same_rows_and_every_call_is_timed() -> None:
    one, other = Spy("one"), Spy("other")
    run = ran([a_row("a", at=0), a_row("b", 1, at=1)], Options(), one, other)
    assert one.calls == other.calls
    assert [(len(track.score_ns), len(track.learn_ns)) for track in run.tracks] == [(1, 2)] * 2
    assert (run.rows, run.subjects) == (2, {"a": 0, "b": 1})


def test_progress_is_told_now_and_then() -> None:
    told: list[int] = []
    Run([Spy()], Options(), {}).over((a_row(at=at) for at in range(2_500)), told.append)
    assert told == [1_000, 2_000]


def test_a_score_that_is_no_number_ends_the_run() -> None:
    class Broken(Spy):
        def score(self, row: Row) -> float:
            return float("nan")

    with pytest.raises(ValueError, match="the scorer `broken` gave"):
        ran([a_row("a", 1)], Options(), Broken("broken"))
