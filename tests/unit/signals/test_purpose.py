"""Unit tests of signals/purpose.py."""

import pytest

from assent.core.evidence import Evidence
from assent.core.signal import Signal, SignalStatus
from assent.signals.purpose import measure, quality, says_little
from signal_evidence import NOON, READ, access_request, evidence, familiar, knowing


def measured(known: Evidence) -> Signal:
    return measure(access_request(), known, NOON)


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "x",
        "testing",
        "aaaaaaaaaaaa",
        "asdf asdf asdf",
        "qwertyuiop",
        "lkjhgfdsa lkjh",
        "1234567890",
        "....................",
        "abababababab",
        "好的",
    ],
)
def test_too_short_repeated_and_keyboard_noise_say_little(reason: str) -> None:
    assert says_little(reason)


@pytest.mark.parametrize(
    "reason",
    [
        "refund of order 4711",
        "customer is waiting for a call",
        "quarterly report for finance",
        "退款处理订单",
        "возврат заказа 4711",
        "deployment of the property poll",
    ],
)
def test_reasons_in_any_script_that_say_something_are_good(reason: str) -> None:
    assert not says_little(reason)


def test_only_requests_have_a_purpose() -> None:
    assert measure(READ, evidence(), NOON).weights == ()


def test_neither_reason_nor_ticket_is_worst() -> None:
    assert measured(evidence()).weights == (1000,) * 7
    assert measured(evidence(reason="x")).weights == (700,) * 7
    assert measured(evidence(reason="refund of order 4711")).weights == ()
    assert measured(evidence(reason="refund", ticket="OPS-1")).weights == (200,) * 7
    assert measured(evidence(ticket="OPS-1")).weights == (-500,) * 7


def test_what_is_given_is_named() -> None:
    assert quality("", "")[1] == "neither a reason nor a ticket is given"
    assert quality("x", "OPS-1")[1] == "the ticket OPS-1 is named, but the reason “x” says little"
    assert quality("refund of order 4711", "")[1] == "a reason is given"


def test_a_usual_purpose_never_says_more_than_half_a_bit_for_the_person() -> None:
    seen = familiar("purpose", "ticket OPS", own=(90, 90), every=(90, 9000))
    signal = measured(knowing(seen, ticket="OPS-1"))
    assert (signal.status, signal.weights) == (SignalStatus.ABSENT, (-500,) * 7)


def test_an_unusual_kind_of_purpose_adds_to_a_bad_one() -> None:
    seen = familiar("purpose", "none", own=(0, 90), every=(9, 900))
    assert min(measured(knowing(seen)).weights) > 1000


def test_a_profile_that_cannot_be_read_counts() -> None:
    signal = measured(evidence(known=None, reason="x"))
    assert (signal.status, signal.weights) == (SignalStatus.UNAVAILABLE, (1500,) * 7)
