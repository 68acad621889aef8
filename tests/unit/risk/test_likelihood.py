"""How much likelier an attacker is to show something than the person."""

import pytest

from assent.core.familiarity import Familiarity, Magnitude
from assent.risk.likelihood import MOST_BITS, of_amount, of_chain, of_step

# One value of a dimension: its count, the kinds of value, all; in thousandths.
EVERYONE = (100_000, 50_000, 1_000_000)


def usual(
    person: tuple[int, ...] = (), peers: tuple[int, ...] = (), days: tuple[int, ...] = (3,)
) -> Familiarity:
    return Familiarity("action", ("read",), person, peers, EVERYONE, days)


def test_of_somebody_unknown_without_peers_nothing_is_said() -> None:
    assert of_chain(usual()).bits(0) == 0.0


def test_what_a_person_always_does_speaks_for_them() -> None:
    assert of_chain(usual((50_000, 1_000, 50_000))).bits(0) < -3.0


def test_what_a_person_never_did_speaks_against_them() -> None:
    assert of_chain(usual((0, 3_000, 50_000))).bits(0) > 2.0


def test_the_more_is_known_of_a_person_the_more_something_new_says() -> None:
    little, much = ((0, 1_000, all_of) for all_of in (2_000, 200_000))
    assert of_chain(usual(much)).bits(0) > of_chain(usual(little)).bits(0) > 0.0


def test_peers_speak_for_somebody_unknown() -> None:
    assert of_chain(usual((), (40_000, 2_000, 50_000))).bits(0) < -2.0
    assert of_chain(usual((), (0, 2_000, 50_000))).bits(0) > 2.0


def test_a_value_in_probation_speaks_less_for_the_person() -> None:
    counts = (5_000, 3_000, 50_000)
    assert of_chain(usual(counts, days=(1,))).bits(0) > of_chain(usual(counts)).bits(0)


def test_nothing_says_more_than_the_most() -> None:
    never = of_chain(usual((0, 0, 10**12)))
    assert never.bits(0) == MOST_BITS


def test_an_attacker_who_shows_all_levels_as_the_person_is_not_found_by_them() -> None:
    person = (0, 9_000, 9_000, 1_000, 1_000, 1_000, 9_000)
    everyone = (50_000, 90_000, 900_000, 90_000, 30_000, 9_000, 1_000_000)
    chain = Familiarity("network", ("192.0.2.9", "AS1", "AA"), person, (), everyone, (0, 3, 3))
    found = of_chain(chain)
    # Their country and network are usual, the address is new; who has both is found by it alone.
    assert found.bits(2) > 1.0
    assert found.bits(0) < found.bits(1) < found.bits(2)
    assert found.bits(3) == 0.0
    assert found.bits(99) == 0.0


def test_a_step_that_a_person_often_takes_speaks_for_them() -> None:
    action = of_chain(usual((10_000, 5_000, 50_000)))
    often = Familiarity("step", ("read",), (9_000, 1_000, 10_000), (), (9_500, 9_000, 90_000))
    never = Familiarity("step", ("read",), (0, 2_000, 10_000), (), (500, 9_000, 90_000))
    assert of_step(often, action) < 0.0 < of_step(never, action) + 4.0
    assert of_step(often, action) < of_step(never, action)


def test_an_amount_as_large_as_most_says_less_than_one_of_the_largest() -> None:
    small = of_amount(Magnitude("rows", 5, 9_000, 10_000, 90_000, 100_000, 900_000, 1_000_000))
    large = of_amount(Magnitude("rows", 10**6, 0, 10_000, 0, 100_000, 10, 1_000_000))
    assert small == pytest.approx(-1.6, abs=0.2)
    assert large > 3.0


def test_what_is_large_for_everybody_may_be_usual_for_one() -> None:
    own = Magnitude("rows", 10**6, 40_000, 50_000, 0, 0, 41_000, 1_000_000)
    other = Magnitude("rows", 10**6, 0, 50_000, 0, 0, 41_000, 1_000_000)
    assert of_amount(own) < 0.0 < of_amount(other)


@pytest.mark.parametrize(
    ("chain", "counts", "days"),
    [
        (
            ("shop public.customers", "shop public", "shop"),
            (0, 20_457, 20_457, 860, 860, 860, 20_457),
            (0, 3, 3),
        ),
        (
            ("127.77.9.9", "?", "?", "?"),
            (0, 20_000, 20_000, 20_000, *(1000,) * 4, 20_000),
            (0, 3, 3, 3),
        ),
    ],
)
def test_what_is_new_speaks_against_a_person_also_where_nobody_else_was_seen(
    chain: tuple[str, ...], counts: tuple[int, ...], days: tuple[int, ...]
) -> None:
    alone = of_chain(Familiarity("resource", chain, counts, (), counts, days))
    assert alone.bits(0) > 1.0
    # What they always do speaks for them, but not for everything they could do there.
    usual = (counts[1], *counts[1:])
    assert -8.0 < of_chain(Familiarity("resource", chain, usual, (), usual, days)).bits(0) < 0.0
