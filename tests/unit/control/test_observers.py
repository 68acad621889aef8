from datetime import timedelta

from assent.control.health import HowWell
from assent.control.observers import checks, newest
from assent.core.entry import Checkpoint
from assent.core.observing import Observer
from builders import MINUTE, NOON

CHECKPOINT = Checkpoint(9, b"r" * 32, "note", NOON)
SEEN = Observer("w1", "witness", 9, NOON)


def test_the_newest_is_who_saw_the_log_last() -> None:
    older = Observer("vault", "file", 3, NOON - MINUTE)
    assert newest([older, SEEN, Observer("w2", "witness")]) == SEEN
    assert newest([Observer("w2", "witness")]) is None


def test_without_observers_there_is_nothing_to_look_at() -> None:
    assert checks([], CHECKPOINT, NOON, MINUTE) == ()


def test_a_log_that_nobody_saw_is_a_warning() -> None:
    (found,) = checks([Observer("w1", "witness")], CHECKPOINT, NOON, MINUTE)
    assert (found.how, "nobody outside" in found.says) == (HowWell.WARN, True)


def test_an_old_observation_is_a_warning_once_there_is_more_to_see() -> None:
    later = NOON + timedelta(minutes=6)
    grown = Checkpoint(12, b"r" * 32, "note", later)
    assert checks([SEEN], CHECKPOINT, later, 5 * MINUTE)[0].how is HowWell.OK
    assert checks([SEEN], grown, later, 5 * MINUTE)[0].how is HowWell.WARN
    assert checks([SEEN], grown, NOON + 2 * MINUTE, 5 * MINUTE)[0].how is HowWell.OK


def test_a_problem_is_a_warning_and_a_dispute_a_failure() -> None:
    away = Observer("w2", "witness", problem="cannot be reached")
    forked = Observer("w3", "witness", problem="it answers 422", disputed=True)
    _, first, second = checks([SEEN, away, forked], CHECKPOINT, NOON, MINUTE)
    assert (first.name, first.how) == ("witness w2", HowWell.WARN)
    assert (second.how, "evidence" in second.to_do) == (HowWell.FAIL, True)
