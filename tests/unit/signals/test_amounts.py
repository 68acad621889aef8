"""Unit tests of signals/amounts.py."""

from dataclasses import replace

from assent.core.evidence import SessionSoFar
from assent.core.familiarity import Magnitude
from assent.core.signal import SignalStatus
from assent.signals.amounts import amount_words, measure_amounts
from assent.signals.weighing import OUTSIDERS
from signal_evidence import evidence, knowing

NAMINGS = {"rows": "{} rows".format, "bytes": "{} bytes".format}
USUAL = Magnitude("rows", 5, 90_000, 100_000, 90_000, 100_000, 90_000, 100_000)
MOST = Magnitude("bytes", 9, 0, 100_000, 0, 100_000, 0, 100_000)


def test_the_most_unusual_amount_speaks() -> None:
    signal = measure_amounts("s", knowing(USUAL, MOST), NAMINGS, OUTSIDERS)
    assert signal.status is SignalStatus.OBSERVED
    assert signal.weights[0] > 1000
    assert signal.weights[3:] == (0, 0, 0, 0)
    assert signal.reason == "9 bytes: more than ever before in 100 times by ana"


def test_a_usual_amount_speaks_for_the_person() -> None:
    grown = replace(knowing(USUAL), session=SessionSoFar(actions=20))
    signal = measure_amounts("s", grown, NAMINGS, OUTSIDERS)
    assert signal.status is SignalStatus.ABSENT
    assert -1740 <= signal.weights[0] < 0


def test_a_session_that_has_just_begun_is_not_cleared_by_how_little_it_did() -> None:
    begun = replace(knowing(USUAL), session=SessionSoFar(actions=0))
    assert measure_amounts("s", begun, NAMINGS, OUTSIDERS).weights == ()


def test_an_amount_is_compared_with_whoever_has_a_history() -> None:
    assert amount_words(USUAL, "5", "ana") == "5: 90 % of 100 times by ana were at least as much"
    of_team = Magnitude("rows", 5, 0, 0, 1000, 8000, 1000, 9000)
    assert "12 % of 8 times by the team" in amount_words(of_team, "5", evidence())
    nobody = Magnitude("rows", 5)
    assert amount_words(nobody, "5", evidence()).endswith("of how much is usual")


def test_without_amounts_there_is_nothing_to_say_and_a_profile_that_failed_counts() -> None:
    assert measure_amounts("s", evidence(), NAMINGS, OUTSIDERS).weights == ()
    failed = measure_amounts("s", evidence(known=None), NAMINGS, OUTSIDERS)
    assert failed.weights == (1500, 1500, 1500, 0, 0, 0, 0)
