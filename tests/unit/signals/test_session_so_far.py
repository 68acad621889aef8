"""Unit tests of signals/session_so_far.py."""

from assent.core.evidence import SessionSoFar
from assent.core.signal import Signal, SignalStatus
from assent.signals.session_so_far import measure
from signal_evidence import NOON, READ, evidence


def measured(suspicion_mb: int) -> Signal:
    session = SessionSoFar(actions=7, suspicion_mb=suspicion_mb)
    return measure(READ, evidence(session=session), NOON)


def test_suspicion_counts_for_every_attacker() -> None:
    signal = measured(2500)
    assert (signal.status, signal.weights) == (SignalStatus.OBSERVED, (2500,) * 7)
    assert signal.reason == "7 earlier actions of the session spoke against the person"


def test_it_never_speaks_for_anybody_and_is_bounded() -> None:
    assert measured(-9000).weights == ()
    assert measured(10**9).weights == (20_000,) * 7


def test_without_a_session_there_is_none_and_one_that_is_not_known_counts() -> None:
    assert measure(READ, evidence(), NOON).weights == ()
    away = evidence(unavailable=frozenset({"session"}))
    assert measure(READ, away, NOON).weights == (1500,) * 7
