"""How often a proof may fail, and who has to wait then."""

from datetime import timedelta

import pytest

from assent.control.attempt_limits import PASSWORDS, AttemptLimits, network_of
from assent.core.faults import TooManyFault
from builders import FixedClock


def failing(limits: AttemptLimits, name: str, network: str, times: int, **more: bool) -> None:
    for _ in range(times):
        limits.begin(name, network, **({"known": True, "acquainted": False} | more))


def test_one_name_from_one_network_waits_after_ten() -> None:
    clock = FixedClock()
    limits = AttemptLimits(PASSWORDS, clock)
    failing(limits, "ana", "192.0.2.1", 10)
    with pytest.raises(TooManyFault, match="too many attempts") as refused:
        failing(limits, "ana", "192.0.2.1", 1)
    assert refused.value.retry_after_s == 301
    failing(limits, "ben", "192.0.2.1", 1)
    clock.advance(timedelta(minutes=5))
    failing(limits, "ana", "192.0.2.1", 1)


def test_a_name_that_many_guess_at_makes_strangers_wait_alone() -> None:
    limits = AttemptLimits(PASSWORDS, FixedClock())
    for number in range(30):
        failing(limits, "ana", f"198.51.100.{number}", 1)
    with pytest.raises(TooManyFault):
        failing(limits, "ana", "203.0.113.1", 1)
    failing(limits, "ana", "192.0.2.1", 1, acquainted=True)


def test_a_network_that_guesses_at_many_names_waits() -> None:
    limits = AttemptLimits(PASSWORDS, FixedClock())
    for number in range(100):
        failing(limits, f"name-{number}", "198.51.100.1", 1, known=False)
    with pytest.raises(TooManyFault):
        failing(limits, "another", "198.51.100.1", 1)
    failing(limits, "ana", "198.51.100.1", 1, acquainted=True)


def test_what_did_not_fail_is_not_counted() -> None:
    limits = AttemptLimits(PASSWORDS, FixedClock())
    for _ in range(200):
        limits.forgive(limits.begin("ana", "192.0.2.1", known=True, acquainted=False))
    failing(limits, "ana", "192.0.2.1", 10)


def test_made_up_names_crowd_out_no_name_that_there_is() -> None:
    limits = AttemptLimits(PASSWORDS, FixedClock())
    failing(limits, "ana", "192.0.2.1", 10)
    for number in range(20_000):
        network = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        failing(limits, f"name-{number}", network, 1, known=False)
    with pytest.raises(TooManyFault):
        failing(limits, "ana", "192.0.2.1", 1)
    assert all(len(counts) <= 10_000 for counts in limits._pairs.values())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_address_belongs_to_a_network(address: str, network: str) -> None:
    assert network_of(address) == network
