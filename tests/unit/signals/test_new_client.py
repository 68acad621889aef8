"""Unit tests of signals/new_client.py."""

from assent.core.signal import Attacker, SignalStatus
from assent.signals.new_client import measure
from signal_evidence import NOON, READ, evidence, familiar, knowing, weight


def test_a_new_program_is_named_and_one_of_another_version_is_less_new() -> None:
    new = familiar("client", "x 2", "x", own=(0, 0, 9), every=(1, 1, 900))
    version = familiar("client", "x 2", "x", own=(0, 9, 9), every=(1, 9, 900))
    first, second = (measure(READ, knowing(seen), NOON) for seen in (new, version))
    assert first.status is SignalStatus.OBSERVED
    assert first.reason.startswith("the client x: never before by ana")
    assert second.reason.startswith("the client x 2: never before by ana")
    assert weight(first, Attacker.NAIVE) > weight(second, Attacker.NAIVE)


def test_a_client_without_a_name_is_one_as_well() -> None:
    seen = familiar("client", "?", "?", own=(0, 0, 9))
    assert measure(READ, knowing(seen), NOON).reason.startswith("a client without a name: never")
    assert measure(READ, evidence(), NOON).status is SignalStatus.ABSENT
