"""Unit tests of signals/first_time_action.py."""

from assent.core.signal import SignalStatus
from assent.signals.first_time_action import measure
from signal_evidence import NOON, READ, evidence, familiar, knowing, sql

CHAIN = ("sql.delete public.orders()", "sql.delete public.orders", "sql.delete")


def test_a_verb_that_is_new_for_the_person_is_named_as_in_sql() -> None:
    seen = familiar(
        "action", *CHAIN, own=(0, 0, 0, 50), peers=(1, 1, 60, 200), every=(1, 1, 60, 200)
    )
    signal = measure(READ, knowing(seen), NOON)
    assert signal.status is SignalStatus.OBSERVED
    assert signal.reason == "DELETE: never before by ana, and 40 % of what finance does"


def test_a_verb_on_a_table_is_named_with_it() -> None:
    seen = familiar("action", *CHAIN, own=(41, 41, 50, 50), every=(41, 41, 50, 50))
    assert measure(READ, knowing(seen), NOON).reason == "DELETE public.orders(): 41 times by ana"


def test_what_only_keeps_house_says_nothing() -> None:
    assert measure(sql(), evidence(), NOON).weights == ()


def test_a_statement_not_understood_counts() -> None:
    signal = measure(sql("public.orders", complete=False), evidence(), NOON)
    assert (signal.status, signal.weights) == (SignalStatus.UNAVAILABLE, (1500,) * 7)
