"""Unit tests of signals/device_posture.py."""

from dataclasses import replace

import pytest

from assent.core.device import Device
from assent.core.signal import Signal, SignalStatus
from assent.signals.device_posture import measure
from signal_evidence import DAY, HOUR, NOON, READ, evidence

GOOD = Device(
    "SHA256:1",
    reported_at=NOON - HOUR,
    managed=True,
    patch_age_days=3,
    disk_encrypted=True,
    screen_lock=True,
    firewall=True,
)


def measured(**changes: object) -> Signal:
    return measure(READ, evidence(device=replace(GOOD, **changes)), NOON)  # type: ignore[arg-type]


def test_a_device_that_is_kept_well_has_no_floor() -> None:
    signal = measured()
    assert (signal.status, signal.floor, signal.weights) == (SignalStatus.ABSENT, 0, ())
    assert (signal.at, signal.source) == (NOON - HOUR, "device report")


@pytest.mark.parametrize(
    ("fault", "floor", "words"),
    [
        ({"managed": False}, 25, "no management"),
        ({"disk_encrypted": False}, 30, "no disk encryption"),
        ({"screen_lock": False}, 25, "no screen lock"),
        ({"firewall": False}, 25, "its firewall off"),
        ({"patch_age_days": 46}, 30, "patches of 46 days ago"),
        ({"patch_age_days": 121}, 45, "patches of 121 days ago"),
        ({"reported_at": NOON - 8 * DAY}, 25, "a report of 8 days ago"),
        ({"reported_at": NOON - 31 * DAY}, 45, "a report of 31 days ago"),
        ({"reported_at": NOON + 2 * DAY}, 25, "a report dated in the future"),
    ],
)
def test_each_fault_has_a_floor(fault: dict[str, object], floor: int, words: str) -> None:
    signal = measured(**fault)
    assert (signal.status, signal.floor) == (SignalStatus.OBSERVED, floor)
    assert signal.reason == f"the device has {words}"


def test_the_highest_floor_counts_and_all_faults_are_named() -> None:
    signal = measured(disk_encrypted=False, screen_lock=False, patch_age_days=200)
    assert signal.floor == 45
    assert signal.reason == (
        "the device has no disk encryption, no screen lock and patches of 200 days ago"
    )


def test_limits_themselves_are_still_good() -> None:
    assert measured(patch_age_days=45, reported_at=NOON - 7 * DAY).floor == 0


def test_what_a_device_does_not_say_is_said_to_be_missing() -> None:
    signal = measured(firewall=None, screen_lock=None)
    assert (signal.status, signal.floor) == (SignalStatus.UNAVAILABLE, 0)
    assert signal.reason == "the device does not say whether it has a screen lock and a firewall"
    assert measured(reported_at=None).status is SignalStatus.UNAVAILABLE


def test_silence_on_one_thing_does_not_hide_another() -> None:
    assert measured(firewall=None, disk_encrypted=False).floor == 30


def test_without_a_device_there_is_no_floor_and_a_report_that_failed_counts() -> None:
    none = measure(READ, evidence(), NOON)
    assert (none.status, none.floor, none.weights) == (SignalStatus.UNAVAILABLE, 0, ())
    failed = measure(READ, evidence(unavailable=frozenset({"device"})), NOON)
    assert failed.weights == (1500,) * 7
