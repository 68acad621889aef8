"""Unit tests of signals/new_privilege.py."""

from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.new_privilege import MOST_BITS, measure
from signal_evidence import NOON, READ, evidence, familiar, knowing, weight


def measured(own: int, total: int, days: int = 3) -> Signal:
    seen = familiar("privilege", "dba", own=(own, total), every=(900, 900), days=days)
    return measure(READ, knowing(seen), NOON)


def test_a_group_that_is_new_for_somebody_with_a_history_says_up_to_two_bits() -> None:
    signal = measured(0, 45)
    assert signal.status is SignalStatus.OBSERVED
    assert weight(signal, Attacker.INSIDER) == weight(signal, Attacker.NAIVE) == 1800
    assert weight(signal, Attacker.TARGETED) == 0
    assert signal.reason == "ana acts as one of dba for the first time"
    assert max(measured(0, 10**6).weights) <= 1000 * MOST_BITS


def test_for_somebody_new_every_group_is_new_and_says_nothing() -> None:
    assert measured(0, 0).weights == ()
    assert measure(READ, evidence(), NOON).weights == ()


def test_a_group_of_few_days_still_says_half() -> None:
    signal = measured(9, 45, days=2)
    assert weight(signal, Attacker.INSIDER) == 900
    assert signal.reason == "ana is one of dba since 2 days"


def test_a_group_that_was_used_before_says_nothing() -> None:
    assert (measured(40, 45).status, measured(40, 45).weights) == (SignalStatus.ABSENT, ())


def test_a_profile_that_cannot_be_read_counts() -> None:
    signal = measure(READ, evidence(known=None), NOON)
    assert signal.weights == (1500, 0, 0, 1500, 1500, 0, 0)
