"""Unit tests of signals/pace.py."""

from dataclasses import replace

from assent.core.evidence import SessionSoFar
from assent.core.familiarity import Magnitude
from assent.core.signal import Attacker
from assent.signals.pace import measure
from signal_evidence import NOON, READ, knowing, weight


def test_a_program_explains_a_burst_best() -> None:
    signal = measure(READ, knowing(Magnitude("pace", 90, 0, 400_000)), NOON)
    assert signal.reason.startswith("90 actions in a minute: more than ever before")
    assert weight(signal, Attacker.HIJACKED_AGENT) > weight(signal, Attacker.INSIDER) > 0


def test_the_first_action_is_no_burst() -> None:
    signal = measure(READ, knowing(Magnitude("pace", 0, 400_000, 400_000)), NOON)
    assert signal.reason.startswith("no action before it:")
    assert signal.weights == ()


def test_a_usual_pace_speaks_for_the_person_once_there_was_time_for_another() -> None:
    known = replace(
        knowing(Magnitude("pace", 0, 400_000, 400_000)), session=SessionSoFar(actions=20)
    )
    assert max(measure(READ, known, NOON).weights) < 0
