"""The machine's clock is followed forward and never back."""

from datetime import UTC, datetime, timedelta

from assent.system.clock import SystemClock

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Machine:
    """A wall clock and a monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.wall = NOON
        self.monotonic = 100.0

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds


def clock_of(machine: Machine) -> SystemClock:
    return SystemClock(lambda: machine.wall, lambda: machine.monotonic)


def test_it_says_what_the_machine_says() -> None:
    machine = Machine()
    clock = clock_of(machine)
    machine.passes(5)
    assert clock.now() == NOON + timedelta(seconds=5)


def test_a_clock_set_back_goes_on_at_its_pace() -> None:
    machine = Machine()
    clock = clock_of(machine)
    machine.passes(10)
    clock.now()
    machine.wall -= timedelta(hours=1)
    assert clock.now() == NOON + timedelta(seconds=10)
    machine.passes(30)
    assert clock.now() == NOON + timedelta(seconds=40)


def test_a_clock_set_back_twice_loses_nothing() -> None:
    machine = Machine()
    clock = clock_of(machine)
    for _ in range(2):
        machine.wall -= timedelta(hours=1)
        machine.passes(10)
        clock.now()
    assert clock.now() == NOON + timedelta(seconds=20)


def test_a_clock_set_forward_is_followed() -> None:
    machine = Machine()
    clock = clock_of(machine)
    machine.wall += timedelta(days=1)
    assert clock.now() == NOON + timedelta(days=1)
    machine.passes(1)
    assert clock.now() == NOON + timedelta(days=1, seconds=1)
