"""The product's model behind the harness."""

from collections.abc import Iterable

import pytest

from assent.evaluation.engine import MOST_SESSIONS, Engine
from assent.evaluation.rows import Row
from assent.evaluation.scorer import Aggregating, Calibrated, LearnMode, Measurable, Scorer
from unit.evaluation.evaluation_builders import a_habit, a_masquerader, a_row, as_usual


def taught(rows: Iterable[Row] = (), mode: LearnMode = LearnMode.TRUSTED) -> Engine:
    """An engine that learned these rows, and what everybody usually does before them."""
    engine = Engine(mode)
    for row in (*a_habit(), *rows):
        engine.learn(row, label=row.label)
    return engine


def test_it_is_all_that_the_harness_can_use() -> None:
    scorer: Scorer = Engine(LearnMode.TRUSTED)
    assert isinstance(scorer, Aggregating)
    assert isinstance(scorer, Calibrated)
    assert isinstance(scorer, Measurable)


def test_a_masquerader_scores_above_what_is_usual() -> None:
    engine = taught()
    assert engine.score(a_masquerader()) > engine.score(as_usual()) + 3.0


def test_scores_are_log_odds() -> None:
    engine = Engine(LearnMode.TRUSTED)
    assert engine.probability(0.0) == 0.5
    assert engine.probability(-1.0) == pytest.approx(1 / 3)
    assert engine.probability(1e9) == pytest.approx(1.0)


def test_scoring_alone_makes_nothing_usual() -> None:
    engine = taught()
    before = engine.subject_bytes("u0")
    for _ in range(20):
        engine.score(a_masquerader())
    assert engine.subject_bytes("u0") == before


def test_what_people_called_an_attack_is_not_learned() -> None:
    engine = taught()
    before = engine.subject_bytes("u0")
    engine.learn(a_masquerader(), label=1)
    assert engine.subject_bytes("u0") == before


def test_what_looks_like_an_attack_is_hardly_learned_without_an_answer() -> None:
    trusting, careful = taught(mode=LearnMode.ALL), taught()
    for _ in range(5):
        for engine in (trusting, careful):
            engine.score(a_masquerader())
            engine.learn(a_masquerader(), label=None)
    assert careful.score(a_masquerader()) > trusting.score(a_masquerader()) + 2.0


def test_suspicion_adds_up_in_a_session_and_is_not_shared_with_another() -> None:
    engine = taught()
    strange = a_row("u0", 1, session="bad", command="dump")
    good = a_row("u0", 0, session="good", command="c0", address=("192.0.2.0", "AS0", "AA"))
    first_good = engine.score(good)
    first = engine.score(strange)
    other = a_row("u0", 1, session="bad", command="dump all")
    second = engine.score(other)
    assert second > first
    assert engine.score(good) < first_good + 1.0


def test_only_the_last_sessions_of_a_subject_stay_open() -> None:
    engine = taught()
    for number in range(5 * MOST_SESSIONS):
        engine.score(a_row("u0", 0, session=f"s{number}", command="c0"))
    assert len(engine._subjects["u0"].sessions) == MOST_SESSIONS


def test_a_block_is_as_suspicious_as_the_worst_of_its_sessions() -> None:
    engine = Engine(LearnMode.TRUSTED)
    rows = [a_row(session="a"), a_row(session="b"), a_row(session="a")]
    # The last score of a session holds all of it.
    assert engine.block_score([50.0, 7.0, 2.0], rows) == pytest.approx(7.04, abs=0.01)
    assert engine.block_score([3.0, 3.0], [a_row(), a_row()]) == pytest.approx(4.0)


def test_answers_teach_which_requests_are_refused() -> None:
    engine = Engine(LearnMode.TRUSTED)
    for number in range(120):
        for resource, label in (("payroll", 1), ("wiki", 0)):
            row = a_row(f"{resource}-{number}", label, resource=resource, title=f"t{number % 7}")
            engine.score(row)
            engine.learn(row, label=label)
    refused = engine.score(a_row("new", 1, resource="payroll", title="t3"))
    granted = engine.score(a_row("newer", 0, resource="wiki", title="t3"))
    assert engine.probability(refused) > 0.8
    assert engine.probability(granted) < 0.2


def test_answers_of_the_training_part_teach_without_a_score() -> None:
    engine = Engine(LearnMode.TRUSTED)
    for number in range(120):
        for resource, label in (("payroll", 1), ("wiki", 0)):
            row = a_row(f"{resource}-{number % 50}", label, resource=resource)
            engine.learn(row, label=label)
    assert engine._of_rows.answers == 240
    assert engine.score(a_row("a", 1, resource="payroll")) > 0.0
    assert engine.score(a_row("b", 0, resource="wiki")) < 0.0


def test_after_an_answer_that_it_was_an_attack_the_next_session_is_more_suspicious() -> None:
    told, untold = taught(), taught()
    row = a_row("u0", 1, session="first", command="c0")
    after = a_row("u0", 0, session="second", command="c0")
    for engine in (told, untold):
        engine.score(row)
    told.learn(row, label=1)
    untold.learn(row, label=0)
    assert told.score(after) > untold.score(after) + 2.0


def test_a_row_repeated_in_a_session_adds_little_to_the_profile() -> None:
    often, once = Engine(LearnMode.TRUSTED), Engine(LearnMode.TRUSTED)
    for number in range(64):
        often.learn(a_row("ana", session="s", command="ls"), label=None)
        if number == 0:
            once.learn(a_row("ana", session="s", command="ls"), label=None)
    counts = [sum(one._memory.everyone.weights.values()) for one in (often, once)]
    # The sum of 1 / k up to 64 is less than 5; the steps and the kinds count as well.
    assert counts[0] < 8.0 * counts[1]
