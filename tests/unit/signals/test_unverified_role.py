"""Unit tests of signals/unverified_role.py."""

from dataclasses import replace

from assent.core.ids import SubjectId
from assent.core.signal import SignalStatus
from assent.core.subject import SubjectKind
from assent.signals.unverified_role import FLOOR, measure
from signal_evidence import ANA, DAY, NOON, READ, evidence


def test_somebody_nobody_vouched_for_has_a_floor() -> None:
    signal = measure(READ, evidence(subject=replace(ANA, verified=False)), NOON)
    assert (signal.status, signal.floor, signal.weights) == (SignalStatus.OBSERVED, FLOOR, ())
    assert signal.reason == "nobody verified that ana has the role that is on record"


def test_an_agent_of_nobody_known_has_a_floor_and_one_of_somebody_has_none() -> None:
    agent = replace(ANA, kind=SubjectKind.AGENT)
    assert measure(READ, evidence(subject=agent), NOON).floor == FLOOR
    of_ben = replace(agent, on_behalf_of=SubjectId("sub_ben"))
    assert measure(READ, evidence(subject=of_ben), NOON).floor == 0


def test_a_role_that_was_verified_is_said_by_whom_and_when() -> None:
    signal = measure(READ, evidence(verified_by="hr", verified_at=NOON - 20 * DAY), NOON)
    assert (signal.status, signal.floor, signal.weights) == (SignalStatus.ABSENT, 0, ())
    assert signal.reason == "the role of ana was verified by hr 20 days ago"
    assert (signal.at, signal.source) == (NOON - 20 * DAY, "people")
    assert measure(READ, evidence(), NOON).reason == "the role of ana was verified"


def test_a_verification_of_years_ago_says_a_little() -> None:
    signal = measure(READ, evidence(verified_at=NOON - 366 * DAY), NOON)
    assert (signal.floor, signal.weights) == (0, (500,) * 7)
