"""Unit tests of signals/rare_sequence.py."""

from assent.core.evidence import SessionSoFar
from assent.core.familiarity import Familiarity
from assent.core.signal import SignalStatus
from assent.signals.rare_sequence import as_step, measure
from signal_evidence import NOON, READ, evidence, familiar, knowing

ACTION = ("sql.read a(id)", "sql.read a", "sql.read")
DONE = familiar("action", *ACTION, own=(20, 30, 60, 60), every=(40, 60, 900, 900))
AFTER_B = SessionSoFar(previous="sql.read b")


def step(own: int, total: int) -> Familiarity:
    return familiar("step", "sql.read a", own=(own, total), every=(own, total))


def test_a_step_that_is_usual_speaks_for_the_person() -> None:
    signal = measure(READ, knowing(step(29, 30), DONE, session=AFTER_B), NOON)
    assert signal.status is SignalStatus.ABSENT
    assert max(signal.weights) < 0
    assert signal.reason == "READ a after READ b: 29 times by ana"


def test_a_step_that_never_came_speaks_against_the_person() -> None:
    signal = measure(READ, knowing(step(0, 40), DONE, session=AFTER_B), NOON)
    assert signal.status is SignalStatus.OBSERVED
    assert signal.reason == "READ a never came after READ b in 40 times by ana"


def test_the_start_of_a_session_is_followed_as_well() -> None:
    told = measure(READ, knowing(step(0, 40), DONE, session=SessionSoFar()), NOON).reason
    assert told == "READ a never came at the start of a session in 40 times by ana"


def test_before_anything_was_learned_it_says_so() -> None:
    told = measure(READ, knowing(step(0, 0), DONE, session=AFTER_B), NOON)
    assert told.reason == "what ana does after READ b was not learned yet"


def test_the_action_is_looked_at_as_the_step_names_it() -> None:
    alone = as_step(DONE, step(1, 2))
    assert alone.chain == ("sql.read a", "sql.read")
    assert alone.person == (30_000, 60_000, 3000, 3000, 60_000)
    assert alone.level(0).person == 30.0


def test_nothing_is_known_of_a_step_whose_action_is_another_one() -> None:
    other = familiar("action", "sql.drop c()", "sql.drop c", "sql.drop", own=(1, 1, 1, 1))
    for done in (other, None, familiar("action", "x", own=(1, 1))):
        assert as_step(done, step(1, 2)) == Familiarity("action", ("sql.read a",))


def test_what_follows_nothing_says_nothing_and_a_profile_that_failed_counts() -> None:
    assert measure(READ, evidence(), NOON).weights == ()
    assert measure(READ, evidence(known=None), NOON).weights == (1500,) * 7
