"""Unit tests of signals/first_time_resource.py."""

from assent.core.signal import SignalStatus
from assent.signals.first_time_resource import measure
from signal_evidence import NOON, READ, evidence, familiar, knowing, sql

CHAIN = ("shop public.orders", "shop public", "shop")
NEW = familiar("resource", *CHAIN, own=(0, 50, 50, 50), every=(9, 90, 90, 90))


def test_a_table_that_is_new_for_the_person_is_named() -> None:
    signal = measure(READ, knowing(NEW), NOON)
    assert signal.status is SignalStatus.OBSERVED
    assert signal.reason.startswith("shop public.orders: never before by ana")


def test_what_touches_no_table_says_nothing() -> None:
    assert measure(sql(), evidence(), NOON).reason == "it touches no table"


def test_a_statement_not_understood_counts_at_least_what_was_found() -> None:
    usual = familiar("resource", *CHAIN, own=(50, 50, 50, 50), every=(9, 90, 90, 90))
    for seen in (NEW, usual):
        signal = measure(sql("public.orders", complete=False), knowing(seen), NOON)
        assert signal.status is SignalStatus.UNAVAILABLE
        assert min(signal.weights) >= max(1500, *measure(READ, knowing(seen), NOON).weights)
