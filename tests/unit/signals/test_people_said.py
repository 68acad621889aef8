"""Unit tests of signals/people_said.py."""

from assent.core.evidence import Known
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.people_said import measure
from signal_evidence import NOON, READ, evidence, weight


def measured(answers_mb: int, answers: int = 5) -> Signal:
    known = Known(answers_mb=answers_mb, answers=answers)
    return measure(READ, evidence(known=known), NOON)


def test_requests_that_people_reject_are_the_insiders() -> None:
    signal = measured(1000)
    assert signal.status is SignalStatus.OBSERVED
    assert weight(signal, Attacker.INSIDER) == 1000
    assert weight(signal, Attacker.NAIVE) == 500
    assert signal.reason == "people mostly rejected in 5 requests like this one"


def test_requests_that_people_approve_speak_for_the_person() -> None:
    signal = measured(-1000)
    assert signal.status is SignalStatus.ABSENT
    assert weight(signal, Attacker.INSIDER) == -1000
    assert measured(0).reason == "people answered either way in 5 requests like this one"


def test_few_answers_say_nothing() -> None:
    assert measured(4000, answers=2).weights == ()


def test_answers_are_bounded_on_both_sides() -> None:
    assert weight(measured(10**6), Attacker.INSIDER) == 4000
    assert weight(measured(-(10**6)), Attacker.INSIDER) == -2000


def test_answers_that_cannot_be_read_count() -> None:
    assert measure(READ, evidence(known=None), NOON).weights == (1500,) * 7
