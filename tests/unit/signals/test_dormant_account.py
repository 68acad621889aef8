"""Unit tests of signals/dormant_account.py."""

from datetime import timedelta

import pytest

from assent.core.evidence import Presence
from assent.core.signal import Attacker, Signal, SignalStatus
from assent.signals.dormant_account import measure
from signal_evidence import DAY, LYON, NOON, READ, evidence, sighting, weight


def measured(ago: timedelta | None, **changes: object) -> Signal:
    last = None if ago is None else sighting(LYON, ago)
    return measure(READ, evidence(presence=Presence(last=last), **changes), NOON)


@pytest.mark.parametrize(("days", "milli"), [(1, 0), (45, 0), (90, 1000), (180, 3000), (999, 3000)])
def test_the_longer_somebody_was_away_the_more_it_says(days: int, milli: int) -> None:
    signal = measured(days * DAY)
    assert weight(signal, Attacker.NAIVE) == milli
    assert weight(signal, Attacker.INSIDER) == 0
    assert signal.reason.startswith("ana was here ")


def test_somebody_who_never_had_a_session_is_new_and_not_dormant() -> None:
    assert measured(None, tenure_days=900).status is SignalStatus.ABSENT


def test_somebody_who_is_here_is_not_away() -> None:
    presence = Presence(last=sighting(LYON, 200 * DAY), others=(sighting(LYON, DAY),))
    assert measure(READ, evidence(presence=presence), NOON).weights == ()


def test_sessions_that_cannot_be_read_count() -> None:
    signal = measured(DAY, unavailable=frozenset({"presence"}))
    assert signal.weights == (1500, 1500, 1500, 1500, 0, 0, 0)
