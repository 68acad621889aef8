"""Kept weights, and the probation of what is new."""

import pytest

from assent.risk.fading import PROMOTED_AFTER_DAYS, YOUNG_DAYS, Counts, PersonalCounts


def seen_on(days: list[int], *, strong: bool) -> PersonalCounts:
    counts = PersonalCounts()
    for day in days:
        counts.see(7, day, strong=strong, confirmed=False)
        counts.add(7, 1.0)
    return counts


def test_what_falls_to_nothing_is_dropped() -> None:
    counts = Counts()
    counts.add(1, 2.0)
    counts.add(1, -2.0)
    assert counts.weights == {}


def test_an_over_full_table_loses_its_faintest() -> None:
    counts = Counts(most=10)
    for key in range(12):
        counts.add(key, key + 1.0)
    counts.make_room()
    assert set(counts.weights) == set(range(3, 12))


def test_a_value_never_seen_has_no_days() -> None:
    assert PersonalCounts().days(7) == 0


def test_a_day_counts_once_however_often_a_value_is_seen() -> None:
    assert seen_on([5, 5, 5, 5], strong=True).days(7) == 1


def test_three_days_with_a_strong_proof_end_probation() -> None:
    counts = seen_on([5, 6, 9], strong=True)
    assert counts.days(7) == PROMOTED_AFTER_DAYS
    assert counts.probation == {}


def test_days_alone_do_not_end_probation() -> None:
    counts = seen_on([5, 6, 7, 8, 9], strong=False)
    assert counts.days(7) == PROMOTED_AFTER_DAYS - 1


def test_somebody_who_vouches_ends_probation() -> None:
    counts = PersonalCounts()
    counts.see(7, 5, strong=False, confirmed=True)
    counts.add(7, 1.0)
    assert counts.days(7) == PROMOTED_AFTER_DAYS


def test_a_full_table_gives_up_its_faintest_value_but_no_total() -> None:
    counts = PersonalCounts(most=3)
    for key, kept in ((1, 0.5), (2, 2.0), (3, 1.0)):
        counts.add(key, kept)
    counts.pinned.add(1)
    assert counts.faintest() == 3
    assert counts.drop(3) == 1.0
    assert counts.faintest() is None


def test_counts_survive_being_kept() -> None:
    counts = seen_on([5, 6], strong=True)
    counts.add(9, 4.0)
    counts.pinned.add(9)
    again = PersonalCounts()
    again.load(memoryview(counts.to_bytes()))
    assert again.weights == counts.weights
    assert (again.probation, again.pinned) == (counts.probation, counts.pinned)


@pytest.mark.parametrize("cut", [1, 5, 13])
def test_damaged_counts_are_refused(cut: int) -> None:
    data = seen_on([5], strong=True).to_bytes()
    with pytest.raises(ValueError, match="not as long as it says"):
        PersonalCounts().load(memoryview(data)[:-cut])


def test_what_days_alone_made_usual_is_young_for_two_months() -> None:
    counts = seen_on([5, 6, 9], strong=True)
    assert counts.is_young(7, 9)
    assert counts.is_young(7, 9 + YOUNG_DAYS)
    assert not counts.is_young(7, 10 + YOUNG_DAYS)
    assert counts.young == {}


def test_what_somebody_vouched_for_is_not_young() -> None:
    counts = PersonalCounts()
    counts.see(7, 5, strong=False, confirmed=True)
    counts.add(7, 1.0)
    assert not counts.is_young(7, 5)


def test_what_is_young_stays_so_when_it_is_kept() -> None:
    counts = seen_on([4094, 4095, 4096], strong=True)
    counts.pinned.add(1)
    counts.add(1, 1.0)
    again = PersonalCounts()
    again.load(memoryview(counts.to_bytes()))
    assert (again.young, again.pinned, again.probation) == ({7: 0}, {1}, {})
    assert again.is_young(7, 4100)
