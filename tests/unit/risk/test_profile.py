"""How much a person's profile may take in, and how it is kept."""

from collections.abc import Callable

import pytest

from assent.risk.profile import GROWN, WEEKLY_SHARE, Profile

TOTAL = 99


def test_a_young_dimension_is_filled_up_at_once() -> None:
    assert Profile().afford(TOTAL, 0.0, GROWN, 100.0) == GROWN


def test_a_grown_dimension_takes_in_no_more_than_a_share_a_week() -> None:
    profile = Profile()
    held = 10 * GROWN
    given = sum(profile.afford(TOTAL, held, 1.0, 100.0 + hour / 24) for hour in range(7 * 24))
    assert given == pytest.approx(7 * 24)
    for _ in range(1000):
        given += profile.afford(TOTAL, held + given, 1.0, 106.9)
    assert given / (held + given) == pytest.approx(WEEKLY_SHARE)


def test_the_budget_is_there_again_after_eight_days() -> None:
    profile = Profile()
    while profile.afford(TOTAL, 10 * GROWN, 50.0, 100.0) > 0.0:
        pass
    assert profile.afford(TOTAL, 10 * GROWN, 50.0, 107.9) == 0.0
    assert profile.afford(TOTAL, 10 * GROWN, 50.0, 108.0) == 50.0


def test_dimensions_have_budgets_of_their_own() -> None:
    profile = Profile()
    profile.afford(TOTAL, 0.0, GROWN, 100.0)
    assert profile.afford(TOTAL, GROWN, 5.0, 100.0) == 0.0
    assert profile.afford(TOTAL + 1, 0.0, 5.0, 100.0) == 5.0


def test_a_profile_survives_being_kept() -> None:
    profile = Profile()
    profile.sessions = 4
    profile.afford(TOTAL, 0.0, 150.0, 100.0)
    profile.counts.add(5, 2.5)
    again = Profile.from_bytes(profile.to_bytes())
    assert (again.sessions, again.first_day, again.last_day) == (4, 100, 100)
    assert again.counts.weights == {5: 2.5}
    assert again.afford(TOTAL, 150.0, 100.0, 100.5) == 50.0
    assert again.to_bytes() != profile.to_bytes()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[:10], "shorter than its head"),
        (lambda data: b"\x09" + data[1:], "of version 9"),
        (lambda data: data[:16] + b"\xff\xff\xff\x7f" + data[20:], "shorter than it says"),
        (lambda data: data[:16] + b"\xff\xff\xff\xff" + data[20:], "shorter than it says"),
        (lambda data: data + b"\x00", "not as long as it says"),
    ],
)
def test_damaged_profiles_are_refused(damage: Callable[[bytes], bytes], said: str) -> None:
    profile = Profile()
    profile.afford(TOTAL, 0.0, 1.0, 100.0)
    with pytest.raises(ValueError, match=said):
        Profile.from_bytes(damage(profile.to_bytes()))
