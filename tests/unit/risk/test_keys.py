"""Numbers that stand for values."""

import pytest

from assent.risk.keys import BUCKETS, amount_keys, bucket_of, chain_keys


def test_keys_are_the_same_in_every_process() -> None:
    # What is kept in a store is read by later processes, so this number may never change.
    assert chain_keys("hour", ("Mon 09",)).values == (713829256,)


def test_a_chain_without_its_special_part_meets_the_whole_one() -> None:
    whole = chain_keys("network", ("192.0.2.1", "AS1", "AA"))
    part = chain_keys("network", ("AS1", "AA"))
    assert part.values == whole.values[1:]
    assert part.kinds == whole.kinds[1:]


def test_dimensions_levels_and_contexts_do_not_meet() -> None:
    found = [
        *chain_keys("network", ("AA", "AA")).all,
        *chain_keys("device", ("AA", "AA")).all,
        *chain_keys("device", ("AA", "AA"), after="BB").all,
    ]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("amount", "bucket"), [(-5, 0), (0, 0), (1, 1), (2, 1), (3, 2), (1e30, 31)]
)
def test_amounts_fall_into_powers_of_two(amount: float, bucket: int) -> None:
    assert bucket_of(amount) == bucket


def test_an_amount_is_counted_once_among_those_at_least_as_large_as_any_smaller() -> None:
    for counted in range(BUCKETS):
        into = set(amount_keys("rows", counted).into)
        for asked in range(BUCKETS):
            *above, total = amount_keys("rows", asked).all
            assert len(into & set(above)) == (1 if counted >= asked else 0)
            assert total in into
