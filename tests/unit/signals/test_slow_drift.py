"""Unit tests of signals/slow_drift.py."""

from assent.core.evidence import Known
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.slow_drift import measure
from signal_evidence import NOON, READ, evidence, weight


def measured(gap_mb: int) -> Signal:
    return measure(READ, evidence(known=Known(fast_slow_gap_mb=gap_mb)), NOON)


def test_what_days_alone_made_usual_is_the_poisoners() -> None:
    signal = measured(3000)
    assert signal.status is SignalStatus.OBSERVED
    assert weight(signal, Attacker.POISONER) == 3000
    assert weight(signal, Attacker.NAIVE) == 0
    assert signal.reason == "it looks 3.0 bits more usual by what ana began within 60 days"


def test_small_moves_are_life_and_large_ones_are_bounded() -> None:
    assert measured(2000).weights == measured(-5000).weights == ()
    assert max(measured(10**9).weights) == 10_000


def test_a_profile_that_cannot_be_read_counts() -> None:
    assert measure(READ, evidence(known=None), NOON).weights == (*(0,) * 6, 1500)
