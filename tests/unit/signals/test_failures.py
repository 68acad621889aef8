"""Unit tests of signals/failures.py."""

from assent.core.evidence import Presence, SessionSoFar
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.failures import measure
from signal_evidence import NOON, READ, evidence, weight


def measured(refused: int = 0, denials: int = 0, errors: int = 0) -> Signal:
    session = SessionSoFar(denials=denials, errors=errors)
    return measure(READ, evidence(presence=Presence(failures=refused), session=session), NOON)


def test_where_nothing_failed_it_says_so() -> None:
    for signal in (measured(), measure(READ, evidence(), NOON)):
        assert (signal.status, signal.weights) == (SignalStatus.ABSENT, ())


def test_refused_passwords_are_for_those_who_have_none() -> None:
    signal = measured(refused=2)
    assert weight(signal, Attacker.NAIVE) == 1000
    assert weight(signal, Attacker.INSIDER) == 0


def test_denials_and_errors_are_for_those_who_do_not_know_their_way() -> None:
    signal = measured(denials=2, errors=3)
    assert weight(signal, Attacker.INSIDER) == weight(signal, Attacker.HIJACKED_AGENT) == 2000
    assert weight(signal, Attacker.NAIVE) == 1000


def test_each_kind_is_bounded() -> None:
    assert max(measured(refused=10**6).weights) == 3000
    assert max(measured(denials=10**6, errors=10**6).weights) == 4000


def test_all_kinds_are_named() -> None:
    assert measured(1, 2, 3).reason == "1 refused sign-in, 2 denied actions and 3 errors before it"


def test_a_source_that_failed_never_hides_what_was_found() -> None:
    away = evidence(presence=Presence(failures=9), unavailable=frozenset({"session"}))
    assert measure(READ, away, NOON).weights == (3000, 3000, 3000, 1500, 1500, 1500, 1500)
