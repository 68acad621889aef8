"""Unit tests of signals/fan_out.py."""

from assent.core.familiarity import Magnitude
from assent.core.signal import SignalStatus
from assent.signals.fan_out import measure
from signal_evidence import NOON, READ, knowing


def test_more_tables_than_ever_are_unusual() -> None:
    signal = measure(READ, knowing(Magnitude("fanout", 31, 0, 400_000)), NOON)
    assert signal.status is SignalStatus.OBSERVED
    assert signal.reason.startswith("31 tables in one session: more than ever before")


def test_no_table_yet_is_usual() -> None:
    signal = measure(READ, knowing(Magnitude("fanout", 0, 400_000, 400_000)), NOON)
    assert signal.status is SignalStatus.ABSENT
    assert signal.reason.startswith("no table yet:")
