"""Unit tests of signals/new_device.py."""

from dataclasses import replace

from assent.core.device import Device
from assent.core.signal import Attacker, SignalStatus
from assent.signals.aspects import device_chain
from assent.signals.new_device import bound_before, measure
from signal_evidence import NOON, READ, evidence, familiar, knowing, weight

LAPTOP = Device("SHA256:1", model="X1", system="Linux")


def test_a_device_that_is_used_speaks_for_the_person() -> None:
    seen = familiar("device", *device_chain(LAPTOP), own=(9, 9, 9, 9), every=(9, 99, 400, 900))
    signal = measure(READ, knowing(seen, device=LAPTOP), NOON)
    assert signal.reason == "this X1: 9 times by ana"
    assert weight(signal, Attacker.NAIVE) < 0


def test_a_new_model_is_named_and_a_new_device_of_a_known_model_too() -> None:
    model = familiar("device", *device_chain(LAPTOP), own=(0, 0, 9, 9), every=(0, 0, 9, 9))
    assert measure(READ, knowing(model, device=LAPTOP), NOON).reason.startswith("the model X1:")
    key = familiar("device", *device_chain(LAPTOP), own=(0, 9, 9, 9), every=(0, 9, 9, 9))
    assert measure(READ, knowing(key, device=LAPTOP), NOON).reason.startswith("this X1: never")


def test_whoever_has_the_device_is_not_betrayed_by_it() -> None:
    seen = familiar("device", *device_chain(LAPTOP), own=(0, 0, 0, 9), every=(0, 0, 5, 900))
    signal = measure(READ, knowing(seen, device=LAPTOP), NOON)
    assert weight(signal, Attacker.NAIVE) > 0
    assert weight(signal, Attacker.STOLEN_DEVICE) == 0


def test_devices_that_say_little_are_called_so() -> None:
    seen = familiar("device", "SHA256:1", "?", "?", own=(0, 0, 0, 9))
    bare = Device("SHA256:1")
    told = measure(READ, knowing(seen, device=bare), NOON).reason
    assert told.startswith("a device that does not say what it is: never")
    used = familiar("device", "SHA256:1", "?", "?", own=(9, 9, 9, 9))
    assert measure(READ, knowing(used, device=bare), NOON).reason.startswith("this device: 9")
    system = familiar("device", *device_chain(LAPTOP), own=(0, 0, 0, 9))
    assert measure(READ, knowing(system, device=LAPTOP), NOON).reason.startswith("the system Linux")


def test_where_nobody_enrolled_a_device_it_says_so_and_nothing_else() -> None:
    seen = familiar("device", *device_chain(None), own=(9, 9, 9, 9), every=(9, 9, 9, 9))
    for known in (evidence(), knowing(seen)):
        signal = measure(READ, known, NOON)
        assert (signal.status, signal.weights) == (SignalStatus.UNAVAILABLE, ())


def test_a_session_without_device_is_unusual_for_whom_the_others_had_one() -> None:
    seen = familiar("device", *device_chain(None), own=(1, 1, 1, 40), every=(500, 500, 500, 900))
    for device in (None, replace(LAPTOP, key="")):
        signal = measure(READ, knowing(seen, device=device), NOON)
        assert signal.status is SignalStatus.OBSERVED
        assert signal.reason == "it is bound to no device, though 39 actions of ana were"
        assert weight(signal, Attacker.TARGETED) >= 1000
        assert weight(signal, Attacker.STOLEN_DEVICE) == 0


def test_how_often_a_device_was_there_is_counted_without_the_times_that_it_was_not() -> None:
    assert bound_before(None) == bound_before(familiar("device", "k")) == 0.0
    assert bound_before(familiar("device", "no device", own=(3, 10))) == 7.0
    assert bound_before(familiar("device", "k", own=(3, 10))) == 10.0


def test_devices_that_could_not_be_asked_about_count() -> None:
    signal = measure(READ, evidence(unavailable=frozenset({"device"})), NOON)
    assert signal.weights == (1500, 1500, 1500, 0, 0, 0, 1500)
    assert measure(READ, evidence(known=None), NOON).weights == (1500,) * 7
