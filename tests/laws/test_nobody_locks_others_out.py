"""Law: whatever strangers try, in whatever order, the owner comes in from where they were."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from assent.control.attempt_limits import CODES, PASSWORDS, AttemptLimits
from assent.core.faults import TooManyFault
from builders import FixedClock

HOME = "192.0.2.1"
NETWORKS = st.integers(1, 40).map(lambda number: f"198.51.100.{number}")
NAMES = st.sampled_from(["ana", "ben", "nobody"])
# An attempt, so many times; or seconds that pass.
STEPS = st.lists(
    st.one_of(st.tuples(NAMES, NETWORKS, st.integers(1, 200)), st.integers(1, 400)), max_size=40
)


@given(steps=STEPS, limits=st.sampled_from([PASSWORDS, CODES]))
def test_no_attempts_of_strangers_refuse_the_owner_at_home(
    steps: list[tuple[str, str, int] | int], limits: object
) -> None:
    clock = FixedClock()
    assert limits in (PASSWORDS, CODES)
    counted = AttemptLimits(PASSWORDS if limits == PASSWORDS else CODES, clock)
    for step in steps:
        if isinstance(step, int):
            clock.advance(timedelta(seconds=step))
            continue
        name, network, times = step
        for _ in range(times):
            try:
                counted.begin(name, network, known=name != "nobody", acquainted=False)
            except TooManyFault:
                break
        counted.forgive(counted.begin("ana", HOME, known=True, acquainted=True))


@given(steps=STEPS)
def test_a_guesser_has_never_more_than_the_limit_within_its_time(
    steps: list[tuple[str, str, int] | int],
) -> None:
    clock = FixedClock()
    counted = AttemptLimits(PASSWORDS, clock)
    let_through = []
    for step in steps:
        if isinstance(step, int):
            clock.advance(timedelta(seconds=step))
            continue
        _, network, times = step
        for _ in range(times):
            try:
                counted.begin("ana", network, known=True, acquainted=False)
            except TooManyFault:
                break
            let_through.append(clock.now())
    for at in let_through:
        within = [one for one in let_through if at <= one < at + PASSWORDS.within]
        assert len(within) <= PASSWORDS.of_name
