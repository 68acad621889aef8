"""What devices sign, and what can be read out of it: no more than a device can say of itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assent.audit.device_statements import (
    connect_message,
    device_of,
    overlaid,
    report_message,
    report_of,
)
from assent.core.device import Device

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SAID = Device("", model="X1", system="Debian", reported_at=NOW, patch_age_days=1, firewall=True)


def test_what_is_asked_for_is_in_what_is_signed() -> None:
    asked = ("sub_1", "key_1", "nonce", "shop", 1, "")
    message = connect_message(*asked)
    assert message == b"assent-connect-v1\nsub_1\nkey_1\nnonce\nshop\n1\n\n"
    others = (("sub_2", *asked[1:]), (*asked[:3], "other", 1, ""), (*asked[:5], "a2V5"))
    assert len({message, *(connect_message(*other) for other in others)}) == 4


def test_a_report_is_read_as_it_was_said_but_nobody_manages_themselves() -> None:
    report = report_of("key_1", "nonce", replace(SAID, managed=True), "tests")
    assert device_of(report, NOW) == replace(SAID, key="key_1")
    assert report_message(report).startswith(b'assent-device-report-v1\n{"at":"2026-11-22T12')
    with pytest.raises(ValueError, match="when it was true"):
        report_of("key_1", "nonce", Device(""), "tests")


@pytest.mark.parametrize(
    "wrong",
    [
        {"patch_age_days": True}, {"patch_age_days": -1}, {"patch_age_days": 10**6},
        {"firewall": 1}, {"firewall": "yes"}, {"model": "x" * 121}, {"system": "a\nb"},
    ],
)  # fmt: skip
def test_what_no_device_can_say_is_refused(wrong: dict[str, object]) -> None:
    report = report_of("key_1", "nonce", SAID, "tests") | wrong  # type: ignore[operator]
    with pytest.raises(ValueError, match=next(iter(wrong))):
        device_of(report, NOW)


def test_a_manager_s_word_outweighs_and_makes_nothing_look_newer() -> None:
    later = Device("", managed=True, firewall=False, reported_at=NOW + timedelta(days=1))
    both = overlaid(SAID, later)
    assert (both.managed, both.firewall, both.patch_age_days) == (True, False, 1)
    assert both.reported_at == NOW
    assert overlaid(SAID, None) == SAID
