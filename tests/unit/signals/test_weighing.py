"""Unit tests of signals/weighing.py."""

from assent.core.evidence import Connection
from assent.core.signal import SignalStatus
from assent.signals.weighing import (
    FAILED_MB,
    MOST_MB,
    OUTSIDERS,
    added,
    bounded,
    failed,
    found,
    has_failed,
    missing,
    usual,
    weights,
    without_network,
)
from signal_evidence import evidence


def test_bits_become_thousandths_by_share() -> None:
    assert weights(1.5, OUTSIDERS) == (1500, 1500, 1500, 0, 0, 0, 0)


def test_what_says_nothing_has_no_weights() -> None:
    assert weights(0.0) == ()
    assert bounded([0.2] * 7) == ()


def test_no_weight_is_without_bound() -> None:
    assert bounded([1e9] * 3 + [-1e9] * 4) == (MOST_MB,) * 3 + (-MOST_MB,) * 4


def test_weights_are_added_and_either_may_be_empty() -> None:
    assert added((1,) * 7, ()) == (1,) * 7
    assert added((1,) * 7, (-1,) * 7) == ()


def test_what_speaks_against_the_person_is_observed_and_what_is_usual_absent() -> None:
    assert found("x", "y", (-1, -1, -1, 2, 0, 0, 0)).status is SignalStatus.OBSERVED
    assert found("x", "y", (-1,) * 7).status is SignalStatus.ABSENT
    assert found("x", "y", (-9, 1, 1, 0, 0, 0, 0)).status is SignalStatus.ABSENT
    assert usual("x", "y").weights == ()


def test_a_source_that_failed_counts_and_one_that_is_not_there_does_not() -> None:
    assert missing("x", "y").weights == ()
    assert failed("x", "y", shares=OUTSIDERS).weights == (FAILED_MB,) * 3 + (0,) * 4


def test_a_source_that_failed_never_hides_what_was_found() -> None:
    signal = failed("x", "y", shares=OUTSIDERS, weighed=(9000, -9000, 0, 7, -7, 0, 0))
    assert signal.weights == (9000, FAILED_MB, FAILED_MB, 7, 0, 0, 0)


def test_any_kind_that_is_unavailable_has_failed() -> None:
    away = evidence(unavailable=frozenset({"place"}))
    assert has_failed(away, "network", "place")
    assert not has_failed(away, "network")


def test_an_address_that_nobody_looked_up_counts_unless_there_is_nothing_to_look_it_up_in() -> None:
    here = evidence(connection=Connection("203.0.113.7"))
    assert without_network("x", here).weights == (FAILED_MB,) * 3 + (0,) * 4
    no_database = evidence(
        connection=Connection("203.0.113.7"), not_configured=frozenset({"network"})
    )
    assert without_network("x", no_database).weights == ()
    assert without_network("x", evidence()).reason == "the connection has no address"
